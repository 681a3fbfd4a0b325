// The Management API: who may call it, and what it refuses.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { KEY } from '../lib/aliyun.mjs';
import { CONFIG, startWithAliyun } from '../lib/setup.mjs';

let server, keyway;

before(async () => {
  server = await startWithAliyun();
  keyway = server.keyway;
});

after(() => server.stop());

test('authorisation table: no operation answers without a token of its own', async () => {
  const document = await (await fetch(`${keyway.endpoint}/api/swagger.json`)).json();
  assert.equal(document.openapi, '3.1.0');
  const { body: made } = await keyway.api('POST', '/applications', { name: 'Powerless', type: 'MachineToMachine' });
  const { access_token: powerless } = await (await fetch(`${keyway.endpoint}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${made.id}:${made.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://default.logto.app/api', scope: 'all' }),
  })).json();
  let checked = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      const url = `${keyway.endpoint}${path.replaceAll(/\{\w+\}/g, 'x')}`;
      const call = (authorization) => fetch(url, { method: method.toUpperCase(), headers: authorization ? { authorization } : {} });
      assert.equal((await call()).status, 401, `${method} ${path} without a token`);
      assert.equal((await call('Bearer nonsense')).status, 401, `${method} ${path} with nonsense`);
      assert.equal((await call(`Bearer ${powerless}`)).status, 403, `${method} ${path} without the scope`);
      checked += 1;
    }
  }
  assert.ok(checked > 45, `${checked} operations`);
});

describe('bad connector configurations are refused by name and nothing is saved', () => {
  const without = (name) => Object.fromEntries(Object.entries(CONFIG).filter(([key]) => key !== name));
  const template = (change) => ({ ...CONFIG, templates: [{ ...CONFIG.templates[0], ...change }, ...CONFIG.templates.slice(1)] });
  const cases = {
    'no access key id': [without('accessKeyId'), 'accessKeyId'],
    'no secret': [without('accessKeySecret'), 'accessKeySecret'],
    'no sign name': [without('signName'), 'signName'],
    'no templates': [without('templates'), 'templates'],
    'empty access key id': [{ ...CONFIG, accessKeyId: '' }, 'accessKeyId'],
    'empty secret': [{ ...CONFIG, accessKeySecret: '' }, 'accessKeySecret'],
    'empty sign name': [{ ...CONFIG, signName: '' }, 'signName'],
    'a number for a text': [{ ...CONFIG, accessKeyId: 7 }, 'accessKeyId'],
    'null for a text': [{ ...CONFIG, signName: null }, 'signName'],
    'an unknown key': [{ ...CONFIG, accesKeyId: 'x' }, 'accesKeyId'],
    'templates as an object': [{ ...CONFIG, templates: {} }, 'templates'],
    'an empty list of templates': [{ ...CONFIG, templates: [] }, 'templates'],
    'a usage is missing': [{ ...CONFIG, templates: CONFIG.templates.slice(1) }, 'SignIn'],
    'a template without a code': [template({ templateCode: undefined }), 'templateCode'],
    'an empty template code': [template({ templateCode: '' }), 'templateCode'],
    'a region without overseas': [template({ templateCode: { china: 'SMS_1' } }), 'templateCode'],
    'an unknown key in a template': [template({ extra: 1 }), 'extra'],
    'a text for a switch': [{ ...CONFIG, strictPhoneRegionNumberCheck: 'yes' }, 'strictPhoneRegionNumberCheck'],
    'a list for the whole': [[], 'config'],
  };
  for (const [name, [config, field]] of Object.entries(cases)) {
    test(name, async () => {
      const before = (await keyway.api('GET', '/connectors')).body;
      const { status, body } = await keyway.api('POST', '/connectors', { connectorId: 'aliyun-short-message-service', config });
      assert.equal(status, 400, JSON.stringify(body));
      assert.match(body.code, /^(connector\.invalid_config|guard\.invalid_input)$/);
      assert.ok(body.message.includes(field), body.message);
      const tried = await keyway.api('PATCH', `/connectors/${before[0].id}`, { config });
      assert.equal(tried.status, 400, 'the same by PATCH');
      assert.deepEqual((await keyway.api('GET', '/connectors')).body, before);
    });
  }
});

test('masked_secret_reuse: a saved secret is kept by its mask and never shown', async () => {
  const [connector] = (await keyway.api('GET', '/connectors')).body;
  assert.ok(!JSON.stringify(connector).includes(KEY.secret));
  const config = { ...connector.config, signName: '新的签名' };
  assert.equal((await keyway.api('PATCH', `/connectors/${connector.id}`, { config })).status, 200);
  const sent = await keyway.api('POST', '/connectors/aliyun-short-message-service/test', {
    phone: '+8613012345678', config: { ...config, signName: KEY.signName },
  });
  assert.equal(sent.status, 204, 'the masked secret still signs');
  await keyway.api('PATCH', `/connectors/${connector.id}`, { config: { ...config, signName: KEY.signName } });
});

describe('bad sign-in settings are refused and nothing is saved', () => {
  const phone = { identifier: 'phone', password: false, verificationCode: true, isPasswordPrimary: false };
  const cases = {
    'phone without verification': [{ signUp: { identifiers: ['phone'], password: false, verify: false } }, 'sign_in_experiences.passwordless_requires_verify'],
    'e-mail without a connector': [{ signUp: { identifiers: ['email'], password: false, verify: true } }, 'sign_in_experiences.enabled_connector_not_found'],
    'the same identifier twice': [{ signUp: { identifiers: ['phone', 'phone'], password: false, verify: true } }, 'sign_in_experiences.duplicated_sign_up_identifiers'],
    'a secondary identifier alone': [{ signUp: { identifiers: [], password: false, verify: false, secondaryIdentifiers: [{ identifier: 'phone' }] } }, 'sign_in_experiences.missing_sign_up_identifiers'],
    'a method without a factor': [{ signIn: { methods: [{ ...phone, verificationCode: false }] } }, 'sign_in_experiences.at_least_one_authentication_factor'],
    'no code though no password': [{ signIn: { methods: [{ ...phone, verificationCode: false, password: true }] } }, 'sign_in_experiences.code_sign_in_must_be_enabled'],
    'an unknown setting': [{ signInMod: 'SignIn' }, 'guard.invalid_input'],
    'an unknown mode': [{ signInMode: 'Both' }, 'guard.invalid_input'],
    'a text for an object': [{ color: 'red' }, 'guard.invalid_input'],
    'codes that live a day': [{ verificationCodePolicy: { expirationDuration: 86400, maxRetryAttempts: 5 } }, 'guard.invalid_input'],
    'a reset by e-mail without a connector': [{ forgotPasswordMethods: ['EmailVerificationCode'] }, 'sign_in_experiences.forgot_password_method_requires_connector'],
    'one good key beside a bad one': [{ signInMode: 'SignIn', signUp: { identifiers: ['email'], password: false, verify: true } }, 'sign_in_experiences.enabled_connector_not_found'],
  };
  for (const [name, [patch, code]] of Object.entries(cases)) {
    test(name, async () => {
      const before = (await keyway.api('GET', '/sign-in-exp')).body;
      const { status, body } = await keyway.api('PATCH', '/sign-in-exp', patch);
      assert.equal(status, 400, JSON.stringify(body));
      assert.equal(body.code, code);
      assert.deepEqual((await keyway.api('GET', '/sign-in-exp')).body, before);
    });
  }
});

test('bad input gets a clear answer, never a 500', async () => {
  const cases = [
    ['POST', '/applications', { type: 'Traditional' }, 400, 'name'],
    ['POST', '/applications', { name: 'x', type: 'Wrong' }, 400, 'type'],
    ['POST', '/applications', { name: 'x', type: 'SPA', oidcClientMetadata: { redirectUris: ['javascript:alert(1)'], postLogoutRedirectUris: [] } }, 400, 'redirectUris[0]'],
    ['POST', '/applications', { name: 'x', type: 'SPA', oidcClientMetadata: { redirectUris: 'x' } }, 400, 'oidcClientMetadata.redirectUris'],
    ['GET', '/applications/none', undefined, 404, ''],
    ['GET', '/applications?page=0', undefined, 400, 'page'],
    ['GET', '/users?page_size=101', undefined, 400, 'page_size'],
    ['POST', '/users', { primaryPhone: '12' }, 422, 'primaryPhone'],
    ['POST', '/users', { primaryEmail: 'nobody' }, 422, 'primaryEmail'],
    ['POST', '/users', { username: 'a b' }, 422, 'username'],
    ['POST', '/users', { username: 'x', password: 'short' }, 422, 'easy'],
    ['POST', '/resources', { name: 'x', indicator: 'no address' }, 400, 'indicator'],
    ['DELETE', '/resources/management-api', undefined, 400, 'Management API'],
    ['POST', '/connectors', { connectorId: 'none', config: {} }, 422, 'factory'],
    ['POST', '/connectors/none/test', { phone: '+8613012345678', config: {} }, 400, 'none'],
    ['POST', '/connectors/aliyun-short-message-service/test', { email: 'a@b.cd', config: CONFIG }, 400, 'phone'],
    ['POST', '/connectors/aliyun-short-message-service/test', { phone: 'x', config: CONFIG }, 422, 'phone'],
    ['PUT', '/sign-in-exp', {}, 405, 'method'],
    ['GET', '/nothing', undefined, 404, ''],
  ];
  for (const [method, path, body, status, part] of cases) {
    const answer = await keyway.api(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    assert.ok(answer.body.code && answer.body.message.includes(part), `${method} ${path}: ${answer.body.message}`);
  }
});

test('users: made, imported, found, suspended, removed', async () => {
  const made = await keyway.api('POST', '/users', { username: 'ann', primaryPhone: '+86 139 0000 0001', password: 'green hills far away' });
  assert.equal(made.status, 200);
  assert.equal(made.body.primaryPhone, '8613900000001');
  assert.ok(!JSON.stringify(made.body).includes('argon2'));
  assert.equal((await keyway.api('POST', '/users', { primaryPhone: '8613900000001' })).body.code, 'user.phone_already_in_use');
  const found = await keyway.api('GET', '/users?search=%25390000%25');
  assert.deepEqual(found.body.map(({ id }) => id), [made.body.id]);
  assert.equal(found.headers.get('total-number'), '1');
  const { id } = made.body;
  assert.equal((await keyway.api('POST', `/users/${id}/password/verify`, { password: 'green hills far away' })).status, 204);
  assert.equal((await keyway.api('PATCH', `/users/${id}/is-suspended`, { isSuspended: true })).body.isSuspended, true);
  assert.equal((await keyway.api('DELETE', `/users/${id}`)).status, 204);
  assert.equal((await keyway.api('GET', `/users/${id}`)).status, 404);
});
