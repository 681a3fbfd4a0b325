// The console in a real browser: an admin follows the tutorial by clicking, uploads a stranger's module, and every page is looked
// at by axe in both languages, light and dark.
import assert from 'node:assert/strict';
import { readFile, writeFile, mkdtemp, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';

import { Aliyun, KEY, TEMPLATES } from '../lib/aliyun.mjs';
import { markupProblems } from '../lib/markup.mjs';
import { freePort, startApp, startKeyway } from '../lib/processes.mjs';

const RESOURCE = 'https://api.tutorial.example';
const PASSWORD = 'bright canal of seven maples';
const HOSTILE = '"><img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>{{7*7}}';
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.KEYWAY_SCREENSHOTS;

let aliyun, keyway, browser, context, page, app, folder;

const press = (name) => page.getByRole('button', { name, exact: true }).click();
const follow = (name) => page.getByRole('link', { name, exact: true }).click();
const notice = () => page.getByRole('status').first();
const open = (address) => page.goto(`${keyway.operators}/console${address}`);
const name = (pointer) => page.locator(`[name="${pointer}"]`);

async function newVisitor(options = {}) {
  await context?.close();
  context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
}

async function signIn() {
  await open('');
  await page.locator('#identifier').fill('admin');
  await page.locator('#password').fill(PASSWORD);
  await page.locator('button.primary').click();
  await page.waitForURL(`${keyway.operators}/console`);
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'console-'));
  aliyun = await new Aliyun().start();
  keyway = await startKeyway({
    KEYWAY_EGRESS_REWRITE: `https://dysmsapi.aliyuncs.com=http://127.0.0.1:${aliyun.port}`,
    KEYWAY_CONFIG: new URL('../keyway.toml', import.meta.url).pathname,
  });
  await keyway.api('POST', '/resources', { name: 'Tutorial API', indicator: RESOURCE });
  browser = await chromium.launch({ executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  await newVisitor();
});

after(async () => {
  await browser?.close();
  await app?.stop();
  await keyway?.stop();
  await aliyun?.stop();
  await rm(folder, { recursive: true });
});

