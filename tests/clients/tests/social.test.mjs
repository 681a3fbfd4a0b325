// Signing in with an outside provider that speaks OpenID Connect, through the official connector in a real browser session.
import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startKeyway } from '../lib/processes.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

// A provider that checks what a provider checks: client, code (once), redirect address and PKCE.
class Provider {
  codes = new Map();
  user = { sub: 'u-1', name: 'Ada', email: 'ada@example.org', email_verified: true };
  #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #server = createServer((request, response) => this.#answer(request, response));

  async start() {
    await new Promise((done) => this.#server.listen(0, '127.0.0.1', done));
    this.port = this.#server.address().port;
    return this;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(done));
  }

  // What the user's browser would do at the authorization address.
  authorize(uri) {
    const query = new URL(uri).searchParams;
    assert.equal(query.get('code_challenge_method'), 'S256');
    const code = randomUUID();
    this.codes.set(code, { challenge: query.get('code_challenge'), redirect: query.get('redirect_uri'), nonce: query.get('nonce') });
    return { code, state: query.get('state'), redirect: query.get('redirect_uri') };
  }

  #token(nonce) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    const text = `${part({ alg: 'RS256', kid: 'k1' })}.${part({ iss: 'https://login.example.com', aud: 'client', iat: now, exp: now + 60, nonce, ...this.user })}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.#keys.privateKey, 'base64url')}`;
  }

  async #answer(request, response) {
    const send = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (request.url === '/keys') return send(200, { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const known = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(form.get('code_verifier') ?? ''))).toString('base64url');
    const right = form.get('client_id') === 'client' && form.get('client_secret') === 'hush-hush';
    if (!right || !known || known.challenge !== digest || known.redirect !== form.get('redirect_uri')) return send(400, { error: 'invalid_grant' });
    return send(200, { access_token: 'at', token_type: 'bearer', id_token: this.#token(known.nonce) });
  }
}

let provider;
let keyway;
let application;
let connector;

before(async () => {
  provider = await new Provider().start();
  keyway = await startKeyway({ KEYWAY_EGRESS_REWRITE: `https://login.example.com=http://127.0.0.1:${provider.port}` });
  application = await createApplication(keyway);
  const { status, body } = await keyway.api('POST', '/connectors', {
    connectorId: 'oidc',
    metadata: { target: 'example', name: { en: 'Example' } },
    config: {
      authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'client',
      clientSecret: 'hush-hush', scope: 'profile email',
      idTokenVerificationConfig: { jwksUri: 'https://login.example.com/keys', issuer: 'https://login.example.com' },
    },
  });
  assert.equal(status, 200, JSON.stringify(body));
  connector = body;
  const settings = await keyway.api('PATCH', '/sign-in-exp', {
    socialSignInConnectorTargets: ['example'], socialSignIn: { automaticAccountLinking: false, skipRequiredIdentifiers: true },
  });
  assert.equal(settings.status, 200);
});

after(async () => {
  await keyway?.stop();
  await provider?.stop();
});

const path = (response) => new URL(response.headers.get('location'), keyway.endpoint).pathname;

async function started(visitor = new Visitor(keyway, application)) {
  const begun = await visitor.authorize();
  const page = await (await visitor.fetch(begun.headers.get('location'))).text();
  assert.match(page, /Continue with Example/);
  const bare = await visitor.fetch(`/social/${connector.id}`);
  assert.equal(path(bare), '/sign-in', 'a link that is not from the page begins nothing');
  const away = await visitor.fetch(/href="(\/social\/[^"]+)"/.exec(page)[1].replaceAll('&#38;', '&'));
  assert.equal(away.status, 303);
  return { visitor, ...provider.authorize(away.headers.get('location')) };
}

const back = ({ visitor, code, state }) => visitor.fetch(`/callback/${connector.id}?${new URLSearchParams({ code, state })}`);

async function signedIn(response, visitor) {
  assert.ok([302, 303].includes(response.status), `${response.status}: ${await response.text()}`);
  const code = new URL(response.headers.get('location')).searchParams.get('code');
  const { status, body } = await visitor.exchange(code);
  assert.equal(status, 200, JSON.stringify(body));
  return (await (await fetch(`${keyway.endpoint}/oidc/me`, { headers: { authorization: `Bearer ${body.access_token}` } })).json()).sub;
}

test('a first visit makes an account with the verified address, a second finds it', async () => {
  const first = await started();
  const user = await signedIn(await back(first), first.visitor);
  const shown = (await keyway.api('GET', `/users/${user}`)).body;
  assert.deepEqual([shown.primaryEmail, shown.name, shown.identities.example.userId], ['ada@example.org', 'Ada', 'u-1']);
  const second = await started();
  assert.equal(await signedIn(await back(second), second.visitor), user);
});

