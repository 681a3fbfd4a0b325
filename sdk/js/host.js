// A component is a snapshot: its own clock and random source stood still when it was built. These are the server's.
import clock from 'keyway:host/clock@1.0.0';
import random from 'keyway:host/random@1.0.0';

/** Milliseconds since 1970, from the server's clock. */
export const now = () => Number(clock.nowMs());

/** A random UUID. */
export const uuid = () => random.uuid();

/** Random bytes; the server gives 4096 at most a call. */
export function randomBytes(length) {
  const all = new Uint8Array(length);
  for (let start = 0; start < length; start += 4096) all.set(random.bytes(Math.min(4096, length - start)), start);
  return all;
}

/** Random text of letters, digits, `-` and `_`. */
export const randomText = (bytes) =>
  btoa(String.fromCharCode(...randomBytes(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
