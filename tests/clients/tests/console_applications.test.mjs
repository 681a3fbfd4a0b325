// Applications in the console: their guide, addresses, secrets and looks.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { useConsole } from '../lib/console.mjs';

const site = useConsole();

test('a SvelteKit application with its guide, secret and redirect addresses', async () => {
  const { page, press, follow, open } = await site.visit();
  await open('');
  await follow('Create application: Create an application');
  await page.getByText('SvelteKit').click();
  await page.getByLabel('Name').fill('SvelteKit app');
  await press('Create');
  await page.getByText('Created.').waitFor();
  const id = await page.locator('.facts code').nth(2).textContent();
  assert.ok((await page.locator('.guide').textContent()).includes(`appId: '${id}'`));
  await follow('Show secrets');
  await page.locator('#secrets .copy code').waitFor();
  const secret = await page.locator('#secrets .copy code').first().textContent();
  assert.ok((await page.locator('.guide').textContent()).includes(secret));
  const origin = 'http://localhost:3000';
  await page.getByLabel('Redirect URIs', { exact: true }).fill('not an address');
  await press('Save changes');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Redirect URIs', { exact: true }).fill(`${origin}/callback`);
  await page.getByLabel('Post sign-out redirect URIs').fill(`${origin}/`);
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  const made = (await site.keyway.api('GET', `/applications/${id}`)).body;
  assert.deepEqual(made.oidcClientMetadata, { redirectUris: [`${origin}/callback`], postLogoutRedirectUris: [`${origin}/`] });
});

test('an application has its own look', async () => {
  const application = (await site.application('Bookstore')).id;
  const { page, open } = await site.visit();
  await open(`/applications/${application}`);
  await page.getByLabel('Name on the pages').fill('The shop');
  await page.getByLabel('Colours of its own').check();
  await page.locator('#branding #color').fill('#0a7d4f');
  await page.getByRole('button', { name: /^Save changes: Look/ }).click();
  await page.getByText('Saved.').waitFor();
  const look = (await site.keyway.api('GET', `/applications/${application}/sign-in-experience`)).body;
  assert.deepEqual([look.displayName, look.color.primaryColor], ['The shop', '#0a7d4f']);
});

test('what is refused is shown as it was typed, switches too', async () => {
  const application = (await site.application('Bookstore')).id;
  const { page, open } = await site.visit();
  await open(`/applications/${application}`);
  await page.locator('form #name').fill('Another name');
  await page.locator('#rotate_refresh').uncheck();
  await page.locator('#id_token_ttl').fill('5');
  await page.getByRole('button', { name: 'Save changes', exact: true }).click();
  await page.getByRole('alert').filter({ hasText: '60 to 86400' }).waitFor();
  assert.equal(await page.locator('form #name').inputValue(), 'Another name');
  assert.equal(await page.locator('#rotate_refresh').isChecked(), false);
  assert.equal(await page.locator('#id_token_ttl').inputValue(), '5');
});
