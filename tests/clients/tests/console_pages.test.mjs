// Every page of the console: by keyboard, for axe, in both languages, light and dark, on a phone.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';

import { useConsole } from '../lib/console.mjs';
import { markupProblems } from '../lib/markup.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.KEYWAY_SCREENSHOTS;

const site = useConsole();

test('by keyboard alone: an application is made, every control of every page is reached, and the eye can follow', async () => {
  const connector = (await site.connector()).id;
  const user = (await site.user({ username: 'ada' })).id;
  const module = await site.module();
  const { page, open } = await site.visit();
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
  const missed = [];
  for (const address of ['', '/applications/new', application, '/connectors', `/connectors/${connector}`, '/modules/new', `/modules/${module}`, '/sign-in-experience', '/settings', '/users', `/users/${user}`, '/logs']) {
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

test('axe finds nothing on any page, in both languages, light and dark, on a phone', async () => {
  const application = (await site.application('Bookstore')).id;
  const connector = (await site.connector()).id;
  const user = (await site.user({ username: 'ada' })).id;
  const module = await site.module();
  const found = [];
  const log = (await site.keyway.api('GET', '/logs')).body[0].id;
  const pages = ['', '/applications', '/applications/new', `/applications/${application}`, '/connectors', '/connectors/new', `/connectors/${connector}`, '/connectors/set-up/simple-mail-transfer-protocol', '/connectors/set-up/oidc', '/modules/new', `/modules/${module}`, '/sign-in-experience', '/phrases', '/settings', '/users', '/users/new', `/users/${user}`, '/users?search=nobody', '/logs', `/logs/${log}`];
  for (const [locale, colorScheme, width] of [['en-US', 'light', 1280], ['zh-CN', 'dark', 1600], ['en-US', 'dark', 360]]) {
    const { page, open } = await site.visit({ locale, colorScheme, viewport: { width, height: 800 } });
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
