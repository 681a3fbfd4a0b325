// How people sign in, as an administrator sets it: methods, look and words, with the preview beside them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, useConsole } from '../lib/console.mjs';
import { freePort, startApp } from '../lib/processes.mjs';

const RESOURCE = 'https://api.tutorial.example';

const site = useConsole();

test('phone codes are switched on, and the application signs in', async () => {
  await site.connector();
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const { id, secret } = await site.application('SvelteKit app', { oidcClientMetadata: { redirectUris: [`${origin}/callback`], postLogoutRedirectUris: [`${origin}/`] } });
  await site.keyway.api('POST', '/resources', { name: 'Tutorial API', indicator: RESOURCE });
  const app = await startApp('console app', {
    PORT: String(port), ORIGIN: origin, LOGTO_ENDPOINT: `${site.keyway.endpoint}/`, LOGTO_APP_ID: id, LOGTO_APP_SECRET: secret,
    LOGTO_COOKIE_ENCRYPTION_KEY: 'a-key-of-the-tutorial', LOGTO_RESOURCE: RESOURCE,
  });
  const { page, press, open } = await site.visit();
  await open('/sign-in-experience');
  assert.ok(await page.getByLabel('Choose a password').isDisabled(), 'a forced switch is shown as such');
  await page.getByLabel('Phone', { exact: true }).first().check();
  await page.getByText('always verified').waitFor();
  await page.locator('#sign-up-username').uncheck();
  await page.locator('#sign-in-phone').check();
  await page.locator('#code-phone').check();
  await page.locator('#first-phone').selectOption('code');
  await page.frameLocator('#preview').getByLabel('Phone number').waitFor();
  await page.locator('#preview-language').selectOption('zh-CN');
  await page.frameLocator('#preview').getByRole('heading', { name: '登录' }).waitFor();
  const button = page.frameLocator('#preview').locator('button.primary').first();
  await page.locator('#color').fill('#0a7d4f');
  await page.frameLocator('#preview').locator('link[href*="0a7d4f"]').waitFor({ state: 'attached' });
  assert.equal(await button.evaluate((element) => getComputedStyle(element).backgroundColor), 'rgb(10, 125, 79)', 'the colour is seen before it is saved');
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  const { page: visitor, press: choose } = await site.stranger();
  await visitor.goto(app.url);
  await choose('Sign in');
  await visitor.getByRole('link', { name: 'Create account' }).click();
  await visitor.locator('#identifier').fill('+86 131 0000 0001');
  const sent = site.aliyun.messages.length;
  await choose('Continue');
  await site.aliyun.moreThan(sent);
  await visitor.getByLabel('Code').fill(site.aliyun.to('8613100000001').code);
  await visitor.waitForURL(/\/$|complete/);
  if (visitor.url().includes('complete')) {
    await visitor.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await choose('Continue');
  }
  await visitor.locator('#user').waitFor();
  await app.stop();
  await open('');
  assert.match(await page.locator('main').textContent(), /4 \/ 4 steps done/);
});

test('sign-in methods are put in order by keyboard and by dragging, and the preview follows', async () => {
  await site.connector();
  await site.phoneSignIn();
  const { page, press, open } = await site.visit();
  await open('/sign-in-experience');
  for (const kind of ['username', 'email']) await page.locator(`#sign-in-${kind}`).setChecked(kind === 'username');
  const order = () => page.locator('.method legend').allTextContents();
  const first = await order();
  await page.getByRole('button', { name: `Move: ${first[1]}, 2 / 3` }).focus();
  await page.keyboard.press('ArrowUp');
  assert.deepEqual(await order(), [first[1], first[0], first[2]]);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), `Move: ${first[1]}, 1 / 3`);
  const handle = page.getByRole('button', { name: `Move: ${first[1]}, 1 / 3` });
  await handle.evaluate((element) => element.closest('section').scrollIntoView({ block: 'center' }));
  await handle.hover();
  const box = await page.locator('.sortable li').nth(1).boundingBox();
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + box.height - 12, { steps: 8 });
  await page.mouse.up();
  assert.deepEqual(await order(), first, 'dragged back');
  await page.getByRole('button', { name: `Move: ${first[0]}, 1 / 3` }).focus();
  await page.keyboard.press('ArrowDown');
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  const { methods } = (await site.keyway.api('GET', '/sign-in-exp')).body.signIn;
  const named = { phone: 'Phone', username: 'Username', email: 'E-mail' };
  assert.deepEqual(methods.map((method) => named[method.identifier]), (await order()).filter((label) => methods.some((method) => named[method.identifier] === label)));
  await page.locator('#sign-in-username').uncheck();
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
});

test('a logo is uploaded and seen in the preview, in the dark too', async () => {
  const { page, open } = await site.visit();
  await open('/sign-in-experience');
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const choose = async (file) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Upload… Logo address', exact: true }).click()]);
    await chooser.setFiles(file);
  };
  await choose({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') });
  await page.getByText('This is no picture that can be read').waitFor();
  await choose({ name: 'logo.png', mimeType: 'image/png', buffer: png });
  await page.waitForFunction(() => /\/images\/[0-9a-f]{64}\.png$/.test(document.querySelector('#logo').value));
  const logo = page.frameLocator('#preview').locator('.logo');
  await logo.waitFor();
  await page.waitForFunction(() => document.querySelector('#preview').contentDocument.querySelector('.logo')?.naturalWidth === 1);
  const back = () => page.frameLocator('#preview').locator('body').evaluate((body) => getComputedStyle(body.querySelector('.card')).backgroundColor);
  assert.equal(await back(), 'rgb(255, 255, 255)');
  await page.locator('#preview-scheme').selectOption('dark');
  await page.frameLocator('#preview').locator('link[href="/console/preview/style.css?preview_scheme=dark"]').waitFor({ state: 'attached' });
  assert.equal(await back(), 'rgb(23, 26, 32)');
  await page.locator('#css').fill('h1 { letter-spacing: 4px; }');
  await page.waitForFunction(() => {
    const { contentDocument, contentWindow } = document.querySelector('#preview');
    const title = contentDocument?.querySelector('h1');
    return title && contentWindow.getComputedStyle(title).letterSpacing === '4px';
  });
});

test("the pages' words are changed by an admin", async () => {
  const { page, press, open } = await site.visit();
  await open('/phrases?language=en');
  await page.getByLabel('Search').fill('forgot_password');
  assert.equal(await page.locator('.sentence:visible').count(), 1);
  await page.getByLabel('Search').fill('');
  await page.locator('#sign_in').fill('Come in');
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  assert.deepEqual((await site.keyway.api('GET', '/custom-phrases/en')).body.translation, { sign_in: 'Come in' });
  await page.locator('#sign_in').fill('');
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
});
