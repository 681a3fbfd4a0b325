// What people met in the field with identity servers and mail relays, and what holds here.
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { parsePhoneNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

import { freePort, startKeyway } from '../lib/processes.mjs';
import { Visitor } from '../lib/visitor.mjs';

const REDIRECTS = [
  'https://app.example.com/callback?tenant=a+b&x=%20y', 'com.example.app://callback', 'com.example.app:/callback', 'myapp://callback',
  'exp://192.168.1.5:8081', 'ms-app://s-1-15-2-1234', 'https://abcdefghijklmnop.chromiumapp.org/', 'http://127.0.0.1/callback', 'http://[::1]/callback',
];
const USER = { username: 'field', password: 'a long enough password 4711' };

let keyway, relay, provider, application;
const mails = [];

// A relay without TLS, as one stands in many a private network.
function startRelay(port) {
  relay = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth({ username, password }, session, done) {
      done(username === 'mailer' && password === 'Pässwort' ? null : new Error('wrong'), { user: username });
    },
    onData(stream, session, done) {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push({ from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  return new Promise((listening) => relay.listen(port, '127.0.0.1', listening));
}

// A key set as large providers have it: keys of every kind and use, some that nobody knows yet, some without a name.
class Keys {
  #pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    EdDSA: generateKeyPairSync('ed25519'),
    nameless: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    encryption: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    stranger: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  };

  set() {
    const jwk = (name, more) => ({ ...this.#pairs[name].publicKey.export({ format: 'jwk' }), ...more });
    return {
      keys: [
        { kty: 'AKP', alg: 'ML-DSA-44', kid: 'future', pub: 'AAAA' },
        { kty: 'OKP', crv: 'X25519', kid: 'agreement', use: 'enc', x: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
        { kty: 'unheard-of' },
        jwk('encryption', { kid: 'encryption', use: 'enc', alg: 'RSA-OAEP' }),
        jwk('nameless', {}),
        ...['RS256', 'ES256', 'ES384', 'EdDSA'].map((alg) => jwk(alg, { kid: `key ${alg}`, alg })),
      ],
    };
  }

  token(name, claims) {
    const alg = { nameless: 'ES256', stranger: 'ES256' }[name] ?? name;
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg, ...(name === alg && { kid: `key ${alg}` }) })}.${part(claims)}`;
    const digest = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', EdDSA: null }[alg];
    const key = createPrivateKey(this.#pairs[name].privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return `${text}.${sign(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
}

const keys = new Keys();
let signer, nonce;

before(async () => {
  provider = createServer((request, response) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'https://login.example.com', aud: 'client', sub: 'u-1', iat: now, exp: now + 60, nonce };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? keys.set() : { access_token: 'at', id_token: keys.token(signer, claims) }));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const port = await freePort();
  await startRelay(port);
  relay.port = port;
  keyway = await startKeyway({
    KEYWAY_EGRESS_REWRITE: `https://login.example.com=http://127.0.0.1:${provider.address().port}`, KEYWAY_EGRESS_ALLOW: `127.0.0.1:${port}`,
  });
  const made = await keyway.api('POST', '/applications', { name: 'Field', type: 'Native', oidcClientMetadata: { redirectUris: REDIRECTS, postLogoutRedirectUris: [] } });
  assert.ok(made.status < 300, JSON.stringify(made.body));
  application = { id: made.body.id, redirectUri: REDIRECTS[0] };
  assert.equal((await keyway.api('POST', '/users', USER)).status, 200);
});

after(async () => {
  await keyway?.stop();
  await new Promise((closed) => (relay ? relay.close(closed) : closed()));
  provider?.closeAllConnections();
  provider?.close();
});

test("numbers of every country have libphonenumber's canonical form", async () => {
  const numbers = new Map(Object.entries(examples).map(([country, national]) => [parsePhoneNumber(national, country).number, country]));
  const misses = [];
  for (const [number, country] of numbers) {
    const digits = number.slice(1);
    const { status, body } = await keyway.api('POST', '/users', { primaryPhone: digits });
    if (status !== 200 || body.primaryPhone !== digits) misses.push([country, number, status, body?.primaryPhone ?? body?.code]);
  }
  assert.ok(Object.keys(examples).length >= 240);
  assert.deepEqual(misses, []);
});

async function signedIn(parameters) {
  const visitor = new Visitor(keyway, application);
  const begun = await visitor.authorize(parameters);
  assert.equal(begun.status, 303, await begun.text());
  await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
  const identifier = { type: 'username', value: USER.username };
  const { verificationId } = await visitor.step('POST', '/verification/password', { identifier, password: USER.password });
  await visitor.step('POST', '/identification', { verificationId });
  return (await visitor.step('POST', '/submit')).redirectTo;
}

const STATES = ['a+b/c=d&e#f%20g?h;i"j\'k\\l<m>', '状态 🔑 é', ' ', JSON.stringify({ returnTo: '/a?b=c&d=[1,2]' }), 'x+/='.repeat(1500)];

for (const state of STATES) {
  test(`state comes back byte for byte: ${state.slice(0, 40)}`, async () => {
    const target = new URL(await signedIn({ state, prompt: null }));
    assert.equal(target.searchParams.get('state'), state);
  });
}

for (const registered of REDIRECTS) {
  const asked = registered.replace('http://127.0.0.1/', 'http://127.0.0.1:49152/').replace('http://[::1]/', 'http://[::1]:49153/');
  test(`the browser goes back to ${asked}`, async () => {
    const target = await signedIn({ redirect_uri: asked });
    assert.ok(target.startsWith(asked), target);
    const added = new URLSearchParams(target.slice(asked.length).replace(/^[?&]/, ''));
    assert.match(target.slice(asked.length), asked.includes('?') ? /^&/ : /^\/?\?/);
    assert.ok(added.get('code') && added.get('state') === 'a state', target);
  });
}

test('a port is free on loopback literals alone', async () => {
  for (const redirect_uri of ['https://app.example.com:8443/callback?tenant=a+b&x=%20y', 'http://127.0.0.1:49152/other', 'http://127.0.0.2:49152/callback']) {
    const response = await new Visitor(keyway, application).authorize({ redirect_uri });
    assert.equal(response.status, 400, redirect_uri);
  }
});

test('key sets: unknown kinds, keys without a name, RS256, ES256, ES384 and EdDSA', async () => {
  const made = await keyway.api('POST', '/connectors', {
    connectorId: 'oidc',
    metadata: { target: 'keys', name: { en: 'Keys' } },
    config: {
      authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'client',
      clientSecret: 'hush-hush', scope: 'profile', idTokenVerificationConfig: { jwksUri: 'https://login.example.com/keys', issuer: 'https://login.example.com' },
    },
  });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const settings = await keyway.api('PATCH', '/sign-in-exp', {
    socialSignInConnectorTargets: ['keys'], socialSignIn: { automaticAccountLinking: false, skipRequiredIdentifiers: true },
  });
  assert.equal(settings.status, 200, JSON.stringify(settings.body));
  const through = async (name) => {
    const visitor = new Visitor(keyway, application);
    await visitor.authorize();
    const page = await (await visitor.fetch('/sign-in', { headers: { accept: 'text/html' } })).text();
    const link = page.match(new RegExp(`href="(/social/${made.body.id}[^"]*)"`))[1].replaceAll('&amp;', '&').replaceAll('&#38;', '&');
    const away = await visitor.fetch(link);
    const query = new URL(away.headers.get('location')).searchParams;
    [signer, nonce] = [name, query.get('nonce')];
    const back = await visitor.fetch(`/callback/${made.body.id}?${new URLSearchParams({ code: randomUUID(), state: query.get('state') })}`);
    return new URL(back.headers.get('location') ?? 'none:', keyway.endpoint).searchParams.get('code');
  };
  for (const name of ['RS256', 'ES256', 'ES384', 'EdDSA', 'nameless']) assert.ok(await through(name), name);
  assert.equal(await through('stranger'), null);
});

async function mailed(fromEmail, subject, text) {
  const templates = ['Register', 'SignIn', 'ForgotPassword', 'Generic'].map((usageType) => ({ usageType, subject, content: text, contentType: 'text/plain' }));
  const config = { host: '127.0.0.1', port: relay.port, ignoreTLS: true, auth: { user: 'mailer', pass: 'Pässwort' }, fromEmail, templates };
  const known = (await keyway.api('GET', '/connectors')).body.find(({ type }) => type === 'Email');
  const saved = known
    ? await keyway.api('PATCH', `/connectors/${known.id}`, { config })
    : await keyway.api('POST', '/connectors', { connectorId: 'simple-mail-transfer-protocol', config });
  assert.equal(saved.status, 200, JSON.stringify(saved.body));
  return keyway.api('POST', `/connectors/${saved.body.connectorId ?? saved.body.id}/test`, { email: 'ada@example.org', config });
}

test('mail: Chinese sender and subject, a quoted comma, folding, dots and a line of 3,000 characters', async () => {
  const long = 'x'.repeat(3000);
  const subject = `验证码 {{code}} ${'一个很长的主题 '.repeat(20)}`.trim();
  const sent = await mailed('"公司, Inc." <no-reply@example.com>', subject, `.\n..\n.hidden\n${long}\n验证码 {{code}}\n.\nend`);
  assert.equal(sent.status, 204, JSON.stringify(sent.body));
  const mail = mails.at(-1);
  assert.deepEqual([mail.from, mail.to], ['no-reply@example.com', ['ada@example.org']]);
  assert.ok(mail.raw.split('\r\n').every((line) => Buffer.byteLength(line) <= 998), 'a line is longer than RFC 5322 allows');
  assert.doesNotMatch(mail.raw.split('\r\n\r\n')[0], /[^\x00-\x7f]/);
  const read = await simpleParser(mail.raw);
  assert.deepEqual(read.from.value, [{ name: '公司, Inc.', address: 'no-reply@example.com' }]);
  assert.equal(read.subject, subject.replace('{{code}}', '000000'));
  assert.equal(read.text.trim(), `.\n..\n.hidden\n${long}\n验证码 000000\n.\nend`);
});

test('header_injection: a line break in a subject makes no header', async () => {
  const before = mails.length;
  const sent = await mailed('Acme <no-reply@example.com>', 'Hello\r\nBcc: eve@example.org\r\n\r\nbody', 'Use {{code}}');
  if (sent.status === 204) {
    assert.equal((await simpleParser(mails.at(-1).raw)).headers.has('bcc'), false);
    assert.deepEqual(mails.at(-1).to, ['ada@example.org']);
  } else {
    assert.equal(mails.length, before);
  }
});
