// The authorization code flow (RFC 6749 section 4.1) as most social providers speak it, with PKCE (RFC 7636). The definition
// lists the feature `session`.
import { base64url, digest } from './crypto.js';
import { Failure } from './failure.js';
import { randomText } from './host.js';
import { encode, request } from './http.js';
import * as session from './session.js';

const textOf = (value) => (typeof value === 'string' && value ? value : undefined);

/** The authorization endpoint with the parameters that every provider takes and `more`. */
export function authorizationUri(endpoint, clientId, scope, start, more = {}) {
  const scopes = start.scope ?? scope;
  const query = { response_type: 'code', client_id: clientId, redirect_uri: start.redirectUri, state: start.state, ...(scopes && { scope: scopes }), ...more };
  return `${endpoint}${endpoint.includes('?') ? '&' : '?'}${encode(query)}`;
}

/** The parameters of a new PKCE verifier, which is kept in the session. */
export function pkce() {
  const verifier = randomText(32);
  session.set('codeVerifier', verifier);
  return { code_challenge: base64url(digest('sha-256', verifier)), code_challenge_method: 'S256' };
}

/** A new nonce, kept in the session. */
export function nonce() {
  const value = randomText(16);
  session.set('nonce', value);
  return value;
}

/** The callback's code, or the failure that the provider's parameters mean. */
export function code(callback, name = 'code') {
  const found = textOf(callback[name]);
  if (found) return found;
  const error = textOf(callback.error) ?? 'no code';
  const kind = error === 'access_denied' ? 'authorization-failed' : 'general';
  throw new Failure(kind, textOf(callback.error_description) ?? error, { data: { error } });
}

/**
 * Trades the callback's code for the provider's token answer. `client`: `id`, `secret`, and `auth`: `post` (the default),
 * `basic` or `none`.
 */
export function exchange(endpoint, client, callback, more = {}) {
  const form = { grant_type: 'authorization_code', code: code(callback), redirect_uri: callback.redirectUri };
  const verifier = session.get('codeVerifier');
  return trade(endpoint, client, { ...form, ...(verifier && { code_verifier: verifier }), ...more });
}

/** Trades a refresh token for the provider's token answer (RFC 6749 section 6). */
export const refresh = (endpoint, client, refreshToken) =>
  trade(endpoint, client, { grant_type: 'refresh_token', refresh_token: refreshToken });

function trade(endpoint, client, form) {
  const response = tokenRequest(endpoint, client, form);
  try {
    return tokens(response);
  } catch {
    return tokens(without(response, [form.code, form.code_verifier, form.refresh_token, form.client_assertion, client.secret]));
  }
}

/** The answer without these values, as they are and escaped, should the provider repeat what it was sent. */
function without(response, values) {
  let text = response.text();
  for (const value of values.filter(Boolean)) text = text.split(encodeURIComponent(value)).join('•••').split(value).join('•••');
  response.body = new TextEncoder().encode(text);
  return response;
}

function tokenRequest(endpoint, { id, secret, auth = 'post' }, form) {
  const headers = { accept: 'application/json' };
  if (auth === 'basic') return request('POST', endpoint, { headers, form, basic: [encodeURIComponent(id), encodeURIComponent(secret)] });
  return request('POST', endpoint, { headers, form: { ...form, client_id: id, ...(auth === 'post' && { client_secret: secret }) } });
}

/** The token answer of a response: JSON, or a form as some providers still send it. */
export function tokens(response) {
  let answer;
  try {
    answer = JSON.parse(response.text());
  } catch {
    answer = Object.fromEntries(new URLSearchParams(response.text()));
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) answer = {};
  if (response.ok && textOf(answer.access_token)) return answer;
  // The answer itself is not quoted: it may hold tokens all the same.
  const words = textOf(answer.error_description) ?? textOf(answer.error) ?? 'The provider gave no access token.';
  if (response.status === 429 || response.status >= 500) throw response.failure(words);
  const data = { status: response.status, error: textOf(answer.error) };
  throw new Failure('social-auth-code-invalid', words, { data });
}

/** The provider's user information, by an access token; 401 is `social-invalid-access-token`. */
export function userInfo(url, accessToken, headers = {}) {
  const response = request('GET', url, { bearer: accessToken, headers: { accept: 'application/json', ...headers } });
  if (response.status === 401) throw new Failure('social-invalid-access-token', 'The provider did not accept its own access token.');
  const user = (response.ok ? response : without(response, [accessToken])).success((body) => body.message);
  if (typeof user !== 'object' || user === null) throw new Failure('invalid-response', "The provider's answer names no user.");
  return user;
}

/** A user's id as text. A number beyond 2^53 has lost digits when JSON was read: two users could become one. */
export function id(value) {
  if (textOf(value)) return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw new Failure('invalid-response', "The provider's answer names no user.");
}
