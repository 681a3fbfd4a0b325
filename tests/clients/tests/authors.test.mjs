// An author's last steps: publish by the command line, and a message goes out through the component. The components are those that
// the authors' walk of `cargo xtask test` builds. KEYWAY_TEST_PYTHON=1 adds Python, whose 19 MB take a debug build's compiler minutes.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { startKeyway } from '../lib/processes.mjs';

const run = promisify(execFile);
const sdk = new URL('../../../sdk/', import.meta.url).pathname;

let keyway;
let provider;
const requests = [];

// Speaks as both providers do, and checks what each of them checks.
async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  requests.push({ url: request.url, headers: request.headers, body });
  response.setHeader('content-type', 'application/json');
  if (request.url === '/v2/sms/send') {
    const known = request.headers.authorization === `Basic ${btoa('admin@example.com:<api-key>')}`;
    response.statusCode = known ? 200 : 401;
    response.end(JSON.stringify(known ? { success: true, data: { id: 1 }, message: null } : { success: false, data: null, message: 'unauthorized' }));
  } else if (request.url === '/messages') {
    const { to } = JSON.parse(body);
    response.setHeader('x-account', 'someone');
    response.end(JSON.stringify({ id: 'm-7', told: { to, token: request.headers.authorization } }));
  } else {
    const status = new URLSearchParams(body).get('api_secret') === '<api-secret>' ? '0' : '4';
    response.end(JSON.stringify({ 'message-count': '1', messages: [{ status, 'message-id': 'm-1' }] }));
  }
}

before(async () => {
  provider = createServer(answer).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const there = `http://127.0.0.1:${provider.address().port}`;
  keyway = await startKeyway({ KEYWAY_EGRESS_REWRITE: `https://gate.smsaero.ru=${there},https://rest.nexmo.com=${there}` });
});

after(async () => {
  await keyway?.stop();
  provider?.closeAllConnections();
  provider?.close();
});

const authors = [['JavaScript', 'js/examples/smsaero', '/v2/sms/send']];
if (process.env.KEYWAY_TEST_PYTHON) authors.push(['Python', 'python/examples/vonage', '/sms/json']);

for (const [language, folder, path] of authors) {
  test(`${language}: published, activated, set up, and a message is sent`, async () => {
    const { id, secret } = keyway.machine;
    const account = { KEYWAY_SERVER: keyway.endpoint, KEYWAY_APP_ID: id, KEYWAY_APP_SECRET: secret };
    await run(process.env.KEYWAY_BIN, ['connector', 'publish', `${sdk}${folder}`, '--activate'], { env: { ...process.env, ...account } });
    const factories = (await keyway.api('GET', '/connector-factories')).body.filter((one) => one.uploaded);
    const factory = factories.find((one) => one.sdk?.toLowerCase().includes(language === 'Python' ? 'python' : 'js'));
    assert.ok(factory, JSON.stringify(factories.map((one) => [one.id, one.sdk])));
    const config = JSON.parse(factory.configTemplate);
    const made = await keyway.api('POST', '/connectors', { connectorId: factory.id, config });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    const sent = await keyway.api('POST', `/connectors/${factory.id}/test`, { phone: '79031234567', config });
    assert.equal(sent.status, 204, JSON.stringify(sent.body));
    assert.equal(requests.at(-1).url, path);
    assert.match(requests.at(-1).body, /000000/);
  });
}

// `dev` brings every change to the server, and goes on after a build that fails.
async function developed(project, env) {
  const { id, secret } = keyway.machine;
  const account = { KEYWAY_SERVER: keyway.endpoint, KEYWAY_APP_ID: id, KEYWAY_APP_SECRET: secret };
  const dev = spawn(process.env.KEYWAY_BIN, ['connector', 'dev'], { cwd: project, env: { ...env, ...account } });
  let output = '';
  const rounds = () => output.split('watching').length - 1;
  const round = async (number) => {
    while (rounds() < number) output += String((await once(dev.stdout, 'data'))[0]);
    return (await keyway.api('GET', '/connector-factories')).body.find((one) => one.id === 'acme-sms')?.version;
  };
  try {
    assert.equal(await round(1), '0.1.0', output);
    const source = path.join(project, 'connector.js');
    await writeFile(source, (await readFile(source, 'utf8')).replace("version: '0.1.0'", "version: '0.2.0'"));
    assert.equal(await round(2), '0.2.0', output);
    await writeFile(source, 'not JavaScript');
    await round(3);
    assert.match(output, /failed/);
  } finally {
    dev.kill();
  }
}

test('with nothing but the binary: a project is made, built, tested, called, recorded against the provider and tested again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keyway-author-'));
  try {
    const project = path.join(folder, 'acme-sms');
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const keywayConnector = async (...args) =>
      (await run(process.env.KEYWAY_BIN, ['connector', ...args], { cwd: args[0] === 'new' ? folder : project, env })).stdout;
    await keywayConnector('new', 'acme-sms', '--lang', 'js');
    await keywayConnector('build');
    assert.match(await keywayConnector('test'), /10 passed, 0 failed/);
    assert.match(await keywayConnector('call', 'cases/send.json'), /case {2}a code is sent[^]*result {2}\{"requestId":"m-1"\}/);
    const limited = await keywayConnector('call', 'cases/send.json', '--case', 'a limit');
    assert.match(limited, /failure {2}.*Slow down/);
    await assert.rejects(keywayConnector('call', 'cases/send.json', '--case', 'nothing'), /has no case whose name begins with "nothing"/);
    const live = { apiKey: 'live-key-4711', sender: 'Acme' };
    live.templates = ['Register', 'SignIn', 'ForgotPassword', 'Generic'].map((usageType) => ({ usageType, content: 'Your code is {{code}}' }));
    await writeFile(path.join(project, 'live.json'), JSON.stringify(live));
    const there = `https://api.example.com=http://127.0.0.1:${provider.address().port}`;
    await keywayConnector('record', 'cases/send.json', '--config', 'live.json', '--to', '4915112345678', '--egress-rewrites', there);
    assert.equal(requests.at(-1).headers.authorization, 'Bearer live-key-4711');
    const recorded = await readFile(path.join(project, 'cases/recorded.json'), 'utf8');
    for (const secret of ['live-key-4711', '4915112345678', 'someone']) assert.ok(!recorded.includes(secret), `${secret} stands in ${recorded}`);
    assert.match(await keywayConnector('test'), /11 passed, 0 failed/);
    // What a program of another version would bring is said, and brought when asked for.
    await writeFile(path.join(project, 'keyway/VERSION'), '0.0.1 other\n');
    assert.match(await keywayConnector('build'), /holds another SDK \(0\.0\.1\): `keyway connector update`/);
    await keywayConnector('update');
    assert.doesNotMatch(await keywayConnector('build'), /another SDK/);
    await developed(project, env);
  } finally {
    await rm(folder, { recursive: true });
  }
});
