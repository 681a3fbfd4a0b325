// What happens at once: sign-ups, one number from two places, and secrets that work once under fifty parallel requests.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { newDatabase } from '../lib/processes.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { Visitor, createApplication } from '../lib/visitor.mjs';

const FIFTY = Array.from({ length: 50 });
const databases = { sqlite: undefined, postgres: process.env.KEYWAY_TEST_POSTGRES };

for (const [name, url] of Object.entries(databases)) {
  describe(`on ${name}`, () => {
    let server, keyway, aliyun, application;

    before(async () => {
      assert.ok(name === 'sqlite' || url, 'KEYWAY_TEST_POSTGRES names a PostgreSQL server: run `cargo xtask test clients`');
      server = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED, ...(url && { KEYWAY_DATABASE_URL: newDatabase(url) }) });
      ({ keyway, aliyun } = server);
      application = await createApplication(keyway);
    });

    after(() => server?.stop());

    test('twelve sign-ups at once', async () => {
      const phones = Array.from({ length: 12 }, (_, index) => String(8613800000000 + index));
      const subjects = await Promise.all(phones.map(async (phone) => {
        const visitor = new Visitor(keyway, application);
        const tokens = await visitor.exchange(await visitor.signUp(phone, aliyun));
        const me = await fetch(`${keyway.endpoint}/oidc/me`, { headers: { authorization: `Bearer ${tokens.body.access_token}` } });
        const claims = await me.json();
        assert.equal(claims.phone_number, phone);
        return claims.sub;
      }));
      assert.equal(new Set(subjects).size, 12);
    });

    test('one number from two places makes one account', async () => {
      const phone = '8613800000100';
      const places = [];
      for (let place = 0; place < 2; place += 1) {
        const visitor = new Visitor(keyway, application);
        await visitor.authorize();
        await visitor.step('PUT', '', { interactionEvent: 'Register' });
        const verificationId = await visitor.sendCode(phone, 'Register');
        await visitor.verifyCode(phone, verificationId, aliyun.to(phone).code);
        places.push({ visitor, verificationId });
      }
      const answers = await Promise.all(FIFTY.map((_, index) => {
        const { visitor, verificationId } = places[index % 2];
        return visitor.api('POST', '/identification', { verificationId });
      }));
      const codes = answers.map(({ status, body }) => body?.code ?? status);
      assert.equal(codes.filter((code) => code === 201).length, 1, codes.join());
      assert.ok(codes.every((code) => [201, 'user.phone_already_in_use', 'session.identity_conflict'].includes(code)), codes.join());
      assert.equal((await keyway.api('GET', `/users?search=%25${phone}%25`)).body.length, 1);
    });

    test('a_code_works_once_under_fifty_parallel_requests', async () => {
      const phone = '8613800000200';
      const visitor = new Visitor(keyway, application);
      await visitor.authorize();
      await visitor.step('PUT', '', { interactionEvent: 'Register' });
      const verificationId = await visitor.sendCode(phone, 'Register');
      const { code } = aliyun.to(phone);
      const body = { identifier: { type: 'phone', value: phone }, verificationId, code };
      const answers = await Promise.all(FIFTY.map(() => visitor.api('POST', '/verification/verification-code/verify', body)));
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
      assert.ok(answers.every(({ status, body }) => status === 200 || body.code === 'verification_code.not_found'));
    });

    test('otp_brute_force: fifty parallel guesses are five guesses', async () => {
      const phone = '8613800000300';
      const visitor = new Visitor(keyway, application);
      await visitor.authorize();
      await visitor.step('PUT', '', { interactionEvent: 'Register' });
      const verificationId = await visitor.sendCode(phone, 'Register');
      const { code } = aliyun.to(phone);
      const guesses = Array.from({ length: 1000 }, (_, n) => String(n).padStart(6, '0')).filter((guess) => guess !== code).slice(0, 50);
      const answers = await Promise.all(guesses.map((guess) => visitor.api('POST', '/verification/verification-code/verify', {
        identifier: { type: 'phone', value: phone }, verificationId, code: guess,
      })));
      assert.equal(answers.filter(({ body }) => body.code === 'verification_code.code_mismatch').length, 5);
      assert.ok(answers.every(({ status }) => status === 400));
      await assert.rejects(visitor.verifyCode(phone, verificationId, code), /exceed_max_try/);
    });

    test('code_reuse: an authorization code works once, and its second use takes the tokens back', async () => {
      const visitor = new Visitor(keyway, application);
      const code = await visitor.signUp('8613800000400', aliyun);
      const answers = await Promise.all(FIFTY.map(() => visitor.exchange(code)));
      const won = answers.filter(({ status }) => status === 200);
      assert.equal(won.length, 1);
      assert.ok(answers.every(({ status, body }) => status === 200 || body.error === 'invalid_grant'));
      const me = await fetch(`${keyway.endpoint}/oidc/me`, { headers: { authorization: `Bearer ${won[0].body.access_token}` } });
      assert.equal(me.status, 401, 'the grant was revoked');
    });

    test('refresh_reuse: fifty tabs refresh at once, each gets a token of the family, and the clients of another get none', async () => {
      const spa = (await keyway.api('POST', '/applications', {
        name: 'SPA', type: 'SPA', oidcClientMetadata: { redirectUris: ['https://spa.example.com/cb'], postLogoutRedirectUris: [] },
      })).body;
      const visitor = new Visitor(keyway, { id: spa.id, redirectUri: 'https://spa.example.com/cb' });
      const first = await visitor.exchange(await visitor.signUp('8613800000600', aliyun));
      const refresh = (token) => visitor.token({ grant_type: 'refresh_token', refresh_token: token });
      const answers = await Promise.all(FIFTY.map(() => refresh(first.body.refresh_token)));
      const won = answers.filter(({ status }) => status === 200);
      assert.equal(won.length, 50);
      assert.equal(new Set([first, ...won].map(({ body }) => body.refresh_token)).size, 51);
      const other = await visitor.token({ client_id: application.id, grant_type: 'refresh_token', refresh_token: first.body.refresh_token });
      assert.notEqual(other.status, 200);
      assert.equal((await refresh(won[0].body.refresh_token)).status, 200);
    });

    test('steps out of turn are refused', async () => {
      const stranger = new Visitor(keyway, application);
      assert.equal((await stranger.api('PUT', '', { interactionEvent: 'SignIn' })).body.code, 'session.not_found');
      const visitor = new Visitor(keyway, application);
      await visitor.authorize();
      assert.equal((await visitor.api('POST', '/submit')).body.code, 'session.interaction_not_found');
      await visitor.step('PUT', '', { interactionEvent: 'SignIn' });
      assert.equal((await visitor.api('POST', '/submit')).body.code, 'session.identifier_not_found');
      assert.equal((await visitor.api('POST', '/identification', { verificationId: 'x' })).body.code, 'session.verification_session_not_found');
      const verificationId = await visitor.sendCode('8613800000500', 'SignIn');
      assert.equal((await visitor.api('POST', '/identification', { verificationId })).body.code, 'session.verification_failed');
      assert.equal((await visitor.api('PUT', '/profile/password', { password: 'green hills far away' })).body.code, 'session.invalid_interaction_type');
      assert.equal((await visitor.api('PUT', '/interaction-event', { interactionEvent: 'ForgotPassword' })).body.code, 'session.not_supported_for_forgot_password');
      await visitor.verifyCode('8613800000500', verificationId, aliyun.to('8613800000500').code);
      assert.equal((await visitor.api('POST', '/identification', { verificationId })).body.code, 'user.user_not_exist');
    });
  });
}
