// What an administrator types in the console is stored by Save alone, and lost by nobody's accident.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { KEY } from '../lib/aliyun.mjs';
import { PASSWORD, useConsole } from '../lib/console.mjs';

let context, page, press, open, name, application, connector;
const site = useConsole(async (made) => { connector = (await made.connector()).id; });

const bar = () => page.getByRole('region', { name: 'Unsaved changes' });
const stored = async () => JSON.stringify([(await site.keyway.api('GET', '/sign-in-exp')).body, (await site.keyway.api('GET', '/connectors')).body.map(({ config, metadata, enabled }) => ({ config, metadata, enabled })), (await site.keyway.api('GET', '/applications')).body]);
const idle = () => page.waitForFunction(() => !document.body.classList.contains('htmx-request') && !document.querySelector('.htmx-swapping, .htmx-settling'));
const once = async (act) => {
  const answered = page.waitForResponse((response) => response.request().method() === 'POST' && !response.url().includes('/preview'));
  await act();
  const answer = await answered;
  await idle();
  return answer;
};

beforeEach(async () => {
  ({ context, page, press, open, name } = await site.visit());
  application = (await site.application('Bookstore')).id;
});

afterEach(() => site.keyway?.api('DELETE', `/applications/${application}`));

test('no control but Save stores anything: each switch, choice and button of the forms is tried', async () => {
  const before = await stored();
  for (const address of ['/sign-in-experience', `/connectors/${connector}`]) {
    await open(address);
    const count = await page.locator('[data-operation]').count();
    for (let index = 0; index < count; index += 1) {
      const control = page.locator('[data-operation]').nth(index);
      if (await control.isDisabled()) continue;
      const answer = await once(() => control.evaluate((element) => {
        if (element.tagName === 'SELECT') element.selectedIndex = (element.selectedIndex + 1) % element.options.length;
        else element.checked = !element.checked;
        element.dispatchEvent(new Event('change', { bubbles: true }));
      }));
      assert.equal(answer.request().redirectedTo(), null, `${address}: control ${index}`);
      assert.equal(await stored(), before, `${address}: control ${index}`);
      assert.ok(await bar().isVisible(), 'and it is known as unsaved');
    }
    await open(address);
    const operations = await page.locator('button[name=op]:not([value=save], [value=test], :disabled)').evaluateAll((buttons) => buttons.map((button) => button.value));
    for (const operation of operations) {
      await open(address);
      await once(() => page.locator(`button[name=op][value="${operation}"]`).click());
      assert.equal(await stored(), before, `${address}: ${operation}`);
    }
    await open(address);
    const said = await page.locator('form[data-edit]').evaluate(async (form) => (await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) })).text());
    assert.ok(said.includes('Nothing was saved: use the Save button.'), address);
    assert.equal(await stored(), before, `${address}: a request that names no operation`);
  }
});

test('codes for China and overseas are chosen in the form', async () => {
  await open(`/connectors/${connector}`);
  const kind = page.locator('select[name^="choice:"]').first();
  await once(() => kind.selectOption({ index: 1 }));
  const fields = await page.locator('.entry').first().locator('input:not([type=hidden])').evaluateAll((inputs) => inputs.map((input) => input.name));
  const [china, overseas] = fields.filter((field) => /templateCode/.test(field));
  assert.ok(china && overseas, fields.join(' '));
  await name(china).fill('SMS_10000001');
  await name(overseas).fill('SMS_20000002');
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  const [saved] = (await site.keyway.api('GET', '/connectors')).body;
  assert.deepEqual(Object.values(saved.config.templates[0].templateCode), ['SMS_10000001', 'SMS_20000002']);
  assert.ok(!await bar().isVisible());
});

test('Enter in the field of the test sends a message with what stands in the form, saves nothing, and its answer is in sight', async () => {
  await open(`/connectors/${connector}`);
  const before = await stored();
  const sent = site.aliyun.messages.length;
  await name('/signName').fill('Another signature');
  await page.locator('#test_to').fill('+86 130 1234 5678');
  await page.locator('#test_to').press('Enter');
  await page.getByRole('alert').filter({ hasText: 'Not sent.' }).waitFor();
  assert.equal(await name('/signName').inputValue(), 'Another signature', 'what was typed is still there');
  await name('/signName').fill(KEY.signName);
  await page.locator('#test_to').press('Enter');
  const answer = page.locator('[role=status][data-answer]');
  await answer.waitFor();
  await site.aliyun.moreThan(sent);
  assert.ok(await answer.evaluate((element) => {
    const box = element.getBoundingClientRect();
    return document.activeElement === element && box.top >= 0 && box.top < innerHeight;
  }), 'the answer has the focus and is in sight');
  assert.equal(await stored(), before);
  assert.equal(new URL(page.url()).pathname, `/console/connectors/${connector}`);
  await page.reload();
  await page.getByRole('heading', { name: 'Test' }).waitFor();
});

