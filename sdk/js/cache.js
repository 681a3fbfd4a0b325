// Values that outlive a call, such as an access token of the provider. The definition lists the feature `cache`.
import host from 'keyway:host/cache@1.0.0';
import { refused } from './failure.js';

/** A text that an earlier call kept. */
export const get = (key) => {
  const value = host.get(key);
  return value === null || value === undefined ? undefined : new TextDecoder().decode(Uint8Array.from(value));
};

/** Keeps a text for so many seconds, a day at most. */
export const set = (key, value, ttlSeconds) => refused('general', '', () => host.set(key, new TextEncoder().encode(value), ttlSeconds));

/** Forgets a text. */
export const remove = (key) => host.delete(key);
