// Two nodes on one PostgreSQL: any node answers any request, limits hold over both, and what one is told the other knows.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newDatabase, startKeyway } from '../lib/processes.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

// The second node's address is the first's for everyone: a load balancer's. Requests alternate between the two.
class Balanced extends Visitor {
  #turn = 0;

  constructor(nodes, application) {
    super(nodes[0], application);
    this.nodes = nodes;
  }

  fetch(path, init) {
    this.#turn += 1;
    this.keyway = { ...this.keyway, endpoint: this.nodes[this.#turn % this.nodes.length].endpoint };
    return super.fetch(path, init);
  }
}

let first;
let second;
let aliyun;
let nodes;
let application;

before(async () => {
  const shared = {
    KEYWAY_CONFIG: UNLIMITED, KEYWAY_DATABASE_URL: newDatabase(process.env.KEYWAY_TEST_POSTGRES), KEYWAY_MASTER_KEY: '7'.repeat(64),
    KEYWAY_ENDPOINT: 'http://localhost:3001',
  };
  first = await startWithAliyun(shared);
  ({ aliyun } = first);
  const rewrite = `https://dysmsapi.aliyuncs.com=http://127.0.0.1:${aliyun.port}`;
  second = await startKeyway({ ...shared, KEYWAY_EGRESS_REWRITE: rewrite });
  nodes = [first.keyway, second];
  application = await createApplication(first.keyway);
});

after(async () => {
  await second?.stop();
  await first?.stop();
});

test('a sign-up whose every step goes to the other node', async () => {
  const visitor = new Balanced(nodes, application);
  const code = await visitor.signUp('8613900000001', aliyun);
  visitor.keyway = second;
  const { status, body } = await visitor.exchange(code);
  assert.equal(status, 200, JSON.stringify(body));
  for (const node of nodes) {
    const claims = await (await fetch(`${node.endpoint}/oidc/me`, { headers: { authorization: `Bearer ${body.access_token}` } })).json();
    assert.ok(claims.sub);
  }
});

test('both nodes sign with the same keys', async () => {
  const sets = await Promise.all(nodes.map(async (node) => (await fetch(`${node.endpoint}/oidc/jwks`)).text()));
  assert.equal(sets[0], sets[1]);
});

test('code_reuse and otp_brute_force: tries and uses are counted over both nodes', async () => {
  const phone = '8613900000002';
  const visitor = new Balanced(nodes, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'Register' });
  const verificationId = await visitor.sendCode(phone, 'Register');
  const right = aliyun.to(phone).code;
  const wrong = right === '000000' ? '000001' : '000000';
  const identifier = { type: 'phone', value: phone };
  const tries = await Promise.all(Array.from({ length: 20 }, () => visitor.api('POST', '/verification/verification-code/verify', {
    identifier, verificationId, code: wrong,
  })));
  assert.equal(tries.filter(({ body }) => body.code === 'verification_code.code_mismatch').length, 5, 'five guesses over both nodes');
  const late = await visitor.api('POST', '/verification/verification-code/verify', { identifier, verificationId, code: right });
  assert.notEqual(late.status, 200);

  const signedUp = new Balanced(nodes, application);
  const code = await signedUp.signUp('8613900000003', aliyun);
  const uses = await Promise.all(Array.from({ length: 20 }, (_, index) => {
    const use = new Visitor(nodes[index % 2], application);
    use.verifier = signedUp.verifier;
    return use.exchange(code);
  }));
  assert.ok(uses.filter(({ status }) => status === 200).length <= 1, 'a code works once');
});

test('a node that is killed leaves the other at work', async () => {
  const visitor = new Visitor(first.keyway, application);
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'Register' });
  const phone = '8613900000004';
  const verificationId = await visitor.sendCode(phone, 'Register');
  await first.keyway.kill();
  visitor.keyway = second;
  await visitor.verifyCode(phone, verificationId, aliyun.to(phone).code);
  await visitor.step('POST', '/identification', { verificationId });
  const { status } = await visitor.exchange(await visitor.submit());
  assert.equal(status, 200);
  await first.keyway.restart();
});

test('a setting saved at one node is seen at the other', async () => {
  const { status } = await first.keyway.api('PATCH', '/sign-in-exp', { signInMode: 'SignIn' });
  assert.equal(status, 200);
  // The documented time until another node sees a change is half a second; the loop ends as soon as it does.
  const deadline = Date.now() + 10_000;
  let seen;
  do {
    const visitor = new Visitor(second, application);
    await visitor.authorize();
    seen = (await visitor.api('PUT', '', { interactionEvent: 'Register' })).status;
  } while (seen !== 403 && Date.now() < deadline);
  assert.equal(seen, 403);
});