test('a provider answers for the page that led to it, whichever the browser opened since', async () => {
  const visitor = new Visitor(keyway, application);
  const older = await started(visitor);
  const verifier = visitor.verifier;
  const newer = await started(visitor);
  const finished = new URL((await back(older)).headers.get('location'));
  visitor.verifier = verifier;
  assert.equal((await visitor.exchange(finished.searchParams.get('code'))).status, 200);
  assert.ok([302, 303].includes((await back(newer)).status));
});

test('csrf: a callback with a wrong state, without one, or for another browser is refused', async () => {
  const { visitor, code, state } = await started();
  assert.equal((await back({ visitor, code, state: `${state}x` })).status, 400);
  await signedIn(await back({ visitor, code, state }), visitor);
  const again = await started();
  const bare = await again.visitor.fetch(`/callback/${connector.id}?code=${again.code}`);
  assert.equal(bare.status, 400);
  const other = new Visitor(keyway, application);
  await other.authorize();
  const third = await started();
  assert.ok((await back({ ...third, visitor: other })).status >= 400);
});

test('code_reuse: an answer of the provider is good for one sign-in', async () => {
  const first = await started();
  const answers = await Promise.all(Array.from({ length: 20 }, () => back(first)));
  assert.equal(answers.filter(({ status }) => [302, 303].includes(status)).length, 1);
});

test('an account is not taken over by an address that another identity claims', async () => {
  const owner = await started();
  const owned = await signedIn(await back(owner), owner.visitor);
  provider.user = { sub: 'u-2', name: 'Eve', email: 'ada@example.org', email_verified: true };
  const eve = await started();
  const user = await signedIn(await back(eve), eve.visitor);
  const shown = (await keyway.api('GET', `/users/${user}`)).body;
  assert.equal(shown.primaryEmail, null);
  provider.user = { sub: 'u-1', name: 'Ada', email: 'ada@example.org', email_verified: true };
  const ada = await started();
  assert.equal(await signedIn(await back(ada), ada.visitor), owned);
});

test("a provider's own page may post the answer; the browser sends it on with its cookie, and nothing gets into an address", async () => {
  const { code, state, visitor } = await started();
  const posted = await fetch(`${keyway.endpoint}/callback/${connector.id}`, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ code, state }), headers: { origin: 'https://login.example.com', 'sec-fetch-site': 'cross-site' },
  });
  assert.equal(posted.status, 200);
  const action = /action="([^"]+)"/.exec(await posted.text())[1];
  assert.equal(action, `/callback/${connector.id}/posted`);
  const sent = await visitor.fetch(action, { method: 'POST', body: new URLSearchParams({ code, state }) });
  assert.ok(await signedIn(sent, visitor));
});

test('the Experience API signs in as Logto\'s clients do', async () => {
  const member = await started();
  await signedIn(await back(member), member.visitor);
  const visitor = new Visitor(keyway, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
  const redirectUri = 'https://app.example.com/callback';
  const start = await visitor.api('POST', `/verification/social/${connector.id}/authorization-uri`, { state: 's-1', redirectUri });
  assert.equal(start.status, 200, JSON.stringify(start.body));
  const { code } = provider.authorize(start.body.authorizationUri);
  const verify = await visitor.api('POST', `/verification/social/${connector.id}/verify`, { verificationId: start.body.verificationId, connectorData: { code, redirectUri } });
  assert.equal(verify.status, 200, JSON.stringify(verify.body));
  const identified = await visitor.api('POST', '/identification', { verificationId: verify.body.verificationId });
  assert.equal(identified.status, 204, JSON.stringify(identified.body));
});

test('a public address shows the buttons, and no secret', async () => {
  const shown = await (await fetch(`${keyway.endpoint}/api/.well-known/sign-in-exp`)).text();
  assert.match(shown, /"target":"example"/);
  assert.ok(!shown.includes('hush-hush'));
  assert.ok(!JSON.stringify((await keyway.api('GET', '/connectors')).body).includes('hush-hush'));
});

test('an account that must have a username asks for it on the way', async () => {
  await keyway.api('PATCH', '/sign-in-exp', { socialSignIn: { automaticAccountLinking: false, skipRequiredIdentifiers: false } });
  provider.user = { sub: 'u-3', name: 'Grace' };
  const { visitor, ...answer } = await started();
  const stop = await back({ visitor, ...answer });
  assert.equal(path(stop), '/complete');
  const page = await (await visitor.fetch('/complete')).text();
  const csrf = page.match(/name="csrf" value="([^"]+)"/)[1];
  const done = await visitor.fetch('/complete', {
    method: 'POST', body: new URLSearchParams({ csrf, username: 'grace_h', identifier: 'grace_h' }), headers: { 'sec-fetch-site': 'same-origin' },
  });
  const user = await signedIn(done, visitor);
  const shown = (await keyway.api('GET', `/users/${user}`)).body;
  assert.deepEqual([shown.username, shown.identities.example.userId], ['grace_h', 'u-3']);
  assert.equal((await keyway.api('DELETE', `/users/${user}/identities/example`)).status, 204);
  assert.deepEqual((await keyway.api('GET', `/users/${user}`)).body.identities, {});
});

