// Settings of the console: signing keys, administrators with duties, and programs.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, useConsole } from '../lib/console.mjs';

const site = useConsole();

test('signing keys are rotated: published before they sign, and kept while they are needed', async () => {
  const { page, press, open } = await site.visit();
  const keys = async () => (await (await fetch(`${site.keyway.endpoint}/oidc/jwks`)).json()).keys.map((key) => key.kid);
  const [first] = await keys();
  await open('/settings');
  await press('Rotate');
  await page.getByText('Created.').waitFor();
  assert.equal((await keys()).length, 2, 'the next key is published');
  assert.equal((await site.keyway.api('GET', '/users')).status, 200);
  await press('Rotate');
  await page.getByRole('alert').filter({ hasText: 'waiting to sign' }).waitFor();
  await page.locator('#keys').getByRole('button', { name: 'Delete', exact: true }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('Deleted.').waitFor();
  assert.deepEqual(await keys(), [first]);
  await page.locator('#grace').selectOption('0');
  await press('Rotate');
  await page.getByText('Created.').waitFor();
  const [signs] = await keys();
  assert.notEqual(signs, first);
  assert.equal((await site.keyway.api('GET', '/users')).status, 200, 'a token of the previous key is still good');
  assert.equal((await site.keyway.api('DELETE', `/configs/oidc/private-keys/${signs}`)).status, 422, 'the key that signs stays');
  assert.equal((await site.keyway.api('DELETE', `/configs/oidc/private-keys/${'x'.repeat(21)}`)).status, 404);
  assert.equal((await site.keyway.api('POST', '/configs/oidc/private-keys/rotate', { signingKeyAlgorithm: 'RSA' })).status, 422);
});

test('privilege escalation: an administrator with one duty is made by a link and sees no more than that', async () => {
  const { page, press, open } = await site.visit();
  await open('/settings');
  await page.locator('#username').fill('viewer');
  await page.locator('#everything').uncheck();
  await page.locator('[id="connectors:view"]').check();
  await press('Add an administrator');
  const link = await page.locator('.copy code').first().textContent();
  const { page: visitor } = await site.stranger();
  await visitor.goto(link);
  await visitor.locator('#password').fill('12345678');
  await visitor.getByRole('button', { name: 'Save' }).click();
  await visitor.getByRole('alert').waitFor();
  await visitor.locator('#password').fill(PASSWORD);
  await visitor.getByRole('button', { name: 'Save' }).click();
  await visitor.locator('#identifier').fill('viewer');
  await visitor.locator('#password').fill(PASSWORD);
  await visitor.locator('button.primary').click();
  await visitor.waitForURL(`${site.keyway.operators}/console`);
  assert.equal((await visitor.goto(`${site.keyway.operators}/console/connectors`)).status(), 200);
  for (const closed of ['/users', '/settings', '/logs', '/phrases', '/applications', '/sign-in-experience', `/images/${'0'.repeat(64)}.png`]) {
    assert.equal((await visitor.goto(`${site.keyway.operators}/console${closed}`)).status(), 403, closed);
  }
  assert.equal((await visitor.goto(link)).status(), 400, 'the link is used up');
  await open('/settings');
  await page.getByRole('row', { name: /viewer/ }).getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('Deleted.').waitFor();
  const gone = await visitor.goto(`${site.keyway.operators}/console/connectors`);
  assert.match(visitor.url(), /sign-in/, `access ends at once (${gone.status()})`);
});

test('an administrator who is refused is shown as typed, switches too', async () => {
  const { page, press, open } = await site.visit();
  await open('/settings');
  await page.locator('#username').fill('two words');
  await page.locator('#everything').uncheck();
  await page.locator('[id="connectors:test"]').check();
  await press('Add an administrator');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.locator('#username').inputValue(), 'two words');
  assert.deepEqual([await page.locator('#everything').isChecked(), await page.locator('[id="connectors:test"]').isChecked()], [false, true]);
});

test('programs get access to the API, and what runs here is told', async () => {
  const { page, open } = await site.visit();
  await open('/settings');
  await page.locator('#machine').fill('Terraform');
  await page.locator('#api').getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'Terraform' }).waitFor();
  await open('/settings');
  await page.locator('#api').getByRole('link', { name: 'Terraform' }).waitFor();
  assert.match(await page.locator('#about').textContent(), /SQLite/);
});
