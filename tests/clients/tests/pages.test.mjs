// The pages that people see when they sign in: axe finds nothing on any of them, they are light, and nothing comes from elsewhere.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { createApplication } from '../lib/visitor.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.KEYWAY_SCREENSHOTS;

let server, keyway, aliyun, browser, address;

before(async () => {
  server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
  ({ keyway, aliyun } = server);
  await keyway.api('PATCH', '/sign-in-exp', {
    signUp: { identifiers: ['phone'], password: true, verify: true },
    termsOfUseUrl: 'https://example.com/terms',
    privacyPolicyUrl: 'https://example.com/privacy',
  });
  const application = await createApplication(keyway);
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
