// Users in the console: found, suspended, removed, their sessions, and names that are meant to do harm.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, useConsole } from '../lib/console.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

const HOSTILE = '"><img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>{{7*7}}';

const site = useConsole();

test('stored xss: whatever a name holds is text on every page', async () => {
  const { page, press, open } = await site.visit();
  await open('/users/new');
  await page.getByLabel('Username').fill('mallory');
  await page.getByLabel('Full name').fill(HOSTILE);
  await press('Create');
  await page.getByText('Created.').waitFor();
  const user = page.url();
  await open('/applications/new');
  await page.getByText('React', { exact: true }).click();
  await page.getByLabel('Name').fill(HOSTILE);
  await press('Create');
  await page.getByText('Created.').waitFor();
  const application = page.url();
  await page.getByLabel('Description').fill(HOSTILE);
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  await page.getByLabel('Name on the pages').fill(HOSTILE);
  await page.locator('#branding #css').fill(`</style>${HOSTILE}`);
  await page.getByRole('button', { name: /^Save changes: Look/ }).click();
  await page.getByText('Saved.').waitFor();
  await open('/settings');
  await page.locator('#machine').fill(HOSTILE);
  await page.locator('#api').getByRole('button', { name: 'Create' }).click();
  await page.getByText('Created.').waitFor();
  const machine = page.url();
  await page.locator('#secret_name').fill(HOSTILE);
  await press('Add a secret');
  await page.getByText('Created.').waitFor();
  await open('/settings');
  await page.locator('#username').fill(HOSTILE);
  await press('Add an administrator');
  await page.getByRole('alert').waitFor();
  await site.keyway.api('PUT', '/custom-phrases/en', { forgot_password: HOSTILE });
  for (const address of [machine, `${site.keyway.operators}/console/settings`, `${site.keyway.operators}/console/phrases?language=en`, `${site.keyway.operators}/console/users?older=${encodeURIComponent(`1.${HOSTILE}`)}`, user, application, `${site.keyway.operators}/console/users?search=${encodeURIComponent(HOSTILE)}`, `${site.keyway.operators}/console/applications`, `${site.keyway.operators}/console/logs?event=${encodeURIComponent(HOSTILE)}`]) {
    await page.goto(address);
    assert.notEqual(await page.title(), 'owned', address);
    assert.equal(await page.locator('main img, main script').count(), 0, address);
  }
  await site.keyway.api('DELETE', '/custom-phrases/en');
});

test('a destructive action asks first and names the thing; a suspended user is shown so', async () => {
  await site.user({ username: 'mallory' });
  const { page, open } = await site.visit();
  await open('/users?search=mallory');
  await page.locator('tbody a').first().click();
  await page.getByRole('button', { name: 'Suspend' }).click();
  const dialog = page.getByRole('dialog');
  assert.match(await dialog.textContent(), /Suspend/);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Suspend' }).click();
  await dialog.getByRole('button', { name: 'Suspend' }).click();
  await page.locator('.badge.bad', { hasText: 'Suspended' }).waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Deleted.').waitFor();
});

test("session fixation and revocation: a user's sessions are seen and ended one by one, a password link works once", async () => {
  const user = (await site.user({ username: 'ada', password: PASSWORD })).id;
  const visitor = new Visitor(site.keyway, await createApplication(site.keyway));
  await visitor.authorize();
  await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
  const identifier = { type: 'username', value: 'ada' };
  await visitor.step('POST', '/identification', await visitor.step('POST', '/verification/password', { identifier, password: PASSWORD }));
  await visitor.submit();
  const { page, open } = await site.visit();
  const { sessions } = (await site.keyway.api('GET', `/users/${user}/sessions`)).body;
  assert.equal(sessions.length, 1);
  await open(`/users/${user}`);
  await page.getByRole('button', { name: /^End: / }).click();
  await page.getByText('Signed in nowhere.').waitFor();
  assert.deepEqual((await site.keyway.api('GET', `/users/${user}/sessions`)).body.sessions, []);
  assert.equal((await site.keyway.api('DELETE', `/users/${user}/sessions/${sessions[0].payload.uid}`)).status, 404);
  await page.getByRole('heading', { name: 'Password link' }).locator('..').getByRole('button', { name: 'Create' }).click();
  const link = await page.locator('.copy code').first().textContent();
  const token = new URL(link).searchParams.get('token');
  const set = () => fetch(`${site.keyway.endpoint}/set-password`, { method: 'POST', body: new URLSearchParams({ token, password: 'walks of nine herons' }) });
  const answers = await Promise.all(Array.from({ length: 20 }, set));
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1, 'of twenty at once one sets the password');
  assert.equal((await fetch(`${link}x`)).status, 400, 'a forged link');
  assert.equal((await fetch(`${site.keyway.operators}/set-password?token=${encodeURIComponent(token)}`)).status, 400, "another tenant's link");
});

test('the list of users goes on to older ones and back', async () => {
  for (let made = 0; made < 25; made += 1) await site.user({ username: `many${made}` });
  const { page, press, follow, open } = await site.visit();
  await open('/users');
  const first = await page.locator('tbody a').first().textContent();
  await follow('Older');
  await page.getByRole('link', { name: 'Newer' }).waitFor();
  assert.notEqual(await page.locator('tbody a').first().textContent(), first);
  await follow('Newer');
  await page.getByRole('link', { name: 'Older', exact: true }).waitFor();
  assert.equal(await page.locator('tbody a').first().textContent(), first);
  await follow('Oldest');
  await page.getByRole('link', { name: 'Newest' }).waitFor();
  await page.getByRole('searchbox').fill('many2');
  await press('Search');
  await page.waitForURL(/search=many2/);
  assert.equal(await page.locator('tbody tr').count(), 6);
});
