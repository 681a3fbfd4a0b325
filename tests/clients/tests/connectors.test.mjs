// The life of an uploaded connector: checks, approval, activation, a swap under load, roll-back, duties, two nodes.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { newDatabase, startKeyway } from '../lib/processes.mjs';
import { CONFIG, UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

const ID = 'aliyun-short-message-service';
const FACTORY = `/connector-factories/${ID}`;

// The official component under another version or id. Manifest and code hold the same text, so that both change together.
function changed(wasm, from, to) {
  assert.equal(from.length, to.length);
  return Buffer.from(wasm.toString('latin1').replaceAll(from, to), 'latin1');
}

let server;
let keyway;
let aliyun;
let application;
let official;

before(async () => {
  server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
  ({ keyway, aliyun } = server);
  application = await createApplication(keyway);
  official = await readFile(new URL('aliyun-sms.wasm', `file://${process.env.KEYWAY_CONNECTORS}/`));
});

after(() => server?.stop());

const upload = (node, bytes, headers = {}) => node.api('POST', '/connector-factories', bytes, { 'content-type': 'application/wasm', ...headers });

async function uploaded(node, bytes) {
  const { status, body } = await upload(node, bytes);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

async function activated(node, bytes) {
  const { id, digest } = await uploaded(node, bytes);
  for (const step of ['approve', 'activate']) {
    const { status, body } = await node.api('POST', `/connector-factories/${id}/versions/${digest}/${step}`);
    assert.equal(status, 200, JSON.stringify(body));
  }
  return digest;
}

const version = async (node) => (await node.api('GET', FACTORY)).body.version;

test('an upload serves nobody before it is approved and activated', async () => {
  const view = await uploaded(keyway, changed(official, '0.1.0', '0.2.0'));
  assert.equal(view.state, 'staged');
  assert.equal(view.version, '0.2.0');
  assert.deepEqual(view.asks.hosts, ['dysmsapi.aliyuncs.com']);
  const { publisher, replaces, ...more } = view.asksNew;
  assert.deepEqual([publisher.kind, replaces], ['uploader', { kind: 'official' }], 'somebody else vouches for it');
  assert.deepEqual(more, { hosts: [], features: [], secrets: [], exposed: [] }, 'nothing else beyond the version that serves');
  assert.equal(await version(keyway), '0.1.0');
  const early = await keyway.api('POST', `${FACTORY}/versions/${view.digest}/activate`);
  assert.deepEqual([early.status, early.body.code], [409, 'connector.version_not_approved']);
  const again = await upload(keyway, changed(official, '0.1.0', '0.2.0'));
  assert.equal(again.body.digest, view.digest, 'the same bytes again change nothing');
  const approved = await keyway.api('POST', `${FACTORY}/versions/${view.digest}/approve`);
  assert.equal(approved.body.state, 'approved');
  const active = await keyway.api('POST', `${FACTORY}/versions/${view.digest}/activate`);
  assert.deepEqual([active.status, active.body.state], [200, 'active']);
  assert.equal(await version(keyway), '0.2.0');
  const inUse = await keyway.api('DELETE', `${FACTORY}/versions/${view.digest}`);
  assert.deepEqual([inUse.status, inUse.body.code], [409, 'connector.version_in_use']);
});

test('a version swap under 64 senders loses no message', async () => {
  const newer = changed(official, '0.1.0', '0.3.0');
  const phones = Array.from({ length: 64 }, (_, index) => `86139${String(10000000 + index)}`);
  const before = aliyun.messages.length;
  const senders = phones.map(async (phone) => {
    for (let round = 0; round < 3; round += 1) {
      const visitor = new Visitor(keyway, application);
      await visitor.authorize();
      await visitor.step('PUT', '', { interactionEvent: 'Register' });
      await visitor.sendCode(phone, 'Register');
    }
  });
  const swap = (async () => {
    await aliyun.moreThan(before + 10);
    await activated(keyway, newer);
  })();
  await Promise.all([...senders, swap]);
  assert.equal(aliyun.messages.length - before, 64 * 3);
  assert.equal(await version(keyway), '0.3.0');
});

test('a roll-back brings version and configuration back together', async () => {
  for (const number of ['0.4.0', '0.5.0']) await activated(keyway, changed(official, '0.1.0', number));
  const connector = (await keyway.api('GET', '/connectors')).body.find(({ connectorId }) => connectorId === ID);
  const { status } = await keyway.api('PATCH', `/connectors/${connector.id}`, { config: { ...CONFIG, signName: '另一个签名' } });
  assert.equal(status, 200);
  const back = await keyway.api('POST', `${FACTORY}/rollback`);
  assert.deepEqual([back.status, back.body.version], [200, '0.4.0'], JSON.stringify(back.body));
  const restored = (await keyway.api('GET', `/connectors/${connector.id}`)).body;
  assert.equal(restored.config.signName, CONFIG.signName);
  const logs = (await keyway.api('GET', '/logs?logKey=Connector.RollBack')).body;
  assert.equal(logs[0].payload.factoryId, ID);
  assert.ok(logs[0].payload.by);
});

test('a configuration that the new schema refuses blocks the activation and is named', async () => {
  const serves = await version(keyway);
  const { digest } = await uploaded(keyway, changed(official, 'ForgotPassword', 'ForgotPasswurd'));
  await keyway.api('POST', `${FACTORY}/versions/${digest}/approve`);
  const refused = await keyway.api('POST', `${FACTORY}/versions/${digest}/activate`);
  assert.deepEqual([refused.status, refused.body.code], [409, 'connector.config_refused']);
  assert.match(refused.body.message, /templates must hold a template whose usageType is "ForgotPasswurd"/);
  assert.equal(await version(keyway), serves);
  assert.equal((await keyway.api('DELETE', `${FACTORY}/versions/${digest}`)).status, 204);
});

test('what cannot be a connector is refused with a code and a sentence each', async () => {
  const section = official.lastIndexOf('keyway:manifest');
  for (const [bytes, codes] of [
    [Buffer.from('hello'), ['upload.not_a_component']],
    [Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), ['upload.not_a_component']],
    [official.subarray(0, official.length >> 1), ['upload.damaged', 'upload.invalid']],
    [Buffer.concat([official.subarray(0, section), changed(official.subarray(section), 'dysmsapi.aliyuncs.com', 'evil-dysmsapi.example')]), ['upload.describe_differs']],
    [changed(official, 'keyway:host/random', 'keyway:host/socket'), ['upload.import_refused']],
    [changed(official, '"kind":"sms"', '"kind":"fax"'), ['upload.manifest_invalid']],
    [Buffer.alloc(25 * 1024 * 1024), ['upload.too_large']],
  ]) {
    const { status, body } = await upload(keyway, bytes);
    assert.ok(status >= 400 && status < 500 && codes.includes(body.code), `${codes}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
    if (body.data) assert.ok(body.data.every(({ code, message }) => code && message), 'the whole list, each with its sentence');
  }
});

test('a flipped bit is a refusal or a component like any other, never an error of the server', async () => {
  const serves = await version(keyway);
  for (let part = 1; part <= 8; part += 1) {
    const flipped = Buffer.from(official);
    flipped[Math.floor((flipped.length * part) / 9)] ^= 0x10;
    const { status, body } = await upload(keyway, flipped);
    assert.ok(status === 201 || (status >= 400 && status < 500), `${part}: ${status} ${JSON.stringify(body)}`);
  }
  assert.equal(await version(keyway), serves);
});

test('a stranger\'s connector: new factory, own id, set up beside the official one, preferred by prefix', async () => {
  const id = ID.replace('aliyun', 'acmeco');
  await activated(keyway, changed(official, ID, id));
  const { status, body } = await keyway.api('POST', '/connectors', { connectorId: id, config: CONFIG, routing: { prefixes: ['8614'], order: 0 } });
  assert.equal(status, 200, JSON.stringify(body));
  const visitor = new Visitor(keyway, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'Register' });
  await visitor.sendCode('8614700000001', 'Register');
  const log = (await keyway.api('GET', `/connectors/${body.id}/logs`)).body;
  assert.equal(log[0].outcome, 'ok');
  assert.ok(log[0].details.requestId, "the provider's request id is kept");
  assert.ok(!JSON.stringify(log).includes('8614700000001'));
  const used = await keyway.api('DELETE', `/connector-factories/${id}`);
  assert.deepEqual([used.status, used.body.code], [409, 'connector.version_in_use']);
  assert.equal((await keyway.api('DELETE', `/connectors/${body.id}`)).status, 204);
  assert.equal((await keyway.api('DELETE', `/connector-factories/${id}`)).status, 204);
  assert.equal((await keyway.api('GET', `/connector-factories/${id}`)).status, 404);
});

test('two nodes: an activation on one is seen on the other, also after it was down', async () => {
  const shared = { KEYWAY_CONFIG: UNLIMITED, KEYWAY_DATABASE_URL: newDatabase(process.env.KEYWAY_TEST_POSTGRES), KEYWAY_MASTER_KEY: '7'.repeat(64) };
  const first = await startKeyway(shared);
  let second = await startKeyway(shared);
  const serves = async (node, wanted) => {
    const start = performance.now();
    while ((await version(node)) !== wanted) {
      assert.ok(performance.now() - start < 30_000, `${wanted} is not seen`);
    }
    return performance.now() - start;
  };
  try {
    await activated(first, changed(official, '0.1.0', '0.4.0'));
    await serves(second, '0.4.0');
    await second.kill();
    await activated(first, changed(official, '0.1.0', '0.5.0'));
    second = await startKeyway(shared);
    assert.equal(await version(second), '0.5.0', 'a node that was down catches up before it serves');
    await first.api('POST', `${FACTORY}/rollback`);
    await serves(second, '0.4.0');
  } finally {
    await first.stop();
    await second.stop();
  }
});

// Waits until the process has a child: the compiler.
async function compiling(pid) {
  for (;;) {
    const threads = await readdir(`/proc/${pid}/task`);
    const children = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/children`, 'utf8').catch(() => '')));
    if (children.some((text) => text.trim())) return;
  }
}

