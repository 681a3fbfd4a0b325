// Who gets into the console, and what is not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, useConsole } from '../lib/console.mjs';
import { startKeyway } from '../lib/processes.mjs';

const site = useConsole();

test('the first admin is made by the one-time link and is signed in at once', async () => {
  const fresh = await startKeyway();
  const { page, press } = await site.stranger();
  await page.goto(fresh.welcome());
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press('Create account');
  await page.getByText('steps done').waitFor();
  assert.match(await page.locator('main').textContent(), /0 \/ 4 steps done/);
  await fresh.stop();
});

test("nothing of the console is served to strangers, to other sites, or on the users' listener", async () => {
  const { context } = await site.visit();
  const bare = await fetch(`${site.keyway.operators}/console/users`, { redirect: 'manual' });
  assert.equal(bare.status, 303);
  assert.match(bare.headers.get('location'), /^\/console\/sign-in\?to=%2Fconsole%2Fusers/);
  assert.equal((await fetch(`${site.keyway.endpoint}/console`, { redirect: 'manual' })).status, 404);
  const cookie = (await context.cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  const forged = async (headers) => (await fetch(`${site.keyway.operators}/console/users`, { method: 'POST', redirect: 'manual', headers: { cookie, ...headers }, body: new URLSearchParams({ username: 'forged' }) })).status;
  assert.equal(await forged({}), 400, 'csrf: silence is refused');
  assert.equal(await forged({ origin: 'https://evil.example' }), 400, 'csrf: another origin');
  const shown = await fetch(`${site.keyway.operators}/console`, { headers: { cookie } });
  assert.equal(shown.status, 200);
  assert.match(shown.headers.get('content-security-policy'), /frame-ancestors 'none'/, 'clickjacking');
  assert.equal(shown.headers.get('x-frame-options'), 'DENY');
});

test('what is not there is said on a page, not in JSON', async () => {
  const { page, open } = await site.visit();
  const answer = await open('/users/nobody');
  assert.equal(answer.status(), 404);
  assert.match(answer.headers()['content-type'], /text\/html/);
  await page.getByText('There is no such thing here.').waitFor();
});

test('by keyboard alone: the palette leads to a page', async () => {
  const { page, open } = await site.visit();
  await open('');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('audit');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/console\/logs$/);
  await page.getByRole('heading', { name: 'Audit logs' }).waitFor();
  await page.goto(page.url());
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
});
