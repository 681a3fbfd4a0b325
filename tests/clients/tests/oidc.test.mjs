// OpenID Connect as clients and attackers use it. Tests are named after the attack class where there is one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

let server, keyway, aliyun, application, number = 8613600000000;

before(async () => {
  server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
  ({ keyway, aliyun } = server);
  application = await createApplication(keyway);
});

after(() => server.stop());

const phone = () => String((number += 1));
const visitor = () => new Visitor(keyway, application);
const location = (response) => new URL(response.headers.get('location'), keyway.endpoint);

test('discovery: the fields that the SDKs read, with Basic authentication ignored', async () => {
  const response = await fetch(`${keyway.endpoint}/oidc/.well-known/openid-configuration`, { headers: { authorization: 'Basic eDp5' } });
  const document = await response.json();
  assert.equal(document.issuer, `${keyway.endpoint}/oidc`);
  for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'end_session_endpoint', 'revocation_endpoint', 'jwks_uri']) {
    assert.ok(document[name].startsWith(`${document.issuer}/`), name);
  }
  const { keys } = await (await fetch(document.jwks_uri)).json();
  assert.ok(keys.length > 0 && keys.every(({ alg, kid, d }) => alg === 'ES384' && kid && d === undefined));
});

test('redirect_uri_bypass: an address that is not registered is never followed', async () => {
  for (const redirect_uri of [
    'https://app.example.com/callback/', 'https://app.example.com/callback?x=1', 'https://app.example.com.evil.com/callback',
    'https://app.example.com@evil.com/callback', 'https://app.example.com/callback/../x', 'http://app.example.com/callback',
    'https://APP.example.com/callback', 'javascript:alert(1)', '', '//evil.com',
  ]) {
    const response = await visitor().authorize({ redirect_uri });
    assert.equal(response.status, 400, redirect_uri);
    assert.equal(response.headers.get('location'), null, redirect_uri);
  }
});

test('refusals go back to the application with state and iss', async () => {
  const cases = {
    unsupported_response_type: { response_type: 'token' },
    invalid_request: { code_challenge_method: 'plain' },
    login_required: { prompt: 'none' },
    invalid_target: { resource: 'https://nothing.example' },
    unsupported_response_mode: { response_mode: 'web_message' },
  };
  for (const [error, change] of Object.entries(cases)) {
    const { searchParams } = location(await visitor().authorize({ ...change, state: 'ä &=#' }));
    assert.equal(searchParams.get('error'), error);
    assert.equal(searchParams.get('state'), 'ä &=#');
    assert.equal(searchParams.get('iss'), `${keyway.endpoint}/oidc`);
  }
});

test('parameter_pollution: a repeated parameter is refused', async () => {
  const response = await fetch(`${keyway.endpoint}/oidc/auth?client_id=${application.id}&client_id=x&redirect_uri=${application.redirectUri}`);
  assert.equal(response.status, 400);
  assert.equal((await response.json()).error, 'invalid_request');
});

test('pkce_downgrade: a public client needs a challenge, and a verifier without one is refused', async () => {
  const { body: spa } = await keyway.api('POST', '/applications', {
    name: 'SPA', type: 'SPA', oidcClientMetadata: { redirectUris: ['https://spa.example.com/'], postLogoutRedirectUris: [] },
  });
  const none = { code_challenge: null, code_challenge_method: null };
  const publicClient = new Visitor(keyway, { id: spa.id, redirectUri: 'https://spa.example.com/' });
  assert.equal(location(await publicClient.authorize(none)).searchParams.get('error'), 'invalid_request');
  const one = visitor();
  const signedIn = await one.signUp(phone(), aliyun);
  assert.ok(signedIn);
  const code = location(await one.authorize(none)).searchParams.get('code');
  assert.equal((await one.exchange(code)).body.error, 'invalid_grant');
});

test('code_injection: a code works for its client, address and verifier only', async () => {
  const other = await createApplication(keyway, 'Other');
  const fresh = async () => {
    const one = visitor();
    return { one, code: await one.signUp(phone(), aliyun) };
  };
  const refused = async (change) => {
    const { one, code } = await fresh();
    const parameters = { grant_type: 'authorization_code', code, redirect_uri: application.redirectUri, code_verifier: one.verifier };
    const { status, body } = await one.token({ ...parameters, ...change });
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(body.error, 'invalid_grant');
    assert.equal(body.code, 'oidc.invalid_grant');
    assert.ok(body.message && body.error_description);
  };
  await refused({ code_verifier: 'x'.repeat(43) });
  await refused({ code_verifier: '' });
  await refused({ redirect_uri: 'https://app.example.com/' });
  const { one, code } = await fresh();
  const thief = new Visitor(keyway, other);
  thief.verifier = one.verifier;
  assert.equal((await thief.exchange(code)).body.error, 'invalid_grant');
  assert.equal((await one.exchange(code)).status, 200, 'a stranger cannot use up the code');
});

