// The pages that people see when they sign in: axe finds nothing on any of them, they are light, and nothing comes from elsewhere.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

import { audit } from '../lib/lighthouse.mjs';
import { markupProblems } from '../lib/markup.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { createApplication } from '../lib/visitor.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.KEYWAY_SCREENSHOTS;

let server, keyway, aliyun, browser, address, application;

before(async () => {
  server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
  ({ keyway, aliyun } = server);
  await keyway.api('PATCH', '/sign-in-exp', {
    signUp: { identifiers: ['phone'], password: true, verify: true },
    termsOfUseUrl: 'https://example.com/terms',
    privacyPolicyUrl: 'https://example.com/privacy',
  });
  application = await createApplication(keyway);
  const query = new URLSearchParams({
    client_id: application.id, redirect_uri: application.redirectUri, response_type: 'code', scope: 'openid', state: 's',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  });
  address = `${keyway.endpoint}/oidc/auth?${query}`;
  browser = await chromium.launch({ executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

let number = 10_000_000;

// Walks through every page; `look` is called on each.
async function walk(page, look) {
  const go = (where) => page.goto(`${keyway.endpoint}${where}`);
  await page.goto(address);
  await look('sign-in');
  await go('/sign-in?with=password');
  await look('sign-in-password');
  await page.locator('#identifier').fill('no such name');
  await page.locator('#password').fill('wrong');
  await page.locator('button[value=password]').click();
  await page.getByRole('alert').waitFor();
  await look('sign-in-refused');
  await go('/forgot-password');
  await look('forgot-password');
  await go('/register');
  await look('register');
  number += 1;
  const phone = `86135${number}`;
  const sent = aliyun.messages.length;
  await page.locator('#identifier').fill(`+${phone}`);
  await page.locator('button.primary').click();
  await aliyun.moreThan(sent);
  await page.locator('#code').waitFor();
  await look('code');
  await page.locator('#code').fill(aliyun.to(phone).code);
  await page.waitForURL(/complete/);
  await look('complete');
  await go('/unknown-session');
  await look('message');
}

for (const [locale, colorScheme, width] of [['en-US', 'light', 1280], ['zh-CN', 'dark', 360]]) {
  test(`axe finds nothing on the sign-in pages: ${locale}, ${colorScheme}, ${width} px`, async () => {
    const context = await browser.newContext({ locale, colorScheme, viewport: { width, height: 800 } });
    const page = await context.newPage();
    const found = [];
    await walk(page, async (name) => {
      if (screenshots) {
        await mkdir(screenshots, { recursive: true });
        await page.screenshot({ path: path.join(screenshots, `pages-${name}-${locale}-${colorScheme}.png`), fullPage: true });
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) found.push(`${name}: ${wide} px too wide`);
      // Asked for by its address, so that what a script changed does not count.
      const html = await (await context.request.get(page.url(), { headers: { 'accept-language': locale } })).text();
      for (const problem of await markupProblems(html)) found.push(`${name}: ${problem}`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      for (const violation of violations) found.push(`${name}: ${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
    });
    await context.close();
    assert.deepEqual(found, []);
  });
}

test("branding: the tenant's rules, icon and language are on the page", async () => {
  const settings = (await keyway.api('GET', '/sign-in-exp')).body;
  await keyway.api('PATCH', '/sign-in-exp', {
    customCss: 'h1 { letter-spacing: 3px; }', branding: { favicon: 'https://example.com/icon.png' },
    languageInfo: { autoDetect: false, fallbackLanguage: 'zh-CN' },
  });
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.route('https://example.com/**', (route) => route.abort());
  await page.goto(address);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  assert.equal(await page.locator('h1').evaluate((element) => getComputedStyle(element).letterSpacing), '3px');
  assert.equal(await page.locator('link[rel=icon]').getAttribute('href'), 'https://example.com/icon.png');
  await context.close();
  const { customCss, branding, languageInfo } = settings;
  await keyway.api('PATCH', '/sign-in-exp', { customCss: customCss ?? null, branding, languageInfo });
});

test('each page weighs less than 30 kB compressed with all it loads, and loads nothing from elsewhere', async () => {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  const loaded = [];
  page.on('response', (response) => loaded.push(response));
  await page.goto(address, { waitUntil: 'load' });
  let bytes = 0;
  for (const response of loaded) {
    assert.ok(response.url().startsWith(keyway.endpoint), response.url());
    if (response.status() === 200) bytes += gzipSync(await response.body()).length;
  }
  await context.close();
  assert.ok(bytes > 1000 && bytes < 30_000, `${bytes} bytes`);
});

test('a phone number is typed as at home, with the country that is chosen by name', async () => {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(address);
  await page.locator('#region').selectOption({ label: '🇨🇳 China +86' });
  number += 1;
  const sent = aliyun.messages.length;
  await page.locator('#identifier').fill(`135 ${String(number).slice(0, 4)} ${String(number).slice(4)}`);
  await page.locator('button.primary').click();
  await page.locator('#code').waitFor();
  await aliyun.moreThan(sent);
  assert.ok(aliyun.to(`86135${number}`).code);
  await page.goto(`${keyway.endpoint}/sign-in?with=password`);
  for (const [pasted, region] of [['+44 (7700) 900-123', 'GB'], ['0049 30 901820', 'DE'], ['+1 416 555 0100', 'US']]) {
    await page.locator('#identifier').fill(pasted);
    assert.equal(await page.locator('#region').inputValue(), region, pasted);
  }
  await context.close();
});

test('a country is asked for only while a number is typed where other identifiers are taken too', async () => {
  const settings = (await keyway.api('GET', '/sign-in-exp')).body;
  const username = { identifier: 'username', password: true, verificationCode: false, isPasswordPrimary: true };
  await keyway.api('PATCH', '/sign-in-exp', { signIn: { methods: [username, ...settings.signIn.methods.filter((method) => method.identifier !== 'username')] } });
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(address);
  assert.equal(await page.locator('#region').isVisible(), false);
  await page.locator('#identifier').fill('13512345678');
  assert.equal(await page.locator('#region').isVisible(), true);
  await page.locator('#identifier').fill('ada');
  assert.equal(await page.locator('#region').isVisible(), false);
  await context.close();
  await keyway.api('PATCH', '/sign-in-exp', { signIn: settings.signIn });
});

test('a new password is judged while it is typed, with the reasons that the server has', async () => {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`${keyway.operators}/welcome?secret=x`);
  await page.locator('#username').fill('annabella');
  for (const [password, verdict] of [
    ['short', /at least 8/], ['abcdefghij', /row of neighbours/], ['Annabella1', /own name/], ['xk29fj3', /at least 8/],
    ['correct horse battery staple', /Strong/],
  ]) {
    await page.locator('#password').fill(password);
    assert.match(await page.locator('.verdict').textContent(), verdict, password);
  }
  await context.close();
});

test("the reader's choice of language goes before the browser's and the application's", async () => {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`${address}&ui_locales=en`);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.getByRole('link', { name: '简体中文' }).click();
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await page.goto(`${keyway.endpoint}/language?to=en&back=//evil.example`);
  assert.ok(page.url().startsWith(keyway.endpoint));
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await context.close();
});

test("stored xss: the tenant's own words and an application's look are on its pages, as text", async () => {
  const own = { sign_in: 'Come in <img src=x onerror=alert(1)>' };
  const put = await keyway.api('PUT', '/custom-phrases/en', own);
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.equal((await keyway.api('PUT', '/custom-phrases/en', { sing_in: 'x' })).status, 400);
  const look = {
    displayName: 'Shop <script>alert(1)</script>', color: { primaryColor: '#107030' }, customCss: 'h1 { letter-spacing: 5px; }',
    branding: { logoUrl: 'https://example.com/shop.png', darkLogoUrl: 'https://example.com/night.png' },
  };
  assert.equal((await keyway.api('PUT', `/applications/${application.id}/sign-in-experience`, look)).status, 200);
  const refused = await keyway.api('PUT', `/applications/${application.id}/sign-in-experience`, { branding: { logoUrl: 'javascript:alert(1)' } });
  assert.equal(refused.status, 400);
  const context = await browser.newContext({ locale: 'en-US', colorScheme: 'dark' });
  const page = await context.newPage();
  page.on('dialog', () => assert.fail('a script ran'));
  await page.route('https://example.com/**', (route) => route.abort());
  await page.goto(address);
  assert.equal(await page.locator('h1').textContent(), own.sign_in);
  assert.equal(await page.locator('.lead strong').textContent(), look.displayName);
  assert.equal(await page.locator('h1').evaluate((element) => getComputedStyle(element).letterSpacing), '5px');
  assert.equal(await page.locator('.logo').evaluate((image) => image.currentSrc), 'https://example.com/night.png');
  await context.close();
  await keyway.api('DELETE', '/custom-phrases/en');
  await keyway.api('PUT', `/applications/${application.id}/sign-in-experience`, {});
});

test('file upload: a picture is drawn anew and served as nothing else; anything but a picture is refused', async () => {
  const send = async (bytes, type) => {
    const form = new FormData();
    form.append('file', new Blob([bytes], { type }), 'logo');
    return keyway.api('POST', '/user-assets', form);
  };
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const { status, body } = await send(Buffer.concat([png, Buffer.from('<script>alert(1)</script>')]), 'image/png');
  assert.equal(status, 200, JSON.stringify(body));
  const served = await fetch(body.url);
  assert.equal(served.headers.get('content-type'), 'image/png');
  assert.equal(served.headers.get('x-content-type-options'), 'nosniff');
  assert.ok(!Buffer.from(await served.arrayBuffer()).includes('script'));
  for (const [bytes, type] of [['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'image/svg+xml'], ['<html>', 'image/png'], ['', 'image/png']]) {
    const refused = await send(bytes, type);
    assert.equal(refused.status, 400);
    assert.equal(refused.body.code, 'storage.not_a_picture');
  }
  assert.equal((await fetch(`${keyway.endpoint}/images/${'0'.repeat(64)}.png`)).status, 404);
});

test('Lighthouse has nothing to say about accessibility and best practices', async () => {
  const found = await audit(address, ['/sign-in', '/sign-in?with=password', '/register', '/forgot-password'].map((path) => `${keyway.endpoint}${path}`));
  for (const { address: path, accessibility, bestPractices, costs } of found) {
    assert.deepEqual([path, accessibility, bestPractices, costs], [path, 100, 100, []]);
  }
});
