/** A value that was kept while the authorization address was made. */
export function get(key: string): string | undefined;
/** Keeps a value until the browser is back. */
export function set(key: string, value: string): void;
