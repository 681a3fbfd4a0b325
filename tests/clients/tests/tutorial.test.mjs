// Logto's SvelteKit + Aliyun SMS tutorial, step by step, with Keyway in Logto's place: the unmodified @logto/sveltekit, a
// real browser, and a fake of Aliyun that checks what Aliyun checks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { Aliyun, KEY, TEMPLATES } from '../lib/aliyun.mjs';
import { freePort, startApp, startKeyway } from '../lib/processes.mjs';

const RESOURCE = 'https://api.tutorial.example';
const PHONE = '+86 130 1234 5678';
const DIGITS = '8613012345678';
const PASSWORD = 'bright canal of seven maples';
const usages = ['SignIn', 'Register', 'ForgotPassword', 'Generic'];
const config = {
  accessKeyId: KEY.id,
  accessKeySecret: KEY.secret,
  signName: KEY.signName,
  templates: usages.map((usageType, index) => ({ usageType, templateCode: TEMPLATES[index] })),
};

const SETTINGS = {
  signUp: { identifiers: ['phone'], password: true, verify: true },
  signIn: { methods: [{ identifier: 'phone', password: true, verificationCode: true, isPasswordPrimary: false }] },
};

let aliyun, keyway, first, second, browser, context, page;
const apps = [];

// Ports do not keep cookies apart, so each application has a host name of its own.
async function createApp(name, host) {
  const port = await freePort();
  const origin = `http://${host}:${port}`;
  const created = await keyway.api('POST', '/applications', { name, type: 'Traditional' });
  assert.equal(created.status, 200);
  const { id } = created.body;
  const oidcClientMetadata = { redirectUris: [`${origin}/callback`], postLogoutRedirectUris: [`${origin}/`] };
  assert.equal((await keyway.api('PATCH', `/applications/${id}`, { oidcClientMetadata })).status, 200);
  const [{ value }] = (await keyway.api('GET', `/applications/${id}/secrets`)).body;
  const app = await startApp(name, {
    PORT: String(port), ORIGIN: origin, LOGTO_ENDPOINT: `${keyway.endpoint}/`, LOGTO_APP_ID: id, LOGTO_APP_SECRET: value,
    LOGTO_COOKIE_ENCRYPTION_KEY: 'a-key-of-the-tutorial', LOGTO_RESOURCE: RESOURCE,
  });
  apps.push(app);
  return app;
}

const alert = () => page.getByRole('alert');
const press = (name) => page.getByRole('button', { name, exact: true }).click();
const user = async () => JSON.parse(await page.locator('#user').textContent());

async function newVisitor() {
  await context?.close();
  context = await browser.newContext({ locale: 'en-US' });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
}

// Phones sign up and in, by password and code.
async function byPhone() {
  await newVisitor();
  await keyway.api('POST', '/connectors', { connectorId: 'aliyun-short-message-service', config });
  const patch = await keyway.api('PATCH', '/sign-in-exp', SETTINGS);
  assert.equal(patch.status, 200, JSON.stringify(patch.body));
}

// Somebody who signed up before.
async function member() {
  await byPhone();
  const [known] = (await keyway.api('GET', `/users?search=${DIGITS}`)).body;
  if (known) await keyway.api('PATCH', `/users/${known.id}/password`, { password: PASSWORD });
  else await keyway.api('POST', '/users', { primaryPhone: DIGITS, password: PASSWORD });
}

async function typeCode(code) {
  await page.getByLabel('Code').fill(code);
}

