// What a newcomer sees in the first minute: `keyway serve --demo`, the demo application and its inbox.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { freePort, startKeyway } from '../lib/processes.mjs';

let keyway, browser, page, demo;

before(async () => {
  const port = await freePort();
  demo = `http://localhost:${port}`;
  keyway = await startKeyway({ KEYWAY_DEMO_PORT: String(port) }, ['--demo']);
  browser = await chromium.launch({ executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await (await browser.newContext({ locale: 'en-US' })).newPage();
});

after(async () => {
  await browser?.close();
  await keyway?.stop();
});

test('a newcomer signs up with a code from the inbox, signs out, and signs in as a sample user', async () => {
  await page.goto(demo);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.getByLabel('Phone number').fill('+86 135 0000 0001');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Code').waitFor();
  const [{ code }] = await (await fetch(`${demo}/messages`)).json();
  assert.match(code, /^\d{6}$/);
  assert.ok(keyway.output().includes(`Code ${code} for +8613500000001`), 'the terminal shows the code');
  await page.getByLabel('Code').fill(code);
  await page.getByText('You are signed in.').waitFor();
  assert.match(await page.locator('#account').textContent(), /8613500000001/);
  assert.equal(await page.locator('#messages .code').first().textContent(), code);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are not signed in.').waitFor();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Use a password instead' }).click();
  await page.getByLabel('Phone number or Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Ada Lovelace').waitFor();
});

test('the first administrator is made once', async () => {
  const [link] = keyway.output().match(/http:\S+welcome\S+/);
  await page.goto(link);
  await page.getByLabel('Username').fill('root');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  assert.match(await page.getByRole('alert').textContent(), /at least 8/);
  await page.getByLabel('Password', { exact: true }).fill('a garden of nine lamps');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL(/\/console$/);
  assert.equal((await page.goto(link)).status(), 404);
});
