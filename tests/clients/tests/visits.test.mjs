// What people do with the sign-in pages beside going straight on: several at once, Back, another page first, no connection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort } from '../lib/processes.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { launch, register, startPlaces } from '../lib/visits.mjs';

const ADA = { username: 'ada', primaryPhone: '8613512340001', password: 'green hills far away' };

let server, keyway, places, browser, shop, forum;

before(async () => {
  places = await startPlaces();
  server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
  ({ keyway } = server);
  [shop, forum] = [await register(keyway, 'Shop', `${places.origin}/shop`), await register(keyway, 'Forum', `${places.origin}/forum`)];
  const made = await keyway.api('POST', '/users', ADA);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await places?.stop();
});

// A new browser; `tabs` at once.
async function visit(look, tabs = 1) {
  const context = await browser.newContext({ locale: 'en-US' });
  const pages = [];
  for (let tab = 0; tab < tabs; tab += 1) pages.push(await context.newPage());
  try {
    await look(...pages);
  } finally {
    await context.close();
  }
}

async function signIn(page) {
  await page.getByRole('link', { name: 'Use a password instead' }).click();
  await page.locator('#identifier').fill(`+${ADA.primaryPhone}`);
  await page.locator('#password').fill(ADA.password);
  await page.locator('button[value=password]').click();
}

test('two sign-in pages of one browser are both finished, each in its own application', () => visit(async (one, two) => {
  await one.goto(shop.begin());
  await two.goto(forum.begin());
  await one.reload();
  await one.getByRole('link', { name: '简体中文' }).click();
  await one.getByRole('link', { name: 'English' }).click();
  assert.equal(await one.locator('.lead strong').textContent(), 'Shop');
  await signIn(one);
  await one.waitForURL(`${shop.redirectUri}?**`);
  await signIn(two);
  await two.waitForURL(`${forum.redirectUri}?**`);
}, 2));

// A server with the limits of the product, where only what `limits` says differs, at an address of plain http off this machine.
async function careful(limits, test) {
  const folder = mkdtempSync(path.join(tmpdir(), 'visits-'));
  const config = path.join(folder, 'keyway.toml');
  writeFileSync(config, limits);
  const port = await freePort();
  const own = await startWithAliyun({
    KEYWAY_CONFIG: config, KEYWAY_EXEMPT_LOCAL: 'false', KEYWAY_PORT: String(port), KEYWAY_ENDPOINT: `http://id.test:${port}`,
  });
  const window = await launch('--host-resolver-rules=MAP id.test 127.0.0.1');
  try {
    const page = await (await window.newContext({ locale: 'en-US' })).newPage();
    page.setDefaultTimeout(15_000);
    const application = await register(own.keyway, 'Shop', `${places.origin}/shop`);
    const begin = () => application.begin().replace(own.keyway.endpoint, `http://id.test:${port}`);
    await test({ page, begin, application, ...own });
  } finally {
    await window.close();
    await own.stop();
    rmSync(folder, { recursive: true });
  }
}

const ask = async (page, phone) => {
  await page.locator('#identifier').fill(`+${phone}`);
  await page.locator('button.primary').click();
};