test('a notice is said once, and neither operations nor saves are steps of the history', async () => {
  await open('/users');
  await open(`/applications/${application}`);
  const steps = await page.evaluate(() => history.length);
  await page.locator('#description').fill('Books');
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  await page.getByRole('link', { name: 'Show secrets' }).click();
  await page.locator('#secrets .copy code').first().waitFor();
  assert.equal(page.url(), `${site.keyway.operators}/console/applications/${application}`);
  assert.equal(await page.evaluate(() => history.length), steps);
  await page.reload();
  await page.getByRole('heading', { name: 'Bookstore' }).waitFor();
  assert.equal(await page.getByText('Saved.').count(), 0);
  await page.goBack();
  await page.waitForURL(/\/console\/users$/);
});

test('what is typed in one part of a page stays while another part is saved or shown', async () => {
  await open(`/applications/${application}`);
  await page.locator('#name').fill('Book shop');
  await page.locator('#own_name').fill('The shop');
  await page.getByRole('button', { name: /^Save changes: Look/ }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('link', { name: 'Show secrets' }).click();
  await page.locator('#secrets .copy code').first().waitFor();
  assert.equal(await page.locator('#name').inputValue(), 'Book shop');
  assert.equal((await site.keyway.api('GET', `/applications/${application}`)).body.name, 'Bookstore');
  await page.getByRole('button', { name: 'Unsaved changes: Save changes' }).click();
  await page.getByRole('heading', { name: 'Book shop' }).waitFor();
  assert.equal((await site.keyway.api('GET', `/applications/${application}`)).body.name, 'Book shop');
  await bar().waitFor({ state: 'hidden' });
});

test('leaving with unsaved changes asks first: by the menu, by Back and by closing', async () => {
  await site.keyway.api('PATCH', `/applications/${application}`, { description: 'Books' });
  await open('/users');
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.getByRole('link', { name: 'Bookstore' }).click();
  await page.locator('#description').fill('Not saved');
  const question = page.getByRole('dialog', { name: 'Leave without saving?' });
  await page.getByRole('link', { name: 'Users' }).click();
  await question.waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#description').inputValue(), 'Not saved');
  await page.goBack();
  await question.waitFor();
  await question.getByRole('button', { name: 'Stay' }).click();
  assert.equal(await page.locator('#description').inputValue(), 'Not saved');
  assert.match(page.url(), new RegExp(`${application}$`));
  let asked;
  page.once('dialog', (dialog) => { asked = dialog.type(); dialog.dismiss(); });
  await page.evaluate(() => { location.href = '/console/users'; });
  await page.waitForFunction(() => true);
  assert.equal(asked, 'beforeunload');
  await page.goBack();
  await question.getByRole('button', { name: 'Leave' }).click();
  await page.waitForURL(/\/console\/applications$/);
  await page.getByRole('link', { name: 'Bookstore' }).click();
  await page.locator('#description').fill('Not saved');
  await page.locator('#description').fill('Books');
  await bar().waitFor({ state: 'hidden' });
  await page.locator('#description').fill('Not saved');
  await press('Discard');
  await page.waitForFunction(() => document.querySelector('#description')?.value === 'Books');
  await page.getByRole('link', { name: 'Users' }).click();
  await page.waitForURL(/\/console\/users$/);
});

test('what is chosen and typed while the form is being drawn anew is kept', async () => {
  await open('/sign-in-experience');
  let answer;
  const asked = new Promise((heard) => {
    page.route('**/console/sign-in-experience', (route) => { answer = () => route.continue(); heard(); }, { times: 1 });
  });
  const choose = (mode) => page.locator('#mode').selectOption(mode);
  await choose('SignIn');
  await asked;
  await page.locator('#css').fill('h1 { color: red }');
  answer();
  await idle();
  assert.deepEqual([await page.locator('#css').inputValue(), await page.locator('#mode').inputValue()], ['h1 { color: red }', 'SignIn']);
  const again = new Promise((heard) => {
    page.route('**/console/sign-in-experience', (route) => { answer = () => route.continue().catch(() => {}); heard(); }, { times: 1 });
  });
  await choose('SignInAndRegister');
  await again;
  await once(() => choose('SignIn'));
  answer();
  await idle();
  assert.equal(await page.locator('#mode').inputValue(), 'SignIn');
  await press('Discard');
  await bar().waitFor({ state: 'hidden' });
});

test('what was refused is still unsaved', async () => {
  await open(`/applications/${application}`);
  await page.locator('#id_token_ttl').fill('5');
  await press('Save changes');
  await page.getByRole('alert').waitFor();
  assert.ok(await bar().isVisible());
  await page.locator('#id_token_ttl').fill('');
  await bar().waitFor({ state: 'hidden' });
});

test('a request that gets no answer says so, keeps what was typed, and is repeated by a button', async () => {
  await open(`/applications/${application}`);
  await page.locator('#description').fill('Written offline');
  await context.setOffline(true);
  await press('Save changes');
  const failed = page.getByRole('alert').filter({ hasText: 'did not answer' });
  await failed.waitFor();
  await context.setOffline(false);
  await failed.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Saved.').waitFor();
  await page.route('**/console/applications/*', (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }), { times: 1 });
  await page.locator('#description').fill('Written through a proxy');
  await press('Save changes');
  await page.getByRole('alert').filter({ hasText: '502' }).waitFor();
  assert.equal(await page.locator('#description').inputValue(), 'Written through a proxy');
  await press('Try again');
  await page.getByText('Saved.').waitFor();
  assert.equal((await site.keyway.api('GET', `/applications/${application}`)).body.description, 'Written through a proxy');
});