const linking = (on) => keyway.api('PATCH', '/sign-in-exp', { socialSignIn: { automaticAccountLinking: on, skipRequiredIdentifiers: true } });
const account = (name, email) => keyway.api('POST', '/users', { username: name, primaryEmail: email, password: 'correct horse battery' });
const identities = async (id) => (await keyway.api('GET', `/users/${id}`)).body.identities;

// An interaction of the Experience API in which the provider has answered.
async function answered(user) {
  provider.user = user;
  const visitor = new Visitor(keyway, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
  const redirectUri = 'https://app.example.com/callback';
  const start = await visitor.api('POST', `/verification/social/${connector.id}/authorization-uri`, { state: 's-1', redirectUri });
  const { code } = provider.authorize(start.body.authorizationUri);
  const verify = await visitor.api('POST', `/verification/social/${connector.id}/verify`, { verificationId: start.body.verificationId, connectorData: { code, redirectUri } });
  assert.equal(verify.status, 200, JSON.stringify(verify.body));
  return { visitor, verificationId: verify.body.verificationId };
}

const byPassword = (visitor, name) =>
  visitor.api('POST', '/verification/password', { identifier: { type: 'username', value: name }, password: 'correct horse battery' });

test('link_by_unverified_email: an address that the provider has not verified finds, links and makes nothing', async () => {
  await linking(true);
  const owner = (await account('boss', 'boss@corp.example')).body;
  for (const [sub, flag] of [['n-1', { email_verified: false }], ['n-2', {}], ['n-3', { email_verified: 'true' }]]) {
    const { visitor, verificationId } = await answered({ sub, email: 'boss@corp.example', ...flag });
    const refused = await visitor.api('POST', '/identification', { verificationId, linkSocialIdentity: true });
    assert.deepEqual([refused.status, refused.body.code, refused.body.data], [404, 'user.identity_not_exist', undefined]);
    const proof = await byPassword(visitor, 'boss');
    assert.equal((await visitor.api('POST', '/identification', { verificationId: proof.body.verificationId, linkSocialIdentity: true })).status, 204);
  }
  assert.deepEqual(await identities(owner.id), {});
  provider.user = { sub: 'n-4', email: 'free@corp.example', email_verified: false };
  const first = await started();
  const made = await signedIn(await back(first), first.visitor);
  assert.equal((await keyway.api('GET', `/users/${made}`)).body.primaryEmail, null);
});

test('link_by_unverified_email: a verified address links only with a proof of the account itself', async () => {
  await linking(true);
  const owner = (await account('vera', 'vera@corp.example')).body;
  await account('eve', 'eve@corp.example');
  const user = { sub: 'v-1', email: 'vera@corp.example', email_verified: true };
  const { visitor, verificationId } = await answered(user);
  for (const linkSocialIdentity of [false, true]) {
    const refused = await visitor.api('POST', '/identification', { verificationId, linkSocialIdentity });
    assert.deepEqual([refused.status, refused.body.data], [404, { relatedUser: '****@corp.example' }]);
  }
  // Another account's password proves nothing of this one.
  const other = await byPassword(visitor, 'eve');
  assert.equal(other.status, 200);
  assert.equal((await visitor.api('POST', '/identification', { verificationId })).status, 404);
  const eve = await visitor.api('POST', '/identification', { verificationId: other.body.verificationId });
  assert.equal(eve.status, 204);
  assert.deepEqual(await identities(owner.id), {});
  // The owner's does, in the same interaction, and from then on the provider's answer is enough.
  const second = await answered(user);
  assert.equal((await second.visitor.api('POST', '/identification', { verificationId: second.verificationId })).status, 404);
  await byPassword(second.visitor, 'vera');
  assert.equal((await second.visitor.api('POST', '/identification', { verificationId: second.verificationId })).status, 204);
  assert.equal((await identities(owner.id)).example.userId, 'v-1');
  const third = await answered(user);
  assert.equal((await third.visitor.api('POST', '/identification', { verificationId: third.verificationId })).status, 204);
  const linked = (await keyway.api('GET', '/logs?logKey=Interaction.SignIn.Social.Link')).body.filter(({ payload }) => payload.actor === owner.id);
  assert.deepEqual(linked.map(({ payload }) => payload.after), [{ target: 'example' }], 'the log has the link once, and no refused one');
});

test('link_by_unverified_email: a suspended account is not linked', async () => {
  await linking(true);
  const owner = (await account('sam', 'sam@corp.example')).body;
  const { visitor, verificationId } = await answered({ sub: 'sam-1', email: 'sam@corp.example', email_verified: true });
  await byPassword(visitor, 'sam');
  await keyway.api('PATCH', `/users/${owner.id}/is-suspended`, { isSuspended: true });
  const refused = await visitor.api('POST', '/identification', { verificationId });
  // A suspension voids the proof as well.
  assert.equal(refused.status, 404, JSON.stringify(refused.body));
  assert.deepEqual(await identities(owner.id), {});
});

test('on the pages the account signs in once and is linked', async () => {
  await linking(true);
  const owner = (await account('pia', 'pia@corp.example')).body;
  provider.user = { sub: 'pia-1', email: 'pia@corp.example', email_verified: true };
  const first = await started();
  const stop = await back(first);
  assert.equal(path(stop), '/sign-in');
  const page = await (await first.visitor.fetch('/sign-in?with=password')).text();
  assert.match(page, /There is an account with this address/);
  const csrf = page.match(/name="csrf" value="([^"]+)"/)[1];
  const done = await first.visitor.fetch('/sign-in', {
    method: 'POST', body: new URLSearchParams({ csrf, identifier: 'pia', password: 'correct horse battery' }), headers: { 'sec-fetch-site': 'same-origin' },
  });
  assert.equal(await signedIn(done, first.visitor), owner.id);
  assert.equal((await identities(owner.id)).example.userId, 'pia-1');
  const second = await started();
  assert.equal(await signedIn(await back(second), second.visitor), owner.id);
});

