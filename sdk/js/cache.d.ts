/** A text that an earlier call kept. */
export function get(key: string): string | undefined;
/** Keeps a text for so many seconds, a day at most. */
export function set(key: string, value: string, ttlSeconds: number): void;
/** Forgets a text. */
export function remove(key: string): void;
