// HTTP over the host's egress guard: buffered, one request and one answer.
import host from 'keyway:host/http@1.0.0';
import { Failure, reason } from './failure.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const FAILURES = {
  denied: (what) => ['general', `The request was not allowed: ${what}`],
  invalid: (what) => ['invalid-config', `The request is malformed: ${what}`],
  timeout: () => ['unreachable', 'The provider did not answer in time.'],
  unreachable: () => ['unreachable', 'The provider could not be reached.'],
  'too-large': () => ['invalid-response', "The provider's answer is larger than allowed."],
};

/** Header lines; a name may come several times. */
export class Headers {
  #lines;

  constructor(lines) {
    this.#lines = lines.map(([name, value]) => [name.toLowerCase(), value]);
  }

  /** Every value of a name, in order. */
  getAll(name) {
    return this.#lines.filter(([other]) => other === name.toLowerCase()).map(([, value]) => value);
  }

  /** The values of a name, joined by commas as in the web's Headers. */
  get(name) {
    const values = this.getAll(name);
    return values.length ? values.join(', ') : undefined;
  }

  has(name) {
    return this.getAll(name).length > 0;
  }

  [Symbol.iterator]() {
    return this.#lines[Symbol.iterator]();
  }
}

/** An answer of any status. */
export class Response {
  constructor({ status, headers, body }) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.headers = new Headers(headers);
    this.body = Uint8Array.from(body);
  }

  text() {
    return decoder.decode(this.body);
  }

  /** The body as JSON; a failure `invalid-response` when it is not. */
  json() {
    try {
      return JSON.parse(this.text());
    } catch {
      throw new Failure('invalid-response', `The provider answered ${this.status} with a body that is not JSON.`);
    }
  }

  /** The body as JSON of an answer of 2xx; else a failure in the provider's words, which `words` finds in the body. */
  success(words = () => undefined) {
    if (this.ok) return this.json();
    let said;
    try {
      said = words(JSON.parse(this.text()));
    } catch {
      said = undefined;
    }
    throw this.failure(said);
  }

  /** The failure that an answer of 4xx or 5xx means, in the provider's words: 429 limits, 5xx may work later. */
  failure(words) {
    const code = this.status === 429 ? 'rate-limit-exceeded' : this.status >= 500 ? 'unreachable' : 'general';
    const message = typeof words === 'string' && words ? words : `The provider answered ${this.status}: ${this.text().slice(0, 500)}`;
    const seconds = Number.parseInt(this.headers.get('retry-after') ?? '', 10);
    return new Failure(code, message, { data: { status: this.status }, retryAfterMs: Number.isNaN(seconds) ? undefined : seconds * 1000 });
  }
}

/** Sends a request. Give at most one of `json`, `form` and `body`; `basic` is a pair of user name and password. */
export function request(method, url, { headers = {}, query, json, form, body, basic, bearer } = {}) {
  const all = headers instanceof Array ? [...headers] : Object.entries(headers);
  if (basic) all.push(['authorization', `Basic ${btoa(unescape(encodeURIComponent(basic.join(':'))))}`]);
  if (bearer) all.push(['authorization', `Bearer ${bearer}`]);
  let bytes = body === undefined ? null : typeof body === 'string' ? encoder.encode(body) : body;
  if (json !== undefined) {
    all.push(['content-type', 'application/json']);
    bytes = encoder.encode(JSON.stringify(json));
  } else if (form) {
    all.push(['content-type', 'application/x-www-form-urlencoded']);
    bytes = encoder.encode(encode(form));
  }
  const address = query ? `${url}${url.includes('?') ? '&' : '?'}${encode(query)}` : url;
  try {
    return new Response(host.fetch({ method, url: address, headers: all, body: bytes }));
  } catch (error) {
    const { tag, val } = reason(error);
    if (!FAILURES[tag]) throw error;
    throw new Failure(...FAILURES[tag](val));
  }
}

/** Names and values as `application/x-www-form-urlencoded`; pass pairs where a name comes several times. */
export const encode = (pairs) =>
  (pairs instanceof Array ? pairs : Object.entries(pairs)).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');

export const http = {
  request,
  get: (url, options) => request('GET', url, options),
  post: (url, options) => request('POST', url, options),
};
