// Values that live as long as one sign-in. The definition lists the feature `session`.
import host from 'keyway:host/session@1.0.0';
import { refused } from './failure.js';

/** A value that was kept while the authorization address was made. */
export const get = (key) => host.get(key) ?? undefined;

/** Keeps a value until the browser is back. */
export const set = (key, value) => refused('general', '', () => host.set(key, value));
