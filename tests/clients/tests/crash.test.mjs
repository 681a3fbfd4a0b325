// `kill -9` in the middle of two hundred sign-ups: every acknowledged user is there, none is half there, sessions and keys
// live on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { newDatabase } from '../lib/processes.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

const USERS = 200;

for (const [name, url] of Object.entries({ sqlite: undefined, postgres: process.env.KEYWAY_TEST_POSTGRES })) {
  test(`kill -9 amid ${USERS} sign-ups on ${name}`, async () => {
    assert.ok(name === 'sqlite' || url, 'KEYWAY_TEST_POSTGRES names a PostgreSQL server: run `cargo xtask test clients`');
    const server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED, ...(url && { KEYWAY_DATABASE_URL: newDatabase(url) }) });
    const { keyway, aliyun } = server;
    try {
      const application = await createApplication(keyway);
      const settled = new Visitor(keyway, application);
      const { body: before } = await settled.exchange(await settled.signUp('8613700000999', aliyun));
      const keys = await (await fetch(`${keyway.endpoint}/oidc/jwks`)).text();
      let acknowledged = 0;
      let kill;
      const halfway = new Promise((done) => { kill = done; });
      const signUps = Array.from({ length: USERS }, async (_, index) => {
        const phone = String(8613700000000 + index);
        const visitor = new Visitor(keyway, application);
        const progress = { phone, visitor, registered: false, session: undefined };
        try {
          await visitor.authorize();
          await visitor.step('PUT', '', { interactionEvent: 'Register' });
          const verificationId = await visitor.sendCode(phone, 'Register');
          await visitor.verifyCode(phone, verificationId, aliyun.to(phone).code);
          await visitor.step('POST', '/identification', { verificationId });
          progress.registered = true;
          acknowledged += 1;
          if (acknowledged === USERS / 4) kill();
          await visitor.submit();
          progress.session = visitor.cookie('_session');
        } catch {
          // The server was killed under this sign-up.
        }
        return progress;
      });
      await halfway;
      await keyway.kill();
      const all = await Promise.all(signUps);
      await keyway.restart();
      const registered = all.filter((progress) => progress.registered);
      assert.ok(registered.length >= USERS / 4 && registered.length < USERS, `${registered.length} were acknowledged`);
      const users = new Map();
      for (let page = 1; page < 5; page += 1) {
        const { body } = await keyway.api('GET', `/users?page=${page}&page_size=100`);
        body.forEach((user) => users.set(user.primaryPhone, user));
      }
      for (const { phone } of registered) assert.ok(users.has(phone), `${phone} was acknowledged and is gone`);
      for (const user of users.values()) assert.ok(user.primaryPhone && user.applicationId === application.id, 'a user is half there');
      for (const { visitor, session } of all.filter((progress) => progress.session)) {
        assert.equal(visitor.cookie('_session'), session);
        const response = await visitor.authorize({ prompt: 'none' });
        assert.ok(new URL(response.headers.get('location')).searchParams.get('code'), 'the session lives on');
      }
      assert.equal(await (await fetch(`${keyway.endpoint}/oidc/jwks`)).text(), keys, 'the keys live on');
      const refreshed = await settled.token({ grant_type: 'refresh_token', refresh_token: before.refresh_token });
      assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
      const missed = all.find((progress) => !progress.registered && !users.has(progress.phone));
      const again = new Visitor(keyway, application);
      assert.ok(await again.signUp(missed.phone, aliyun), 'who was cut off signs up again');
    } finally {
      await server.stop();
    }
  });
}

test('where virtual memory is limited, the refusal names the setting that does without', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'limited-'));
  try {
    const env = { ...process.env, KEYWAY_DATA_DIR: folder, KEYWAY_PORT: '0', KEYWAY_ADMIN_PORT: '0', KEYWAY_METRICS_PORT: '0' };
    const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -v 6000000; exec "$KEYWAY_BIN" serve'], { env, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /KEYWAY_SANDBOX_POOLING=false/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