describe('console', { concurrency: false }, () => {
  test('the first admin is made by the one-time link and is signed in at once', async () => {
    await page.goto(keyway.welcome());
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press('Create account');
    await page.getByText('steps done').waitFor();
    assert.match(await page.locator('main').textContent(), /0 \/ 4 steps done/);
  });

  test('nothing of the console is served to strangers, to other sites, or on the users\' listener', async () => {
    const bare = await fetch(`${keyway.operators}/console/users`, { redirect: 'manual' });
    assert.equal(bare.status, 303);
    assert.match(bare.headers.get('location'), /^\/console\/sign-in\?to=%2Fconsole%2Fusers/);
    assert.equal((await fetch(`${keyway.endpoint}/console`, { redirect: 'manual' })).status, 404);
    const cookie = (await context.cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
    const forged = async (headers) => (await fetch(`${keyway.operators}/console/users`, { method: 'POST', redirect: 'manual', headers: { cookie, ...headers }, body: new URLSearchParams({ username: 'forged' }) })).status;
    assert.equal(await forged({}), 400, 'csrf: silence is refused');
    assert.equal(await forged({ origin: 'https://evil.example' }), 400, 'csrf: another origin');
    const shown = await fetch(`${keyway.operators}/console`, { headers: { cookie } });
    assert.equal(shown.status, 200);
    assert.match(shown.headers.get('content-security-policy'), /frame-ancestors 'none'/, 'clickjacking');
    assert.equal(shown.headers.get('x-frame-options'), 'DENY');
  });

  test('a SvelteKit application with its guide, secret and redirect addresses', async () => {
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
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    await page.getByLabel('Redirect URIs', { exact: true }).fill('not an address');
    await press('Save changes');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Redirect URIs', { exact: true }).fill(`${origin}/callback`);
    await page.getByLabel('Post sign-out redirect URIs').fill(`${origin}/`);
    await press('Save changes');
    await page.getByText('Saved.').waitFor();
    app = await startApp('console app', {
      PORT: String(port), ORIGIN: origin, LOGTO_ENDPOINT: `${keyway.endpoint}/`, LOGTO_APP_ID: id, LOGTO_APP_SECRET: secret,
      LOGTO_COOKIE_ENCRYPTION_KEY: 'a-key-of-the-tutorial', LOGTO_RESOURCE: RESOURCE,
    });
  });

  test('Aliyun by the generated form, with three mistakes on the way, and a test message', async () => {
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
    const config = { accessKeyId: KEY.id, accessKeySecret: KEY.secret, signName: KEY.signName, templates: ['Register', 'SignIn', 'ForgotPassword', 'Generic'].map((usageType, index) => ({ usageType, templateCode: TEMPLATES[index] })) };
    await page.locator('#raw').fill(JSON.stringify(config));
    await press('Form');
    await name('/accessKeyId').waitFor();
    await press('Send');
    await page.getByText('Sent. The provider said:').waitFor();
    assert.equal(aliyun.to('8613012345678').code, '000000');
    await press('Save and done');
    await page.getByText('Saved.').waitFor();
    assert.notEqual(await name('/accessKeySecret').inputValue(), KEY.secret);
    assert.ok(!(await page.content()).includes(KEY.secret), 'secrets never in HTML');
  });

  test('a connector is switched off and on again, and serves nobody in between', async () => {
    await press('Switch off');
    await page.getByText('It serves nobody').waitFor();
    const [connector] = (await keyway.api('GET', '/connectors')).body;
    assert.equal(connector.enabled, false);
    const refused = await keyway.api('PATCH', '/sign-in-exp', { signUp: { identifiers: ['phone'], password: false, verify: true } });
    assert.equal(refused.status, 400, 'phone needs a connector that serves');
    await open('/connectors');
    await page.locator('.tile .badge', { hasText: 'Off' }).waitFor();
    await open(`/connectors/${connector.id}`);
    await press('Switch on');
    await page.getByText('Nothing goes through it').waitFor();
  });

  test('entries of the form are added, moved and removed', async () => {
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

  test('phone codes are switched on, and the application signs in', async () => {
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
    await newVisitor();
    await page.goto(app.url);
    await press('Sign in');
    await page.getByRole('link', { name: 'Create account' }).click();
    await page.locator('#identifier').fill('+86 131 0000 0001');
    const sent = aliyun.messages.length;
    await press('Continue');
    await aliyun.moreThan(sent);
    await page.getByLabel('Code').fill(aliyun.to('8613100000001').code);
    await page.waitForURL(/\/$|complete/);
    if (page.url().includes('complete')) {
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await press('Continue');
    }
    await page.locator('#user').waitFor();
    await newVisitor();
    await signIn();
    assert.match(await page.locator('main').textContent(), /4 \/ 4 steps done/);
  });

  test("a stranger's module: uploaded, shown with what it asks for, approved, activated, set up, tested", async () => {
    const official = await readFile(new URL('aliyun-sms.wasm', `file://${process.env.KEYWAY_CONNECTORS}/`));
    const text = official.toString('latin1').replaceAll('aliyun-short-message-service', 'acmeco-short-message-service');
    const file = path.join(folder, 'acme.wasm');
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
    assert.equal((await keyway.api('GET', '/connectors')).body.length, 2);
  });

  test('stored xss: whatever a name holds is text on every page', async () => {
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
    await keyway.api('PUT', '/custom-phrases/en', { forgot_password: HOSTILE });
    for (const address of [machine, `${keyway.operators}/console/settings`, `${keyway.operators}/console/phrases?language=en`, `${keyway.operators}/console/users?older=${encodeURIComponent(`1.${HOSTILE}`)}`, user, application, `${keyway.operators}/console/users?search=${encodeURIComponent(HOSTILE)}`, `${keyway.operators}/console/applications`, `${keyway.operators}/console/logs?event=${encodeURIComponent(HOSTILE)}`]) {
      await page.goto(address);
      assert.notEqual(await page.title(), 'owned', address);
      assert.equal(await page.locator('main img, main script').count(), 0, address);
    }
    await keyway.api('DELETE', '/custom-phrases/en');
  });

  test('a destructive action asks first and names the thing; a suspended user is shown so', async () => {
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

  test('what is not there is said on a page, not in JSON', async () => {
    const answer = await open('/users/nobody');
    assert.equal(answer.status(), 404);
    assert.match(answer.headers()['content-type'], /text\/html/);
    await page.getByText('There is no such thing here.').waitFor();
  });

  test('sign-in methods are put in order by keyboard and by dragging, and the preview follows', async () => {
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
    const { methods } = (await keyway.api('GET', '/sign-in-exp')).body.signIn;
    const named = { phone: 'Phone', username: 'Username', email: 'E-mail' };
    assert.deepEqual(methods.map((method) => named[method.identifier]), (await order()).filter((label) => methods.some((method) => named[method.identifier] === label)));
    await page.locator('#sign-in-username').uncheck();
    await press('Save changes');
    await page.getByText('Saved.').waitFor();
  });

  test('a logo is uploaded and seen in the preview, in the dark too', async () => {
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

  test("the pages' words are changed by an admin, and an application has its own look", async () => {
    await open('/phrases?language=en');
    await page.getByLabel('Search').fill('forgot_password');
    assert.equal(await page.locator('.sentence:visible').count(), 1);
    await page.getByLabel('Search').fill('');
    await page.locator('#sign_in').fill('Come in');
    await press('Save changes');
    await page.getByText('Saved.').waitFor();
    assert.deepEqual((await keyway.api('GET', '/custom-phrases/en')).body.translation, { sign_in: 'Come in' });
    await page.locator('#sign_in').fill('');
    await press('Save changes');
    await page.getByText('Saved.').waitFor();
    const application = (await keyway.api('GET', '/applications')).body.find((one) => one.name === 'SvelteKit app').id;
    await open(`/applications/${application}`);
    await page.getByLabel('Name on the pages').fill('The shop');
    await page.getByLabel('Colours of its own').check();
    await page.locator('#branding #color').fill('#0a7d4f');
    await page.getByRole('button', { name: /^Save changes: Look/ }).click();
    await page.getByText('Saved.').waitFor();
    const look = (await keyway.api('GET', `/applications/${application}/sign-in-experience`)).body;
    assert.deepEqual([look.displayName, look.color.primaryColor], ['The shop', '#0a7d4f']);
  });

  test('signing keys are rotated: published before they sign, and kept while they are needed', async () => {
    const keys = async () => (await (await fetch(`${keyway.endpoint}/oidc/jwks`)).json()).keys.map((key) => key.kid);
    const [first] = await keys();
    await open('/settings');
    await press('Rotate');
    await page.getByText('Created.').waitFor();
    assert.equal((await keys()).length, 2, 'the next key is published');
    assert.equal((await keyway.api('GET', '/users')).status, 200);
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
    assert.equal((await keyway.api('GET', '/users')).status, 200, 'a token of the previous key is still good');
    assert.equal((await keyway.api('DELETE', `/configs/oidc/private-keys/${signs}`)).status, 422, 'the key that signs stays');
    assert.equal((await keyway.api('DELETE', `/configs/oidc/private-keys/${'x'.repeat(21)}`)).status, 404);
    assert.equal((await keyway.api('POST', '/configs/oidc/private-keys/rotate', { signingKeyAlgorithm: 'RSA' })).status, 422);
  });

  test('privilege escalation: an administrator with one duty is made by a link and sees no more than that', async () => {
    await open('/settings');
    await page.locator('#username').fill('viewer');
    await page.locator('#everything').uncheck();
    await page.locator('[id="connectors:view"]').check();
    await press('Add an administrator');
    const link = await page.locator('.copy code').first().textContent();
    const other = await browser.newContext({ locale: 'en-US' });
    const visitor = await other.newPage();
    await visitor.goto(link);
    await visitor.locator('#password').fill('12345678');
    await visitor.getByRole('button', { name: 'Save' }).click();
    await visitor.getByRole('alert').waitFor();
    await visitor.locator('#password').fill(PASSWORD);
    await visitor.getByRole('button', { name: 'Save' }).click();
    await visitor.locator('#identifier').fill('viewer');
    await visitor.locator('#password').fill(PASSWORD);
    await visitor.locator('button.primary').click();
    await visitor.waitForURL(`${keyway.operators}/console`);
    assert.equal((await visitor.goto(`${keyway.operators}/console/connectors`)).status(), 200);
    for (const closed of ['/users', '/settings', '/logs', '/phrases', '/applications', '/sign-in-experience', `/images/${'0'.repeat(64)}.png`]) {
      assert.equal((await visitor.goto(`${keyway.operators}/console${closed}`)).status(), 403, closed);
    }
    assert.equal((await visitor.goto(link)).status(), 400, 'the link is used up');
    await open('/settings');
    await page.getByRole('row', { name: /viewer/ }).getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Deleted.').waitFor();
    const gone = await visitor.goto(`${keyway.operators}/console/connectors`);
    assert.match(visitor.url(), /sign-in/, `access ends at once (${gone.status()})`);
    await other.close();
  });

  test("session fixation and revocation: a user's sessions are seen and ended one by one, a password link works once", async () => {
    const user = (await keyway.api('GET', '/users?search=8613100000001')).body[0].id;
    const { sessions } = (await keyway.api('GET', `/users/${user}/sessions`)).body;
    assert.equal(sessions.length, 1);
    await open(`/users/${user}`);
    await page.getByRole('button', { name: /^End: / }).click();
    await page.getByText('Signed in nowhere.').waitFor();
    assert.deepEqual((await keyway.api('GET', `/users/${user}/sessions`)).body.sessions, []);
    assert.equal((await keyway.api('DELETE', `/users/${user}/sessions/${sessions[0].payload.uid}`)).status, 404);
    await page.getByRole('heading', { name: 'Password link' }).locator('..').getByRole('button', { name: 'Create' }).click();
    const link = await page.locator('.copy code').first().textContent();
    const token = new URL(link).searchParams.get('token');
    const set = () => fetch(`${keyway.endpoint}/set-password`, { method: 'POST', body: new URLSearchParams({ token, password: 'walks of nine herons' }) });
    const answers = await Promise.all(Array.from({ length: 20 }, set));
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1, 'of twenty at once one sets the password');
    assert.equal((await fetch(`${link}x`)).status, 400, 'a forged link');
    assert.equal((await fetch(`${keyway.operators}/set-password?token=${encodeURIComponent(token)}`)).status, 400, "another tenant's link");
  });

  test('what is refused is shown as it was typed, switches too', async () => {
    const application = (await keyway.api('GET', '/applications')).body.find((one) => one.name === 'SvelteKit app').id;
    await open(`/applications/${application}`);
    await page.locator('form #name').fill('Another name');
    await page.locator('#rotate_refresh').uncheck();
    await page.locator('#id_token_ttl').fill('5');
    await page.getByRole('button', { name: 'Save changes', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: '60 to 86400' }).waitFor();
    assert.equal(await page.locator('form #name').inputValue(), 'Another name');
    assert.equal(await page.locator('#rotate_refresh').isChecked(), false);
    assert.equal(await page.locator('#id_token_ttl').inputValue(), '5');
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
    await open('/settings');
    await page.locator('#machine').fill('Terraform');
    await page.locator('#api').getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Terraform' }).waitFor();
    await open('/settings');
    await page.locator('#api').getByRole('link', { name: 'Terraform' }).waitFor();
    assert.match(await page.locator('#about').textContent(), /SQLite/);
  });

  test('the list of users goes on to older ones and back', async () => {
    for (let made = 0; made < 25; made += 1) await keyway.api('POST', '/users', { username: `many${made}` });
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

  test('by keyboard alone: an application is made, every control of every page is reached, and the eye can follow', async () => {
    await open('');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('applications');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/console\/applications$/);
    const tabTo = async (wanted) => {
      for (let pressed = 0; pressed < 60; pressed += 1) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((text) => document.activeElement.matches(text), wanted)) return;
      }
      assert.fail(`${wanted} is not reached`);
    };
    await tabTo('a[href="/console/applications/new"].primary');
    await page.keyboard.press('Enter');
    await page.waitForURL(/applications\/new$/);
    await tabTo('input[type=radio]');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await tabTo('input[name=name]');
    await page.keyboard.type('Made by keyboard');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Made by keyboard' }).waitFor();
    const application = new URL(page.url()).pathname.replace('/console', '');
    const connector = (await keyway.api('GET', '/connectors')).body[0].id;
    const user = (await keyway.api('GET', '/users')).body[0].id;
    const missed = [];
    for (const address of ['', '/applications/new', application, '/connectors', `/connectors/${connector}`, '/modules/new', '/modules/acmeco-short-message-service', '/sign-in-experience', '/settings', '/users', `/users/${user}`, '/logs']) {
      await open(address);
      const count = await page.evaluate(() => {
        const shown = (element) => element.checkVisibility() && !element.closest('dialog:not([open])') && getComputedStyle(element).visibility === 'visible';
        const first = (element) => element.type !== 'radio' || element === (document.querySelector(`[name="${element.name}"]:checked`) ?? document.querySelector(`[name="${element.name}"]`));
        const stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')].filter((element) => !element.disabled && element.tabIndex >= 0 && shown(element) && first(element));
        stops.forEach((element, index) => { element.dataset.stop = index; });
        return stops.length;
      });
      // A date field stops at day, month, year and calendar.
      const inner = 3 * await page.locator('input[type=date]').count();
      const reached = new Set();
      for (let pressed = 0; pressed < count + inner + 4; pressed += 1) {
        await page.keyboard.press('Tab');
        const [stop, seen, name] = await page.evaluate(() => {
          const style = getComputedStyle(document.activeElement);
          return [document.activeElement.dataset.stop, style.outlineStyle !== 'none' || style.boxShadow !== 'none' || document.activeElement.matches('body, iframe, .hidden-input'), document.activeElement.outerHTML.slice(0, 120)];
        });
        if (stop !== undefined) reached.add(stop);
        if (!seen) missed.push(`${address}: the focus is not seen at ${name}`);
      }
      if (reached.size < count) missed.push(`${address}: ${count - reached.size} of ${count} are not reached`);
    }
    assert.deepEqual(missed, []);
  });

  test('by keyboard alone: the palette leads to a page', async () => {
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

  test('axe finds nothing on any page, in both languages, light and dark, on a phone', async () => {
    const found = [];
    const application = (await keyway.api('GET', '/applications')).body.find((one) => one.name === 'SvelteKit app').id;
    const connector = (await keyway.api('GET', '/connectors')).body[0].id;
    const user = (await keyway.api('GET', '/users')).body[0].id;
    const log = (await keyway.api('GET', '/logs')).body[0].id;
    const pages = ['', '/applications', '/applications/new', `/applications/${application}`, '/connectors', '/connectors/new', `/connectors/${connector}`, '/connectors/set-up/simple-mail-transfer-protocol', '/connectors/set-up/oidc', '/modules/new', '/modules/acmeco-short-message-service', '/sign-in-experience', '/phrases', '/settings', '/users', '/users/new', `/users/${user}`, '/users?search=nobody', '/logs', `/logs/${log}`];
    for (const [locale, colorScheme, width] of [['en-US', 'light', 1280], ['zh-CN', 'dark', 1600], ['en-US', 'dark', 360]]) {
      await newVisitor({ locale, colorScheme, viewport: { width, height: 800 } });
      await signIn();
      for (const address of pages) {
        const answer = await open(address);
        const label = `${address || '/home'} ${locale} ${colorScheme} ${width}`;
        if (screenshots) {
          await mkdir(screenshots, { recursive: true });
          await page.screenshot({ path: path.join(screenshots, `${label.replaceAll(/[^\w-]+/g, '_')}.png`), fullPage: true });
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) found.push(`${label}: ${wide} px too wide`);
        for (const problem of await markupProblems(await answer.text())) found.push(`${label}: ${problem}`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
        for (const violation of violations) found.push(`${label}: ${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
      }
    }
    assert.deepEqual(found, []);
  });
});
