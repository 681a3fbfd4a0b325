// Tenants in the console: an administrator makes one, registers an application there, and people sign in at the tenant's own address.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, test } from 'node:test';

import { PASSWORD, useConsole } from '../lib/console.mjs';
import { freePort, startApp } from '../lib/processes.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.KEYWAY_SCREENSHOTS;

const served = useConsole();

const addressOf = (id) => `http://${id}.localhost:${served.keyway.port}`;

// Makes a tenant by the page, as an administrator does.
async function make(id, name) {
  const { page, open, press } = await served.visit();
  await open('/tenants/new');
  await page.getByLabel('Name').fill(name);
  await page.locator('#id').fill(id);
  await page.getByLabel('Address').fill(addressOf(id));
  await press('Create');
  await page.getByText('Created.').waitFor();
}

describe('tenants in the console', { concurrency: false }, () => {
  test('what is refused of a new tenant stands at its field, and what was typed stays', async () => {
    const { page, open, press, follow } = await served.visit();
    await open('');
    await follow('Tenants');
    await follow('Create tenant');
    await page.locator('#id').fill('default');
    await page.getByLabel('Address').fill(addressOf('refused'));
    await press('Create');
    await page.locator('#id-problem').waitFor();
    assert.equal(await page.locator('#id').getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByLabel('Address').inputValue(), addressOf('refused'));
    await page.locator('#id').fill('refused');
    await page.getByLabel('Address').fill('http://refused.example.com');
    await press('Create');
    await page.locator('#address-problem').waitFor();
    assert.equal(await page.locator('#id-problem').count(), 0);
  });

  test('a tenant is made, an application registered there, and people sign in at its address', async () => {
    const { page, open, press, follow } = await served.visit();
    const acme = addressOf('acme');
    await make('acme', 'Acme Corporation');
    await open('/tenants/acme');
    assert.ok((await page.locator('main').textContent()).includes(`${acme}/oidc`));
    await follow('Administer');
    await page.waitForURL(`${served.operators}/console/tenant/acme`);
    assert.ok((await page.locator('main').textContent()).includes(acme));
    await follow('Create application: Create an application');
    await page.getByText('SvelteKit').click();
    await page.getByLabel('Name').fill('SvelteKit at Acme');
    await press('Create');
    await page.getByText('Created.').waitFor();
    assert.ok(page.url().startsWith(`${served.operators}/console/tenant/acme/applications/`), page.url());
    const id = await page.locator('.facts code').nth(2).textContent();
    await follow('Show secrets');
    await page.locator('#secrets .copy code').waitFor();
    const secret = await page.locator('#secrets .copy code').first().textContent();
    assert.ok((await page.locator('.guide').textContent()).includes(`endpoint: '${acme}'`));
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    await page.getByLabel('Redirect URIs', { exact: true }).fill(`${origin}/callback`);
    await press('Save changes');
    await page.getByText('Saved.').waitFor();
    await follow('Users');
    await follow('Create user');
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await press('Create');
    await page.getByText('Created.').waitFor();

    const app = await startApp('application of a tenant', {
      PORT: String(port), ORIGIN: origin, LOGTO_ENDPOINT: `${acme}/`, LOGTO_APP_ID: id, LOGTO_APP_SECRET: secret,
      LOGTO_COOKIE_ENCRYPTION_KEY: 'a-key-of-the-tenant', NODE_OPTIONS: `--require ${new URL('../lib/localhost.cjs', import.meta.url).pathname}`,
    });
    try {
      const visitor = await served.stranger();
      await visitor.page.goto(app.url);
      await visitor.press('Sign in');
      await visitor.page.locator('#identifier').fill('ada');
      assert.equal(new URL(visitor.page.url()).origin, acme);
      await visitor.page.locator('#password').fill(PASSWORD);
      await visitor.page.locator('button.primary').click();
      await visitor.page.locator('#user').waitFor();
      const { sub } = JSON.parse(await visitor.page.locator('#user').textContent());
      assert.equal((await open(`/tenant/acme/users/${sub}`)).status(), 200);
      assert.equal((await open(`/users/${sub}`)).status(), 404, 'nobody of the other tenant');
    } finally {
      await app.stop();
    }
  });

  test('two tabs have two tenants, and the choice, by keyboard, keeps the section', async () => {
    await make('two', 'Second tenant');
    const { page, open, context } = await served.visit();
    const other = await context.newPage();
    await other.goto(`${served.operators}/console/tenant/two/users/new`);
    await open('/users');
    await other.locator('#username').fill('someone');
    await other.getByRole('button', { name: 'Create', exact: true }).click();
    await other.getByText('Created.').waitFor();
    assert.ok(other.url().startsWith(`${served.operators}/console/tenant/two/users/`), other.url());
    await open('/users');
    assert.equal(await page.getByText('someone').count(), 0, 'the form wrote where it stood');
    await page.locator('details.tenant summary').focus();
    await page.keyboard.press('Enter');
    const choice = page.locator('details.tenant').getByRole('link', { name: /Second tenant/ });
    while (!await choice.evaluate((link) => link === document.activeElement)) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${served.operators}/console/tenant/two/users`);
    await page.getByText('someone').first().waitFor();
    assert.match(await page.title(), /Second tenant/);
  });

  test('pages of tenants are accessible, fit narrow screens and speak both languages', async () => {
    await make('look', 'A tenant with a name that is long enough to be cut somewhere');
    if (screenshots) await mkdir(screenshots, { recursive: true });
    for (const [locale, colorScheme, width] of [['en-US', 'light', 1280], ['zh-CN', 'dark', 1280], ['en-US', 'dark', 390]]) {
      const { page, open } = await served.visit({ locale, colorScheme, viewport: { width, height: 800 } });
      for (const address of ['/tenants', '/tenants/new', '/tenants/look', '/tenant/look', '/tenant/look/tenants', '/tenant/nobody']) {
        await open(address);
        const menu = page.locator('.menu');
        if (await menu.isVisible()) await menu.click();
        await page.locator('details.tenant summary').click();
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), [], `${address} ${locale} ${colorScheme} ${width}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${address} is ${wide} px too wide at ${width}`);
        if (screenshots) await page.screenshot({ path: path.join(screenshots, `tenants${address.replaceAll('/', '-')}-${locale}-${colorScheme}-${width}.png`) });
      }
    }
  });

  test('a change of what is gone meanwhile shows that it is gone', async () => {
    const made = await served.keyway.api('POST', '/users', { username: 'soon_gone' });
    const { page, open } = await served.visit();
    await open(`/users/${made.body.id}`);
    await page.locator('#name').fill('Somebody');
    await served.keyway.api('DELETE', `/users/${made.body.id}`);
    await page.locator('#profile').getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('There is no such thing here').first().waitFor();
  });

  test('a tenant is deleted with its id typed, and its pages lead back', async () => {
    await make('gone', 'Soon gone');
    const { page, open, press, follow } = await served.visit();
    await open('/tenant/gone/tenants/gone');
    await page.locator('#confirmation').fill('Soon gone');
    await press('Delete tenant');
    await page.locator('#confirmation-problem').waitFor();
    await page.locator('#confirmation').fill('gone');
    await press('Delete tenant');
    await page.waitForURL(`${served.operators}/console/tenants`);
    await page.getByText('Deleted.').waitFor();
    await page.goBack();
    await page.getByText('This tenant is not here').waitFor();
    assert.equal((await open('/tenant/gone/users')).status(), 404);
    await follow('Back to the console');
    await page.waitForURL(`${served.operators}/console`);
  });
});
