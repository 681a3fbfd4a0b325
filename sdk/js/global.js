// Older libraries look for the global object under this name.
globalThis.global ??= globalThis;