test('plain http off this machine: Back and another page first lead to the code that is on its way, and it works', () =>
  careful('', async ({ page, begin, aliyun, keyway, application }) => {
    const phone = '8613512340011';
    const made = await keyway.api('POST', '/users', { username: 'grace', primaryPhone: phone, password: ADA.password });
    assert.equal(made.status, 200);
    await page.goto(begin());
    await ask(page, phone);
    await page.locator('#code').waitFor();
    await aliyun.moreThan(0);
    await page.goBack();
    await ask(page, phone);
    await page.locator('#code').waitFor();
    assert.match(await page.locator('[data-wait]').textContent(), /\d/, 'it says when another can be asked for');
    assert.equal(aliyun.messages.length, 1, 'no second message');
    await page.locator('#code').fill(aliyun.to(phone).code);
    await page.waitForURL(`${application.redirectUri}?**`);

    const fresh = '8613512340012';
    await page.context().clearCookies();
    await page.goto(begin());
    await ask(page, fresh);
    await page.locator('#code').waitFor();
    await aliyun.moreThan(1);
    await page.goBack();
    await page.getByRole('link', { name: 'Create account' }).click();
    await ask(page, fresh);
    await page.locator('#code').waitFor();
    assert.equal(aliyun.messages.length, 2, 'the number that was typed at Sign in first');
    await page.locator('#code').fill(aliyun.to(fresh).code);
    await page.waitForURL(/no-account|shop/);
    if (page.url().includes('no-account')) await page.locator('button.primary').click();
    await page.waitForURL(`${application.redirectUri}?**`);

    await keyway.api('PATCH', '/sign-in-exp', { forgotPasswordMethods: ['PhoneVerificationCode'] });
    await page.context().clearCookies();
    await page.goto(begin());
    await page.goto(page.url().replace('/sign-in', '/forgot-password'));
    await ask(page, phone);
    await page.locator('#code').waitFor();
    await aliyun.moreThan(2);
    await page.locator('#code').fill(aliyun.to(phone).code);
    await page.waitForURL(/new-password/);
  }));

test('where a limit is reached the page computes for a moment, and the visitor gets a code', () =>
  careful('[limits]\nunverified_per_ip_hour = 1\nproof_of_work_bits = 8\n', async ({ page, begin, aliyun }) => {
    // Web Crypto is for secure places alone; localhost is one.
    const local = begin().replace('id.test', 'localhost');
    for (const [sent, phone] of ['8613512340021', '8613512340022'].entries()) {
      await page.context().clearCookies();
      await page.goto(local);
      await page.getByRole('link', { name: 'Create account' }).click();
      await ask(page, phone);
      await page.locator('#code').waitFor();
      await aliyun.moreThan(sent);
    }
    assert.equal(aliyun.messages.length, 2);
  }));

test('a form whose request brought no page takes input again when the connection is back', () => visit(async (page) => {
  await page.goto(shop.begin());
  await page.route('**/sign-in?*', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 204 }) : route.continue()));
  await ask(page, ADA.primaryPhone);
  await page.locator('form[data-sent]').waitFor();
  await page.unroute('**/sign-in?*');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.locator('button.primary').click();
  await page.locator('#code').waitFor();
}));

test('a callback sends its user on to another origin', async () => {
  const hop = await startPlaces({ '/hop': `${places.origin.replace('127.0.0.1', 'localhost')}/home` });
  try {
    const application = await register(keyway, 'Hop', `${hop.origin}/hop`);
    await visit(async (page) => {
      await page.goto(application.begin());
      await signIn(page);
      await page.waitForURL(/localhost:\d+\/home$/);
    });
  } finally {
    await hop.stop();
  }
});

test('scripts of applications with a scheme of their own are let in, and so are the headers that interceptors add', async () => {
  const origin = 'capacitor://localhost';
  const changed = await keyway.api('PATCH', `/applications/${shop.id}`, { customClientMetadata: { corsAllowedOrigins: [origin] } });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  for (const where of ['/oidc/token', '/oidc/.well-known/openid-configuration', '/oidc/jwks']) {
    const headers = { origin, 'access-control-request-method': where === '/oidc/token' ? 'POST' : 'GET', 'access-control-request-headers': 'x-requested-with, traceparent' };
    const answer = await fetch(`${keyway.endpoint}${where}`, { method: 'OPTIONS', headers });
    assert.ok(answer.ok, `${where}: ${answer.status}`);
    assert.ok([origin, '*'].includes(answer.headers.get('access-control-allow-origin')), where);
    assert.match(answer.headers.get('access-control-allow-headers'), /\*|traceparent/, where);
  }
});
