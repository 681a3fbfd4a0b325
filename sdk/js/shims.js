// What QuickJS lacks of the web's interfaces, and what a snapshot freezes: the clock and the random source.
import './global.js';
import 'core-js/actual/url/index.js';
import 'core-js/actual/url-search-params/index.js';
import 'core-js/actual/atob.js';
import 'core-js/actual/btoa.js';
import 'fast-text-encoding';
import cryptoHost from 'keyway:host/crypto@1.0.0';
import { now, randomBytes, uuid } from './host.js';
import { request } from './http.js';

const RealDate = Date;
globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }

  static now() {
    return now();
  }
};
Math.random = () => {
  const [high, low] = new Uint32Array(randomBytes(8).buffer);
  return ((high >>> 6) * 0x8000000 + (low >>> 5)) / 0x20000000000000;
};

const bytesOf = (data) => (data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
const nameOf = (algorithm) => (algorithm.name ?? algorithm).toLowerCase();

// The part of Web Crypto that providers' signatures need; the work is done by the server.
globalThis.crypto = {
  getRandomValues(array) {
    bytesOf(array).set(randomBytes(array.byteLength));
    return array;
  },
  randomUUID: uuid,
  subtle: {
    async digest(algorithm, data) {
      return Uint8Array.from(cryptoHost.digest(nameOf(algorithm), bytesOf(data))).buffer;
    },
    async importKey(format, key, algorithm) {
      if (format !== 'raw' || nameOf(algorithm) !== 'hmac') throw new Error('only raw HMAC keys can be imported');
      return { hash: nameOf(algorithm.hash), key: bytesOf(key) };
    },
    async sign(algorithm, key, data) {
      if (nameOf(algorithm) !== 'hmac') throw new Error('only HMAC can sign here; use the contract\'s crypto for keys of the host');
      return Uint8Array.from(cryptoHost.hmac(key.hash, key.key, bytesOf(data))).buffer;
    },
  },
};

// `fetch` as libraries call it; the answer is there at once, so awaiting it costs nothing.
globalThis.fetch = async (input, init = {}) => {
  const headers = init.headers instanceof Map || Array.isArray(init.headers) ? Object.fromEntries(init.headers) : init.headers;
  const body = init.body === undefined || init.body === null ? undefined : typeof init.body === 'object' && !ArrayBuffer.isView(init.body) ? String(init.body) : init.body;
  const answer = request((init.method ?? 'GET').toUpperCase(), String(input), { headers, body });
  return { status: answer.status, ok: answer.ok, headers: answer.headers, text: async () => answer.text(), json: async () => answer.json(), arrayBuffer: async () => answer.body.buffer };
};
