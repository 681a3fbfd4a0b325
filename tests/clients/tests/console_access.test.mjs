// API resources and roles at the console: made, changed, given and taken, with a token at the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { useConsole } from '../lib/console.mjs';

const site = useConsole();

test('an API, its scopes and a role for programs are made, and a token holds what the role gives', async () => {
  const { page, press, follow, open } = await site.visit();
  await open('/resources');
  await follow('Create API resource');
  await page.getByLabel('Name').fill('Shop');
  await page.getByLabel('API identifier').fill('shop');
  await page.locator('#new-resource').evaluate((form) => { form.noValidate = true; });
  await page.locator('#new-resource').getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('alert').filter({ hasText: 'absolute address' }).waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), 'Shop', 'what was typed stays');
  await page.getByLabel('API identifier').fill('https://shop.example/api');
  await page.locator('#new-resource').getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('Created.').waitFor();
  for (const scope of ['read:orders', 'write:orders']) {
    await page.locator('#scope').fill(scope);
    await press('Add');
    await page.getByRole('cell', { name: scope, exact: true }).waitFor();
  }
  await page.getByRole('button', { name: 'Edit: write:orders' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Description').fill('Change orders');
  await dialog.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('cell', { name: 'Change orders' }).waitFor();

  const machine = (await site.keyway.api('POST', '/applications', { name: 'Robot', type: 'MachineToMachine' })).body;
  await follow('Roles');
  await follow('Create role');
  await page.locator('#new-role').getByText('Programs').click();
  await page.locator('#new-role').getByLabel('Name').fill('Reader');
  await page.locator('#new-role').getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('Created.').waitFor();
  await page.getByLabel('read:orders').check();
  await page.locator('#scopes').getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved.').waitFor();
  await page.locator('#program').selectOption({ label: 'Robot' });
  await press('Add');
  await page.locator('#members').getByRole('link', { name: 'Robot' }).waitFor();

  const token = async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://shop.example/api' });
    const authorization = `Basic ${Buffer.from(`${machine.id}:${machine.secret}`).toString('base64')}`;
    return (await fetch(`${site.keyway.endpoint}/oidc/token`, { method: 'POST', body, headers: { authorization } })).json();
  };
  assert.equal((await token()).scope, 'read:orders');
  await page.getByRole('button', { name: 'Remove: Robot' }).click();
  await page.getByText('Nobody yet.').waitFor();
  assert.equal((await token()).scope, '');
});

test('a role for people is given by a username and taken again; the Management API stays as it is', async () => {
  const ada = await site.user({ username: 'ada_reads' });
  const { page, press, open } = await site.visit();
  await open('/roles/new');
  await page.getByLabel('Name').fill('Customer');
  await page.getByLabel('Every new user gets it').check();
  await page.locator('#new-role').getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('Created.').waitFor();
  await page.locator('#user').fill('nobody_here');
  await press('Add');
  await page.getByRole('alert').filter({ hasText: 'No user is found' }).waitFor();
  assert.equal(await page.locator('#user').inputValue(), 'nobody_here', 'what was typed stays');
  await page.locator('#user').fill('ada_reads');
  await press('Add');
  await page.getByRole('button', { name: 'Remove: ada_reads' }).waitFor();
  const roles = async () => (await site.keyway.api('GET', `/users/${ada.id}/roles`)).body.map((role) => role.name);
  assert.deepEqual(await roles(), ['Customer']);
  await page.getByRole('button', { name: 'Remove: ada_reads' }).click();
  await page.getByText('Nobody yet.').waitFor();
  assert.deepEqual(await roles(), []);
  const bob = await site.user({ username: 'bob_new' });
  assert.equal((await site.keyway.api('GET', `/users/${bob.id}/roles`)).body.length, 1, 'every new user gets it');
  await page.locator('#danger').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('Deleted.').waitFor();

  await open('/resources/management-api');
  assert.equal(await page.locator('#settings, #danger, #scope').count(), 0);
});
