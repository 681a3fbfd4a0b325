// Connectors and modules in the console: the form that is made from a schema, test messages, and a stranger's module.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { KEY, TEMPLATES } from '../lib/aliyun.mjs';
import { useConsole } from '../lib/console.mjs';
import { CONFIG } from '../lib/setup.mjs';

const site = useConsole();

test('Aliyun by the generated form, with three mistakes on the way, and a test message', async () => {
  const { page, press, open, name } = await site.visit();
  await open('/connectors/new');
  await page.getByRole('link', { name: /^.{0,4}Aliyun Short Message Service/ }).click();
  await name('/accessKeyId').waitFor();
  await name('/signName').fill(KEY.signName);
  for (const index of TEMPLATES.keys()) await name(`/templates/${index}/templateCode`).fill(TEMPLATES[index]);
  await press('Save and done');
  await page.locator('[aria-invalid=true]').first().waitFor();
  assert.equal(await name('/accessKeyId').getAttribute('aria-invalid'), 'true', 'the empty key is named at its field');
  assert.equal(await name('/signName').inputValue(), KEY.signName, 'nothing that was typed is lost');

  await name('/accessKeyId').fill(KEY.id);
  await name('/accessKeySecret').fill('a wrong secret');
  await page.getByLabel('Phone number with the country code').fill('+86 130 1234 5678');
  await press('Send');
  await page.getByRole('alert').filter({ hasText: 'Not sent.' }).waitFor();
  assert.match(await page.getByRole('alert').first().textContent(), /SignatureDoesNotMatch/, "the provider's own word");

  await press('JSON');
  await page.locator('#raw').fill('{ "accessKeyId": ');
  await press('Save and done');
  await page.locator('#raw-problem').waitFor();
  await page.locator('#raw').fill(JSON.stringify(CONFIG));
  await press('Form');
  await name('/accessKeyId').waitFor();
  await press('Send');
  await page.getByText('Sent. The provider said:').waitFor();
  assert.equal(site.aliyun.to('8613012345678').code, '000000');
  await press('Save and done');
  await page.getByText('Saved.').waitFor();
  assert.notEqual(await name('/accessKeySecret').inputValue(), KEY.secret);
  assert.ok(!(await page.content()).includes(KEY.secret), 'secrets never in HTML');
});

test('a connector is switched off and on again, and serves nobody in between', async () => {
  const connector = await site.connector();
  const { page, press, open } = await site.visit();
  await open(`/connectors/${connector.id}`);
  await press('Switch off');
  await page.getByText('It serves nobody').waitFor();
  assert.equal((await site.keyway.api('GET', `/connectors/${connector.id}`)).body.enabled, false);
  const refused = await site.keyway.api('PATCH', '/sign-in-exp', { signUp: { identifiers: ['phone'], password: false, verify: true } });
  assert.equal(refused.status, 400, 'phone needs a connector that serves');
  await open('/connectors');
  await page.locator('.tile .badge', { hasText: 'Off' }).waitFor();
  await open(`/connectors/${connector.id}`);
  await press('Switch on');
  await page.getByText('Nothing goes through it').waitFor();
});

test('entries of the form are added, moved and removed', async () => {
  const connector = await site.connector();
  const { page, press, open, name } = await site.visit();
  await open(`/connectors/${connector.id}`);
  await page.locator('.entry').first().waitFor();
  const count = () => page.locator('.entry').count();
  const before = await count();
  await press('+ Add Templates');
  await page.locator('.entry').nth(before).waitFor();
  await name(`/templates/${before}/usageType`).fill('BindNewIdentifier');
  await page.getByRole('button', { name: `Move up: Templates ${before + 1}` }).click();
  await page.waitForFunction((index) => document.querySelector(`[name="/templates/${index}/usageType"]`)?.value === 'BindNewIdentifier', before - 1);
  await page.getByRole('button', { name: `Remove: Templates ${before}` }).click();
  await page.locator('.entry').nth(before).waitFor({ state: 'detached' });
  assert.equal(await count(), before);
});

test("a stranger's module: uploaded, shown with what it asks for, approved, activated, set up, tested", async () => {
  await site.connector();
  const { page, press, follow, open, name } = await site.visit();
  const official = await readFile(new URL('aliyun-sms.wasm', `file://${process.env.KEYWAY_CONNECTORS}/`));
  const text = official.toString('latin1').replaceAll('aliyun-short-message-service', 'acmeco-short-message-service');
  const file = path.join(site.folder, 'acme.wasm');
  await writeFile(file, 'not a module');
  await open('/modules/new');
  await page.locator('#module').setInputFiles(file);
  await page.getByText('This is not a WebAssembly component.').waitFor();
  await writeFile(file, Buffer.from(text, 'latin1'));
  await page.locator('#module').setInputFiles(file);
  await page.getByText('Uploaded and checked.').waitFor();
  const shown = await page.locator('main').textContent();
  assert.ok(shown.includes('dysmsapi.aliyuncs.com') && shown.includes('accessKeySecret'), shown);
  await press('Approve');
  await page.getByText('Approved. Activate it').waitFor();
  await press('Activate');
  await page.getByText('Active on every node').waitFor();
  await follow('Set up');
  await name('/accessKeyId').fill(KEY.id);
  await name('/accessKeySecret').fill(KEY.secret);
  await name('/signName').fill(KEY.signName);
  for (const index of TEMPLATES.keys()) await name(`/templates/${index}/templateCode`).fill(TEMPLATES[index]);
  await page.getByText('Routing', { exact: true }).click();
  await page.getByLabel('Country codes').fill('8614');
  await page.getByLabel('Stand beside').check();
  await page.getByLabel('Phone number with the country code').fill('+86 147 0000 0001');
  await press('Send');
  await page.getByText('Sent. The provider said:').waitFor();
  await press('Save and done');
  await page.getByText('Saved.').waitFor();
  assert.equal((await site.keyway.api('GET', '/connectors')).body.length, 2);
});
