// The Experience API without messages: usernames and e-mail addresses with passwords, imported accounts, steps and profile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newDatabase, startKeyway } from '../lib/processes.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

let keyway;
let application;

before(async () => {
  keyway = await startKeyway({ KEYWAY_DATABASE_URL: newDatabase(process.env.KEYWAY_TEST_POSTGRES) });
  application = await createApplication(keyway);
  const { status, body } = await keyway.api('PATCH', '/sign-in-exp', {
    signUp: { identifiers: ['username'], password: true, verify: false },
    signIn: {
      methods: ['username', 'email'].map((identifier) => ({
        identifier, password: true, verificationCode: false, isPasswordPrimary: true,
      })),
    },
  });
  assert.equal(status, 200, JSON.stringify(body));
});

after(() => keyway?.stop());

async function started(interactionEvent) {
  const visitor = new Visitor(keyway, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent });
  return visitor;
}

async function signIn(type, value, password) {
  const visitor = await started('SignIn');
  const { verificationId } = await visitor.step('POST', '/verification/password', { identifier: { type, value }, password });
  await visitor.step('POST', '/identification', { verificationId });
  const { status, body } = await visitor.exchange(await visitor.submit());
  assert.equal(status, 200, JSON.stringify(body));
  return JSON.parse(Buffer.from(body.id_token.split('.')[1], 'base64url'));
}

test('sign up with a new username and password, then sign in', async () => {
  const visitor = await started('Register');
  const identifier = { type: 'username', value: 'newcomer' };
  const weak = await visitor.api('POST', '/verification/new-password-identity', { identifier, password: 'newcomer' });
  assert.deepEqual([weak.status, weak.body.code], [422, 'password.rejected']);
  const { verificationId } = await visitor.step('POST', '/verification/new-password-identity', {
    identifier, password: 'green hills far away',
  });
  await visitor.step('POST', '/identification', { verificationId });
  assert.equal((await visitor.exchange(await visitor.submit())).status, 200);
  assert.ok((await signIn('username', 'newcomer', 'green hills far away')).sub);
  const taken = await (await started('Register')).api('POST', '/verification/new-password-identity', {
    identifier, password: 'green hills far away',
  });
  assert.deepEqual([taken.status, taken.body.code], [422, 'user.username_already_in_use']);
});

test('sign in by e-mail address and password, however it is written', async () => {
  const { body } = await keyway.api('POST', '/users', { username: 'ann', primaryEmail: 'Ann@Example.com', password: 'green hills far away' });
  assert.equal(body.primaryEmail, 'ann@example.com');
  for (const written of ['ann@example.com', ' ANN@example.COM ']) {
    assert.equal((await signIn('email', written, 'green hills far away')).sub, body.id);
  }
});

test('user_enumeration: a stranger and a wrong password get the same answer', async () => {
  const answers = [];
  for (const value of ['newcomer', 'nobody_here']) {
    const visitor = await started('SignIn');
    answers.push(await visitor.api('POST', '/verification/password', { identifier: { type: 'username', value }, password: 'wrong' }));
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.equal(answers[0].body.code, 'session.invalid_credentials');
});

test('imported hashes verify, before and after they are renewed', async () => {
  // Test vectors of crypt_blowfish and of the Argon2 reference implementation.
  const imported = [
    ['bcrypted', 'Bcrypt', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['argoned', 'Argon2i', '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8', 'password'],
  ];
  for (const [username, passwordAlgorithm, passwordDigest, password] of imported) {
    const { status, body } = await keyway.api('POST', '/users', { username, passwordAlgorithm, passwordDigest });
    assert.equal(status, 200, JSON.stringify(body));
    for (const _ of [1, 2]) assert.equal((await signIn('username', username, password)).sub, body.id);
  }
});

test('suspended users are refused with the reason', async () => {
  const { body } = await keyway.api('POST', '/users', { username: 'suspended', password: 'green hills far away' });
  await keyway.api('PATCH', `/users/${body.id}/is-suspended`, { isSuspended: true });
  const visitor = await started('SignIn');
  const { verificationId } = await visitor.step('POST', '/verification/password', {
    identifier: { type: 'username', value: 'suspended' }, password: 'green hills far away',
  });
  const refused = await visitor.api('POST', '/identification', { verificationId });
  assert.equal(refused.body.code, 'user.suspended');
});
