// A rolling upgrade: a node of the version before (KEYWAY_BIN_BEFORE) and one of this version (KEYWAY_BIN) on one PostgreSQL. Every step of a
// sign-in may go to either.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newDatabase, startKeyway } from '../lib/processes.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

// Sends each request to the node whose turn it is; `turns` is one node's number for each request, over and over.
class Hopping extends Visitor {
  #request = 0;

  constructor(nodes, turns, application) {
    super(nodes[0], application);
    Object.assign(this, { nodes, turns });
  }

  fetch(path, init) {
    const node = this.nodes[this.turns[this.#request % this.turns.length]];
    this.#request += 1;
    this.keyway = { ...this.keyway, endpoint: node.endpoint };
    return super.fetch(path, init);
  }
}

let older;
let newer;
let aliyun;
let application;
let phones = 8613900000000;

before(async () => {
  assert.ok(process.env.KEYWAY_BIN_BEFORE, 'run the tests by `cargo xtask test upgrade`');
  const shared = {
    KEYWAY_CONFIG: UNLIMITED, KEYWAY_DATABASE_URL: newDatabase(process.env.KEYWAY_TEST_POSTGRES), KEYWAY_MASTER_KEY: '7'.repeat(64),
    KEYWAY_ENDPOINT: 'http://localhost:3001',
  };
  // The older one was there first: its schema is migrated while it serves.
  older = await startWithAliyun({ ...shared, KEYWAY_BIN: process.env.KEYWAY_BIN_BEFORE });
  ({ aliyun } = older);
  const rewrite = `https://dysmsapi.aliyuncs.com=http://127.0.0.1:${aliyun.port}`;
  newer = await startKeyway({ ...shared, KEYWAY_EGRESS_REWRITE: rewrite });
  application = await createApplication(older.keyway);
});

after(async () => {
  await newer?.stop();
  await older?.stop();
});

const nodes = () => [older.keyway, newer];

for (const [name, turns] of [
  ['begun at the older node', [0, 1]], ['begun at the newer node', [1, 0]], ['handed over in the middle', [0, 0, 0, 1, 1, 1, 1]],
  ['handed back in the middle', [1, 1, 1, 0, 0, 0, 0]],
]) {
  test(`a sign-up and a sign-in by code, ${name}`, async () => {
    const phone = String(phones += 1);
    for (const event of ['Register', 'SignIn']) {
      const visitor = new Hopping(nodes(), turns, application);
      await visitor.authorize();
      await visitor.step('PUT', '', { interactionEvent: event });
      const verificationId = await visitor.sendCode(phone, event);
      await visitor.verifyCode(phone, verificationId, aliyun.to(phone).code);
      await visitor.step('POST', '/identification', { verificationId });
      const { status, body } = await visitor.exchange(await visitor.submit());
      assert.equal(status, 200, JSON.stringify(body));
      const refreshed = await visitor.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token });
      assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
    }
  });
}

test('a password set through one node signs in through the other, with wrong guesses on both', async () => {
  for (const turns of [[0, 1], [1, 0]]) {
    const phone = String(phones += 1);
    const password = 'correct horse battery';
    const { status } = await nodes()[turns[0]].api('POST', '/users', { primaryPhone: phone, password });
    assert.equal(status, 200);
    const visitor = new Hopping(nodes(), turns, application);
    await visitor.authorize();
    await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
    const identifier = { type: 'phone', value: phone };
    for (let guess = 0; guess < 2; guess += 1) {
      const wrong = await visitor.api('POST', '/verification/password', { identifier, password: `wrong ${guess}` });
      assert.equal(wrong.body.code, 'session.invalid_credentials');
    }
    const { verificationId } = await visitor.step('POST', '/verification/password', { identifier, password });
    await visitor.step('POST', '/identification', { verificationId });
    const tokens = await visitor.exchange(await visitor.submit());
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  }
});

test('a node of the version before starts again on the new schema', async () => {
  await older.keyway.kill();
  await older.keyway.restart();
  const visitor = new Hopping(nodes(), [0], application);
  const code = await visitor.signUp(String(phones += 1), aliyun);
  assert.equal((await visitor.exchange(code)).status, 200);
});
