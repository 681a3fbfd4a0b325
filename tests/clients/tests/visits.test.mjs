// What people do with the sign-in pages beside going straight on: several at once, Back, another page first, no connection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { launch, register, startPlaces } from '../lib/visits.mjs';

const ADA = { username: 'ada', primaryPhone: '8613512340001', password: 'green hills far away' };

let server, keyway, places, browser, shop, forum;

before(async () => {
  places = await startPlaces();
  server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
  ({ keyway } = server);
  [shop, forum] = [await register(keyway, 'Shop', `${places.origin}/shop`), await register(keyway, 'Forum', `${places.origin}/forum`)];
  const made = await keyway.api('POST', '/users', ADA);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await places?.stop();
});

// A new browser; `tabs` at once.
async function visit(look, tabs = 1) {
  const context = await browser.newContext({ locale: 'en-US' });
  const pages = [];
  for (let tab = 0; tab < tabs; tab += 1) pages.push(await context.newPage());
  try {
    await look(...pages);
  } finally {
    await context.close();
  }
}

async function signIn(page) {
  await page.getByRole('link', { name: 'Use a password instead' }).click();
  await page.locator('#identifier').fill(`+${ADA.primaryPhone}`);
  await page.locator('#password').fill(ADA.password);
  await page.locator('button[value=password]').click();
}

test('two sign-in pages of one browser are both finished, each in its own application', () => visit(async (one, two) => {
  await one.goto(shop.begin());
  await two.goto(forum.begin());
  await one.reload();
  await one.getByRole('link', { name: '简体中文' }).click();
  await one.getByRole('link', { name: 'English' }).click();
  assert.equal(await one.locator('.lead strong').textContent(), 'Shop');
  await signIn(one);
  await one.waitForURL(`${shop.redirectUri}?**`);
  await signIn(two);
  await two.waitForURL(`${forum.redirectUri}?**`);
}, 2));
