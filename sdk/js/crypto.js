// Cryptography of the server: digests, MACs, signatures with keys that never enter the component, and checked tokens.
import host from 'keyway:host/crypto@1.0.0';
import { refused } from './failure.js';

const encoder = new TextEncoder();
const bytes = (data) => (typeof data === 'string' ? encoder.encode(data) : data);

/** `algorithm` is `sha-1`, `sha-256`, `sha-384` or `sha-512`. */
export const digest = (algorithm, data) =>
  Uint8Array.from(refused('general', 'No digest: ', () => host.digest(algorithm, bytes(data))));

/** HMAC with one of the digests. */
export const hmac = (algorithm, key, data) =>
  Uint8Array.from(refused('general', 'No MAC: ', () => host.hmac(algorithm, bytes(key), bytes(data))));

/**
 * Signs with `RS256`, `RS384`, `RS512` or `ES256`. `key` is the value of a configuration field; where the schema marks it
 * `x-host-key` that is a reference, and the key itself stays in the server.
 */
export const sign = (algorithm, key, data) =>
  Uint8Array.from(refused('invalid-config', 'Not signed: ', () => host.sign(algorithm, key, bytes(data))));

/**
 * The claims of a JWT whose signature, issuer, audience and times are right; else a failure `social-invalid-id-token`.
 * `rules`: `jwksUri`, `issuers`, `audience`, and optionally `nonce`, `algorithms`, `clockToleranceSeconds`.
 */
export const verifyJwt = (token, rules) =>
  JSON.parse(refused('social-invalid-id-token', 'The ID token was refused: ', () => host.verifyJwt(token, JSON.stringify(rules))));

const text = (data) => Array.from(data, (byte) => String.fromCharCode(byte)).join('');

/** Base64 of bytes or of a text's UTF-8. */
export const base64 = (data) => btoa(text(bytes(data)));

/** Base64 for addresses and tokens: `-` and `_`, no padding. */
export const base64url = (data) => base64(data).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Lower-case hexadecimal digits. */
export const hex = (data) => Array.from(bytes(data), (byte) => byte.toString(16).padStart(2, '0')).join('');