test('a session that ended loses nothing: signing in goes on in another tab, and the same click saves', async () => {
  await open(`/applications/${application}`);
  await page.locator('#description').fill('Typed before the session ended');
  await context.clearCookies();
  await press('Save changes');
  const over = page.getByRole('alert').filter({ hasText: 'session has ended' });
  await over.waitFor();
  const [tab] = await Promise.all([context.waitForEvent('page'), over.getByRole('link', { name: 'Sign in' }).click()]);
  await tab.locator('#identifier').fill('admin');
  await tab.locator('#password').fill(PASSWORD);
  await tab.locator('button.primary').click();
  await tab.waitForURL(`${site.keyway.operators}/console`);
  await tab.close();
  await over.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Saved.').waitFor();
  assert.equal((await site.keyway.api('GET', `/applications/${application}`)).body.description, 'Typed before the session ended');
});

test('nobody who signs up is shut out: the ways to sign in follow the ways to sign up, and say why they are fixed', async () => {
  await open('/sign-in-experience');
  await once(() => page.locator('#sign-up-phone').check({ force: true }));
  await once(() => page.locator('#sign-up-username').uncheck({ force: true }));
  if (await page.locator('#sign_up_password').isChecked()) await once(() => page.locator('#sign_up_password').uncheck({ force: true }));
  assert.deepEqual([await page.locator('#sign-in-phone').isChecked(), await page.locator('#sign-in-phone').isDisabled(), await page.locator('#code-phone').isChecked(), await page.locator('#code-phone').isDisabled()], [true, true, true, true]);
  await page.getByText('so that they must be able to sign in with it').first().waitFor();
  await press('Save changes');
  await page.getByText('Saved.').waitFor();
  const { signIn } = (await site.keyway.api('GET', '/sign-in-exp')).body;
  assert.ok(signIn.methods.some((method) => method.identifier === 'phone' && method.verificationCode));
});

test('what an address says does not get into the fields', async () => {
  await open(`/applications/${application}?redirect_uris=https%3A%2F%2Fevil.example&name=Evil`);
  assert.equal(await page.locator('#name').inputValue(), 'Bookstore');
  assert.equal(await page.locator('#redirect_uris').inputValue(), 'https://shop.example/callback');
});

test('the audit log tells in words who did what, by kind, application and day, and as a table', async () => {
  await site.keyway.api('PATCH', `/applications/${application}`, { description: 'Books' });
  await open('/logs');
  await page.getByRole('link', { name: 'Application changed' }).first().waitFor();
  await page.locator('#event').selectOption({ label: 'Sign-in' });
  await page.locator('#application').selectOption({ label: 'Bookstore' });
  await page.locator('#from').fill('2020-01-01');
  await page.locator('#until').fill('2020-01-02');
  await press('Filter');
  await page.getByText('Nothing found.').waitFor();
  assert.deepEqual(await Promise.all(['event', 'application', 'from', 'until'].map((field) => page.locator(`#${field}`).inputValue())), ['Interaction.SignIn.', application, '2020-01-01', '2020-01-02']);
  await open('/logs?event=Management.');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as CSV' }).click()]);
  assert.equal(download.suggestedFilename(), 'audit-log.csv');
  const [head, first] = (await (await fetch(`${site.keyway.operators}/console/logs/export.csv?event=Management.`, { headers: { cookie: (await context.cookies()).map((one) => `${one.name}=${one.value}`).join('; ') } })).text()).split('\n');
  assert.match(head, /^time,key,event,result,error,user_id,application_id,ip,actor,operation,id/);
  assert.match(first, /Management\./);
});

test('in a Chinese console the form of a Chinese connector and its help are Chinese', async () => {
  const { page: chinese, open: openChinese } = await site.visit({ locale: 'zh-CN' });
  await openChinese(`/connectors/${connector}`);
  const shown = await chinese.locator('main').textContent();
  for (const text of ['签名名称', '已通过审核的签名', '模板代码', '通过阿里云短信服务发送验证码']) assert.ok(shown.includes(text), text);
  for (const text of ['Signature name', 'Template code', 'Usage type', 'Sends verification codes']) assert.ok(!shown.includes(text), text);
});
