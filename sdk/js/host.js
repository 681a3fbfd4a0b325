// A component is a snapshot: its own clock and random source stood still when it was built. These are the server's.
import clock from 'keyway:host/clock@1.0.0';
import random from 'keyway:host/random@1.0.0';

/** Milliseconds since 1970, from the server's clock. */
export const now = () => Number(clock.nowMs());

/** A random UUID. */
export const uuid = () => random.uuid();

/** Random bytes, 4096 at most. */
export const randomBytes = (length) => Uint8Array.from(random.bytes(length));

/** Random text of letters, digits, `-` and `_`. */
export const randomText = (bytes) =>
  btoa(String.fromCharCode(...randomBytes(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
