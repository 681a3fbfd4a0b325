// Lighthouse over the sign-in pages, in a browser of its own.
import { chromium } from 'playwright-core';
import lighthouse from 'lighthouse';

import { freePort } from './processes.mjs';

// Scores from 0 to 100 by category, the audits that cost something, and the first contentful paint in milliseconds.
export async function audit(start, addresses) {
  const port = await freePort();
  const browser = await chromium.launch({
    executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', `--remote-debugging-port=${port}`],
  });
  try {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    await page.goto(start);
    const cookie = (await context.cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
    const found = [];
    for (const address of addresses) {
      const { lhr } = await lighthouse(address, { port, output: 'json', logLevel: 'error', disableStorageReset: true, extraHeaders: { Cookie: cookie }, onlyCategories: ['performance', 'accessibility', 'best-practices'] }, {
        extends: 'lighthouse:default', settings: { formFactor: 'desktop', screenEmulation: { disabled: true }, throttlingMethod: 'provided' },
      });
      const score = (name) => Math.round(lhr.categories[name].score * 100);
      const costs = (name) => lhr.categories[name].auditRefs.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 1).map(({ id }) => id);
      found.push({
        address: new URL(address).pathname, performance: score('performance'), accessibility: score('accessibility'), bestPractices: score('best-practices'),
        costs: [...costs('accessibility'), ...costs('best-practices')], firstContentfulPaint: lhr.audits['first-contentful-paint'].numericValue,
      });
    }
    return found;
  } finally {
    await browser.close();
  }
}
