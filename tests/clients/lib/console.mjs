// An administrator at the console, in a real browser, at a server of their own.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before } from 'node:test';
import { chromium } from 'playwright-core';

import { Aliyun } from './aliyun.mjs';
import { startKeyway } from './processes.mjs';
import { CONFIG, UNLIMITED } from './setup.mjs';

export const PASSWORD = 'bright canal of seven maples';
const WINDOW = { locale: 'en-US', viewport: { width: 1280, height: 900 } };

// What a test does in one window.
function hands(page, operators) {
  return {
    page,
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    follow: (name) => page.getByRole('link', { name, exact: true }).click(),
    open: (address) => page.goto(`${operators}/console${address}`),
    name: (pointer) => page.locator(`[name="${pointer}"]`),
  };
}

async function startConsole() {
  const aliyun = await new Aliyun().start();
  const keyway = await startKeyway({
    KEYWAY_EGRESS_REWRITE: `https://dysmsapi.aliyuncs.com=http://127.0.0.1:${aliyun.port}`,
    KEYWAY_CONFIG: UNLIMITED,
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'console-'));
  const browser = await chromium.launch({ executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const contexts = [];

  // A new window of somebody who is not signed in.
  const stranger = async (options = {}) => {
    const context = await browser.newContext({ ...WINDOW, ...options });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    return { context, ...hands(page, keyway.operators) };
  };

  // The first administrator, by the link that the server prints; their session is that of every window.
  const first = await stranger();
  await first.page.goto(keyway.welcome());
  await first.page.getByLabel('Username').fill('admin');
  await first.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await first.press('Create account');
  await first.page.getByText('steps done').waitFor();
  const storageState = await first.context.storageState();
  // A new window of an administrator who may do everything.
  const visit = async (options = {}) => stranger({ storageState, ...options });

  // What tests need to be there.
  const application = async (name, more = {}) => {
    const body = { name, type: 'Traditional', oidcClientMetadata: { redirectUris: ['https://shop.example/callback'], postLogoutRedirectUris: [] }, ...more };
    return (await keyway.api('POST', '/applications', body)).body;
  };
  const connector = async () => (await keyway.api('POST', '/connectors', { connectorId: 'aliyun-short-message-service', config: CONFIG })).body;
  const phoneSignIn = (methods = ['phone']) => keyway.api('PATCH', '/sign-in-exp', {
    signUp: { identifiers: ['phone'], password: false, verify: true },
    signIn: { methods: methods.map((identifier) => ({ identifier, password: true, verificationCode: identifier === 'phone', isPasswordPrimary: identifier !== 'phone' })) },
  });
  // A module of a stranger's, which differs from the official one by its id; the id.
  const module = async () => {
    const official = await readFile(new URL('aliyun-sms.wasm', `file://${process.env.KEYWAY_CONNECTORS}/`));
    const text = official.toString('latin1').replaceAll('aliyun-short-message-service', 'acmeco-short-message-service');
    const { id, digest } = (await keyway.api('POST', '/connector-factories', Buffer.from(text, 'latin1'), { 'content-type': 'application/wasm' })).body;
    for (const step of ['approve', 'activate']) await keyway.api('POST', `/connector-factories/${id}/versions/${digest}/${step}`);
    return id;
  };
  const user = async (body) => (await keyway.api('POST', '/users', body)).body;

  const close = async () => {
    while (contexts.length > 0) await contexts.pop().close();
  };
  const stop = async () => {
    await close();
    await browser.close();
    await keyway.stop();
    await aliyun.stop();
    await rm(folder, { recursive: true });
  };
  return { aliyun, keyway, folder, operators: keyway.operators, stranger, visit, application, connector, module, phoneSignIn, user, close, stop };
}

// A console for the tests of one file: it starts before them, with what `prepare` makes, and its windows close after each.
export function useConsole(prepare) {
  const site = {};
  before(async () => {
    Object.assign(site, await startConsole());
    await prepare?.(site);
  });
  afterEach(() => site.close?.());
  after(() => site.stop?.());
  return site;
}