test('client authentication: wrong secrets and mixed identities are refused', async () => {
  const one = visitor();
  const code = await one.signUp(phone(), aliyun);
  const parameters = { grant_type: 'authorization_code', code, redirect_uri: application.redirectUri, code_verifier: one.verifier };
  const wrong = await one.token(parameters, 'wrong');
  assert.equal(wrong.status, 401);
  assert.equal(wrong.body.error, 'invalid_client');
  assert.equal((await one.token({ ...parameters, client_id: 'someone-else' })).status, 401);
  const posted = await fetch(`${keyway.endpoint}/oidc/token`, {
    method: 'POST', body: new URLSearchParams({ ...parameters, client_id: application.id, client_secret: application.secret }),
  });
  assert.equal(posted.status, 200, 'client_secret_post works as well');
});

test('session_fixation: the session is new at every sign-in and the interaction is over', async () => {
  const one = visitor();
  one.setCookie('_session', 'planted-by-an-attacker');
  await one.signUp(phone(), aliyun);
  assert.notEqual(one.cookie('_session'), 'planted-by-an-attacker');
  assert.equal(one.cookie('_session').length, 43);
  assert.equal(one.cookie('_interaction'), undefined);
});

test('sign-out: registered addresses only, no question for a known application, and the tokens end', async () => {
  const one = visitor();
  const { body: tokens } = await one.exchange(await one.signUp(phone(), aliyun));
  const end = (query) => one.fetch(`/oidc/session/end?${new URLSearchParams(query)}`);
  const open = { client_id: application.id, post_logout_redirect_uri: 'https://evil.example/' };
  assert.equal((await end(open)).status, 400);
  const asked = await one.fetch('/oidc/session/end', { headers: { accept: 'text/html' } });
  assert.match(await asked.text(), /Sign out\?/);
  assert.ok(location(await one.authorize({ prompt: 'none' })).searchParams.get('code'), 'still signed in');
  const done = await end({ id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://app.example.com/' });
  assert.equal(location(done).href, 'https://app.example.com/');
  assert.equal(location(await one.authorize({ prompt: 'none' })).searchParams.get('error'), 'login_required');
  const revoked = await one.fetch('/oidc/token/revocation', {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${application.id}:${application.secret}`)}` },
    body: new URLSearchParams({ client_id: application.id, token: tokens.refresh_token }),
  });
  assert.equal(revoked.status, 200);
  assert.equal((await one.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).body.error, 'invalid_grant');
  const me = await fetch(`${keyway.endpoint}/oidc/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  assert.equal(me.status, 401);
  assert.match(me.headers.get('www-authenticate'), /^Bearer/);
});

test('user_enumeration: a reset answers alike for a stranger and a member, and only the member gets a message', async () => {
  const member = phone();
  await visitor().signUp(member, aliyun);
  const ask = async (value) => {
    const one = visitor();
    await one.authorize();
    await one.step('PUT', '', { interactionEvent: 'ForgotPassword' });
    const identifier = { type: 'phone', value };
    return one.api('POST', '/verification/verification-code', { identifier, interactionEvent: 'ForgotPassword' });
  };
  const stranger = phone();
  const before = aliyun.messages.length;
  const [unknown, known] = [await ask(stranger), await ask(member)];
  assert.equal(unknown.status, known.status);
  assert.deepEqual(Object.keys(unknown.body), Object.keys(known.body));
  assert.equal(unknown.body.verificationId.length, known.body.verificationId.length);
  await aliyun.moreThan(before);
  assert.equal(aliyun.to(stranger), undefined);
});

test('otp_in_response: no answer of the flow holds the code', async () => {
  const one = visitor();
  await one.authorize();
  await one.step('PUT', '', { interactionEvent: 'Register' });
  const to = phone();
  const sent = await one.fetch('/api/experience/verification/verification-code', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: { type: 'phone', value: to }, interactionEvent: 'Register' }),
  });
  const { code } = aliyun.to(to);
  assert.ok(!(await sent.text()).includes(code) && ![...sent.headers.values()].some((value) => value.includes(code)));
  assert.ok(!JSON.stringify((await one.api('GET', '/interaction')).body).includes(code));
  assert.ok(!JSON.stringify((await keyway.api('GET', '/logs')).body).includes(code));
  assert.ok(!keyway.output().includes(code));
});

test('csrf: a form from elsewhere is refused', async () => {
  const one = visitor();
  await one.authorize();
  const form = { method: 'POST', body: new URLSearchParams({ identifier: '+8613000000000', action: 'code' }) };
  assert.equal((await one.fetch('/sign-in', form)).status, 400);
  const json = { method: 'PUT', headers: { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' }, body: '{"interactionEvent":"SignIn"}' };
  assert.equal((await one.fetch('/api/experience', json)).status, 400);
  const text = { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: '{"interactionEvent":"SignIn"}' };
  assert.equal((await one.fetch('/api/experience', text)).status, 415);
});

test('xss and clickjacking: what a stranger typed is text, and pages cannot be framed', async () => {
  const one = visitor();
  await one.authorize({ login_hint: '"><script>alert(1)</script>' });
  const response = await one.fetch('/sign-in');
  const page = await response.text();
  assert.ok(!page.includes('<script>alert'), 'escaped');
  const policy = response.headers.get('content-security-policy');
  assert.match(policy, /script-src 'self';/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /form-action/, 'browsers would hold it against where the callback sends its user on');
});

test('cors: scripts of registered origins read tokens, others do not', async () => {
  const call = (origin) => fetch(`${keyway.endpoint}/oidc/token`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
  assert.equal((await call('https://app.example.com')).headers.get('access-control-allow-origin'), 'https://app.example.com');
  for (const origin of ['https://app.example.com.evil.com', 'https://evil.com', 'null', 'http://app.example.com']) {
    assert.equal((await call(origin)).headers.get('access-control-allow-origin'), null, origin);
  }
});

test('a suspended user is out at once', async () => {
  const one = visitor();
  const { body: tokens } = await one.exchange(await one.signUp(phone(), aliyun));
  const claims = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
  await keyway.api('PATCH', `/users/${claims.sub}/is-suspended`, { isSuspended: true });
  assert.equal((await one.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).body.error, 'invalid_grant');
  assert.equal(location(await one.authorize({ prompt: 'none' })).searchParams.get('error'), 'login_required');
});

test('sms_pumping: the default limits on a number, an address and a country', async () => {
  const strict = await startWithAliyun({ KEYWAY_TRUSTED_PROXIES: '127.0.0.1' });
  try {
    const app = await createApplication(strict.keyway);
    const one = new Visitor(strict.keyway, app);
    await one.authorize();
    await one.step('PUT', '', { interactionEvent: 'Register' });
    await one.sendCode('8613600009999', 'Register');
    const again = await one.api('POST', '/verification/verification-code', {
      identifier: { type: 'phone', value: '8613600009999' }, interactionEvent: 'Register',
    });
    assert.equal(again.status, 429);
    assert.equal(again.body.code, 'request.message_rate_limited');
    const send = async (ip, value) => {
      const far = new Visitor(strict.keyway, app);
      await far.authorize();
      await far.step('PUT', '', { interactionEvent: 'Register' });
      const sent = await far.fetch('/api/experience/verification/verification-code', {
        method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': ip },
        body: JSON.stringify({ identifier: { type: 'phone', value }, interactionEvent: 'Register' }),
      });
      return sent.status;
    };
    const sends = async (ip, numbers) => {
      const codes = [];
      for (const number of numbers) codes.push(await send(ip, number));
      return codes;
    };
    const china = ['8613600008000', '8613600008001', '8613600008002', '8613600008003', '8613600008004', '8613600008005'];
    assert.deepEqual(await sends('203.0.113.9', china), [200, 200, 200, 200, 200, 429], 'five unverified messages an hour from one address');
    assert.equal(await send('203.0.113.8', '8613600008006'), 200, 'and the next visitor of the country gets one');
    const countries = ['4915112345678', '33612345678', '819012345678', '61412345678'];
    assert.deepEqual(await sends('203.0.113.10', countries), [200, 200, 200, 429], 'three countries a day from one address');
  } finally {
    await strict.stop();
  }
});

test('a provider that hangs: a clear answer within 20 seconds, then a retry that works', async () => {
  const one = visitor();
  await one.authorize();
  await one.step('PUT', '', { interactionEvent: 'Register' });
  const to = phone();
  const identifier = { type: 'phone', value: to };
  aliyun.mode = 'hang';
  const signal = AbortSignal.timeout(20_000);
  const response = await one.fetch('/api/experience/verification/verification-code', {
    method: 'POST', headers: { 'content-type': 'application/json' }, signal,
    body: JSON.stringify({ identifier, interactionEvent: 'Register' }),
  });
  aliyun.mode = 'ok';
  assert.ok(response.status >= 500);
  assert.match((await response.json()).message, /try again/i);
  const verificationId = await one.sendCode(to, 'Register');
  await one.verifyCode(to, verificationId, aliyun.to(to).code);
});