const killedAt = {
  'half of the bytes sent': async (bytes) => {
    let half;
    const body = new ReadableStream({
      async pull(controller) {
        if (half) return;
        half = true;
        controller.enqueue(bytes.subarray(0, bytes.length / 2));
        await keyway.kill();
      },
    });
    await assert.rejects(keyway.stream('/connector-factories', body));
  },
  'while it compiles': async (bytes) => {
    const lost = assert.rejects(upload(keyway, bytes));
    await Promise.race([compiling(keyway.pid()), lost]);
    await keyway.kill();
    await lost;
  },
  'while it is activated': async (bytes) => {
    const { id, digest } = await uploaded(keyway, bytes);
    await keyway.api('POST', `/connector-factories/${id}/versions/${digest}/approve`);
    const under = keyway.api('POST', `/connector-factories/${id}/versions/${digest}/activate`).catch(() => 'lost');
    await keyway.kill();
    await under;
  },
};

Object.entries(killedAt).forEach(([step, act], index) => {
  test(`killed ${step}: after the restart there is all of a version or nothing`, async () => {
    const number = `0.7.${index}`;
    const bytes = changed(official, '0.1.0', number);
    await act(bytes);
    await keyway.restart();
    const { versions } = (await keyway.api('GET', FACTORY)).body;
    const left = versions.filter((one) => one.version === number);
    assert.ok(left.every((one) => ['staged', 'approved', 'active'].includes(one.state)), JSON.stringify(left));
    assert.equal(left.length, step === 'while it is activated' ? 1 : 0);
    await activated(keyway, bytes);
    assert.equal(await version(keyway), number);
  });
});