before(async () => {
  aliyun = await new Aliyun().start();
  keyway = await startKeyway({
    KEYWAY_EGRESS_REWRITE: `https://dysmsapi.aliyuncs.com=http://127.0.0.1:${aliyun.port}`,
    KEYWAY_CONFIG: new URL('../keyway.toml', import.meta.url).pathname,
  });
  await keyway.api('POST', '/resources', { name: 'Tutorial API', indicator: RESOURCE });
  first = await createApp('SvelteKit app', 'localhost');
  second = await createApp('Second app', '127.0.0.1');
  browser = await chromium.launch({ executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  await newVisitor();
});

after(async () => {
  await browser?.close();
  await Promise.all(apps.map((app) => app.stop()));
  await keyway?.stop();
  await aliyun?.stop();
});

// A step of the tutorial begins where the one before it ends.
test("Logto's tutorial, word for word", async (tutorial) => {
  await tutorial.test('checkpoint: username and password work before any connector exists', async () => {
    await page.goto(first.url);
    await press('Sign in');
    await page.getByRole('link', { name: 'Create account' }).click();
    await page.getByLabel('Username').fill('newcomer');
    await page.getByLabel('Password', { exact: true }).fill('12345678');
    await press('Create account');
    await alert().waitFor();
    assert.match(await alert().textContent(), /first|row of neighbours/);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press('Create account');
    await page.locator('#user').waitFor();
    assert.equal((await user()).username, 'newcomer');
    await press('Sign out');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await press('Sign in');
    await page.getByLabel('Username').fill('newcomer');
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await press('Sign in');
    assert.match(await alert().textContent(), /not right/);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press('Sign in');
    await page.locator('#user').waitFor();
    await press('Sign out');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  await tutorial.test('set up Aliyun: the admin sees the factory, sends a test message and saves', async () => {
    const factories = (await keyway.api('GET', '/connector-factories')).body;
    const factory = factories.find(({ id }) => id === 'aliyun-short-message-service');
    assert.equal(factory.type, 'Sms');
    assert.ok(factory.configSchema.properties.accessKeySecret.writeOnly);
    const test = (changes, phone = PHONE) =>
      keyway.api('POST', '/connectors/aliyun-short-message-service/test', { phone, config: { ...config, ...changes } });
    assert.equal((await test({})).status, 204);
    assert.deepEqual(aliyun.to(DIGITS), { phone: DIGITS, template: TEMPLATES[3], code: '000000' });
    const refused = await test({ signName: '别人的签名' });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.code, 'connector.general');
    assert.match(JSON.stringify(refused.body), /isv\.SMS_SIGNATURE_ILLEGAL.*F655A8D5|F655A8D5.*isv\.SMS_SIGNATURE_ILLEGAL/);
    assert.match(JSON.stringify((await test({ accessKeySecret: 'wrong' })).body), /SignatureDoesNotMatch/);
    const saved = await keyway.api('POST', '/connectors', { connectorId: 'aliyun-short-message-service', config });
    assert.equal(saved.status, 200);
    assert.ok(!JSON.stringify(saved.body).includes(KEY.secret), 'the secret is never returned');
  });

  await tutorial.test('sign up and sign in by phone: verification is forced', async () => {
    const unverified = await keyway.api('PATCH', '/sign-in-exp', { signUp: { identifiers: ['phone'], password: false, verify: false } });
    assert.equal(unverified.body.code, 'sign_in_experiences.passwordless_requires_verify');
    const patch = await keyway.api('PATCH', '/sign-in-exp', SETTINGS);
    assert.equal(patch.status, 200, JSON.stringify(patch.body));
  });

  await tutorial.test('sign up by phone, reload, sign out', async () => {
    await newVisitor();
    await page.goto(first.url);
    await press('Sign in');
    await page.getByRole('link', { name: 'Create account' }).click();
    await page.getByLabel('Phone number').fill('12');
    await press('Continue');
    assert.match(await alert().textContent(), /country code/);
    await page.getByLabel('Phone number').fill(PHONE);
    await press('Continue');
    const sent = page.getByText('+86 130 1234 5678');
    await sent.waitFor();
    const { code, template } = aliyun.to(DIGITS);
    assert.equal(template, TEMPLATES[1]);
    await typeCode(code === '111111' ? '222222' : '111111');
    await alert().waitFor();
    assert.match(await alert().textContent(), /code is not right/);
    await typeCode(code);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press('Continue');
    await page.locator('#user').waitFor();
    const claims = await user();
    assert.equal(claims.phone_number, DIGITS);
    assert.equal(claims.phone_number_verified, true);
    await page.reload();
    assert.equal((await user()).sub, claims.sub);
  });

  await tutorial.test('tokens: user info, a JWT for the resource, all in one cookie', async () => {
    await page.goto(`${first.url}/details`);
    const details = JSON.parse(await page.locator('body').textContent());
    assert.equal(details.userInfo.phone_number, DIGITS);
    assert.equal(details.accessToken.length, 43);
    const [header, payload] = details.resourceToken.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
    assert.equal(header.typ, 'at+jwt');
    assert.equal(payload.aud, RESOURCE);
    assert.equal(typeof details.idTokenClaims.aud, 'string');
    const cookies = (await context.cookies(first.url)).filter(({ name }) => name.startsWith('logto'));
    assert.ok(cookies.length > 0 && cookies.every(({ value }) => value.length < 4096), 'cookies fit');
  });

  await tutorial.test('a second application signs in without a prompt', async () => {
    await page.goto(second.url);
    await press('Sign in');
    await page.locator('#user').waitFor();
    assert.equal((await user()).phone_number, DIGITS);
    await page.goto(first.url);
    await press('Sign out');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });
});

test('sign in by phone and password', async () => {
  await member();
  await page.goto(first.url);
  await press('Sign in');
  await page.getByRole('link', { name: 'Use a password instead' }).click();
  await page.getByLabel('Phone number').fill('+8613012345678');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press('Sign in');
  await page.locator('#user').waitFor();
  assert.equal((await user()).phone_number, DIGITS);
  await press('Sign out');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('sign in by code, with a new code asked for', async () => {
  await member();
  await page.goto(first.url);
  await press('Sign in');
  await page.getByLabel('Phone number').fill(PHONE);
  await press('Continue');
  await page.getByLabel('Code').waitFor();
  const old = aliyun.to(DIGITS).code;
  const before = aliyun.messages.length;
  const resend = page.locator('button[data-wait]');
  assert.ok(await resend.isDisabled(), 'the countdown runs');
  assert.match(await resend.textContent(), /Send a new code in \d+ s/);
  await page.evaluate(() => document.querySelector('form[action^="/code/resend"]').submit());
  await page.getByLabel('Code').waitFor();
  await aliyun.moreThan(before);
  const { code } = aliyun.to(DIGITS);
  if (old !== code) {
    await typeCode(old);
    await alert().waitFor();
  }
  await typeCode(code);
  await page.locator('#user').waitFor();
  await press('Sign out');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('a stranger who signs in by code is offered an account', async () => {
  await byPhone();
  await page.goto(first.url);
  await press('Sign in');
  await page.getByLabel('Phone number').fill('+86 131 0000 0001');
  await press('Continue');
  await page.getByLabel('Code').waitFor();
  await typeCode(aliyun.to('8613100000001').code);
  await press('Create account');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press('Continue');
  await page.locator('#user').waitFor();
  assert.equal((await user()).phone_number, '8613100000001');
});

test('a member who registers again is offered the account', async () => {
  await member();
  await page.goto(first.url);
  await press('Sign in');
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.getByLabel('Phone number').fill(PHONE);
  await press('Continue');
  await page.getByLabel('Code').waitFor();
  await typeCode(aliyun.to(DIGITS).code);
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await press('Sign in to it');
  await page.locator('#user').waitFor();
  assert.equal((await user()).phone_number, DIGITS);
});

test('forgot password: a new one is set, the old one is over', async () => {
  await member();
  await page.goto(first.url);
  await press('Sign in');
  await page.getByRole('link', { name: 'Use a password instead' }).click();
  await page.getByRole('link', { name: 'Forgot password?' }).click();
  await page.getByLabel('Phone number').fill(PHONE);
  const before = aliyun.messages.length;
  await press('Continue');
  await page.getByLabel('Code').waitFor();
  await aliyun.moreThan(before);
  assert.equal(aliyun.to(DIGITS).template, TEMPLATES[2]);
  await typeCode(aliyun.to(DIGITS).code);
  await page.getByLabel('New password').fill(PASSWORD);
  await press('Save');
  assert.match(await alert().textContent(), /must differ/);
  await page.getByLabel('New password').fill('another canal of eight maples');
  await press('Save');
  await page.getByRole('status').waitFor();
  await page.goto(first.url);
  await press('Sign in');
  await page.getByRole('link', { name: 'Use a password instead' }).click();
  await page.getByLabel('Phone number').fill(PHONE);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press('Sign in');
  await alert().waitFor();
  await page.getByLabel('Password', { exact: true }).fill('another canal of eight maples');
  await press('Sign in');
  await page.locator('#user').waitFor();
});

test('the provider fails in every way: a clear message, then a retry that works', async () => {
  await byPhone();
  let number = 8613200000000;
  for (const mode of ['reset', 'redirect', 'garbage', 'error', 'huge', 'balance', 'rate']) {
    number += 1;
    await newVisitor();
    await page.goto(first.url);
    await press('Sign in');
    await page.getByLabel('Phone number').fill(`+${number}`);
    aliyun.mode = mode;
    await press('Continue');
    await alert().waitFor();
    const shown = await page.locator('body').textContent();
    for (const raw of ['isv.', '余额', 'RequestId', 'F655A8D5', 'not what you asked']) {
      assert.ok(!shown.includes(raw), `${mode}: the page shows ${raw}`);
    }
    aliyun.mode = 'ok';
    await press('Continue');
    await page.getByLabel('Code').waitFor();
    assert.ok(aliyun.to(String(number)), mode);
  }
});

test('without JavaScript the pages work too', async () => {
  await byPhone();
  await context.close();
  context = await browser.newContext({ javaScriptEnabled: false, locale: 'zh-CN' });
  page = await context.newPage();
  await page.goto(first.url);
  await press('Sign in');
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  await page.getByLabel('手机号').fill('133 0000 0001');
  await press('继续');
  await page.getByLabel('验证码').fill(aliyun.to('8613300000001').code);
  await press('继续');
  await press('创建账号');
  await page.getByLabel('密码', { exact: true }).fill(PASSWORD);
  await press('继续');
  await page.locator('#user').waitFor();
  assert.equal((await user()).phone_number, '8613300000001');
});