test('an administrator says whether the verified addresses of a connector count', async () => {
  await linking(true);
  await keyway.api('PATCH', `/connectors/${connector.id}`, { trustVerifiedAddresses: false });
  provider.user = { sub: 't-1', email: 'tom@corp.example', email_verified: true };
  const first = await started();
  const made = await signedIn(await back(first), first.visitor);
  assert.equal((await keyway.api('GET', `/users/${made}`)).body.primaryEmail, null);
  const shown = await keyway.api('PATCH', `/connectors/${connector.id}`, { trustVerifiedAddresses: true });
  assert.equal(shown.body.trustVerifiedAddresses, true);
});

test('the same id of another issuer is another person', async () => {
  const user = { sub: 'i-1', email_verified: true };
  provider.user = user;
  const first = await started();
  const one = await signedIn(await back(first), first.visitor);
  const config = connector.config;
  const issuer = 'https://other.example.com';
  await keyway.api('PATCH', `/connectors/${connector.id}`, {
    config: { ...config, clientSecret: 'hush-hush', idTokenVerificationConfig: { ...config.idTokenVerificationConfig, issuer } },
  });
  provider.user = { ...user, iss: issuer };
  const second = await started();
  assert.notEqual(await signedIn(await back(second), second.visitor), one);
  await keyway.api('PATCH', `/connectors/${connector.id}`, { config: { ...config, clientSecret: 'hush-hush' } });
});

test('a connector that no page offers signs nobody in', async () => {
  await keyway.api('PATCH', '/sign-in-exp', { socialSignInConnectorTargets: [] });
  const visitor = new Visitor(keyway, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
  const start = await visitor.api('POST', `/verification/social/${connector.id}/authorization-uri`, { state: 's-1', redirectUri: 'https://app.example.com/callback' });
  assert.deepEqual([start.status, start.body.code], [422, 'user.sign_in_method_not_enabled']);
  await keyway.api('PATCH', '/sign-in-exp', { socialSignInConnectorTargets: ['example'] });
});

test('a start outside of any sign-in runs no connector', async () => {
  const calls = async () => (await keyway.api('GET', `/connectors/${connector.id}/logs`)).body.length;
  const before = await calls();
  const visitor = new Visitor(keyway, application);
  const start = await visitor.api('POST', `/verification/social/${connector.id}/authorization-uri`, { state: 's-1', redirectUri: 'https://app.example.com/callback' });
  assert.deepEqual([start.status, start.body.code], [400, 'session.not_found']);
  assert.equal(await calls(), before);
});
