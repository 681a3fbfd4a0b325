// Starts the programs that a test needs and ends them with it.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const binary = process.env.KEYWAY_BIN;

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// A new database on the test run's PostgreSQL server.
let databases = 0;
export function newDatabase(server) {
  databases += 1;
  const name = `clients_${process.pid}_${databases}`;
  execFileSync('psql', [server, '-q', '-c', `CREATE DATABASE ${name}`]);
  return server.replace(/\/[^/]*$/, `/${name}`);
}

async function untilAnswers(url, child, output) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it answered ${url}:\n${output()}`);
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

function start(program, args, env) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => { text += chunk; });
  child.stderr.on('data', (chunk) => { text += chunk; });
  return { child, output: () => text };
}

// `KEYWAY_BIN` in `env` is another program than the one under test, such as an earlier version.
export async function startKeyway(env = {}, args = []) {
  const program = env.KEYWAY_BIN ?? binary;
  const folder = mkdtempSync(path.join(tmpdir(), 'keyway-'));
  const [port, adminPort] = [env.KEYWAY_PORT ?? await freePort(), await freePort()];
  const settings = {
    KEYWAY_DATA_DIR: folder, KEYWAY_PORT: String(port), KEYWAY_ADMIN_PORT: String(adminPort), KEYWAY_METRICS_PORT: '0', KEYWAY_EXEMPT_LOCAL: 'true', ...env,
  };
  const endpoint = `http://localhost:${port}`;
  let running;
  const restart = async () => {
    running = start(program, ['serve', ...args], settings);
    await untilAnswers(`http://127.0.0.1:${port}/readyz`, running.child, running.output);
  };
  const end = async (signal) => {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await new Promise((done) => child.on('exit', done));
  };
  await restart();
  const created = execFileSync(program, ['admin', 'create-m2m', '--name', 'test', '--json'], { env: { ...process.env, ...settings } });
  const machine = JSON.parse(created.toString());
  const token = await (await fetch(`${endpoint}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${machine.id}:${machine.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://default.logto.app/api', scope: 'all' }),
  })).json();
  const api = async (method, path, body, headers = {}) => {
    const raw = body instanceof Uint8Array || body instanceof FormData;
    const response = await fetch(`${endpoint}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token.access_token}`, ...(body && !raw && { 'content-type': 'application/json' }), ...headers },
      body: raw ? body : body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
  };
  const stream = (path, body) => fetch(`${endpoint}/api${path}`, {
    method: 'POST',
    duplex: 'half',
    headers: { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/wasm' },
    body,
  });
  const stop = async () => {
    await end('SIGTERM');
    rmSync(folder, { recursive: true });
  };
  const operators = `http://localhost:${adminPort}`;
  const welcome = () => running.output().match(/http\S+\/welcome\S+/)?.[0];
  return { endpoint, operators, welcome, machine, port, api, stream, pid: () => running.child.pid, output: () => running.output(), kill: () => end('SIGKILL'), restart, stop };
}

export async function startApp(name, env) {
  const { child, output } = start(process.execPath, ['app/build/index.js'], { HOST: '127.0.0.1', ...env });
  await untilAnswers(`http://127.0.0.1:${env.PORT}/`, child, () => `${name}: ${output()}`);
  const stop = () => {
    child.kill('SIGKILL');
    return new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.on('exit', done) : done()));
  };
  return { url: env.ORIGIN, output, stop };
}
