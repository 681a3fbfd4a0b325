// A browser without a window: its cookies, the Experience API, and the tokens at the end.
import { createHash, randomBytes } from 'node:crypto';

export class Visitor {
  #cookies = new Map();

  constructor(keyway, application) {
    this.keyway = keyway;
    this.application = application;
  }

  async fetch(path, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.keyway.endpoint}${path}`, {
      redirect: 'manual', ...init, headers: { ...(cookie && { cookie }), ...init.headers },
    });
    for (const header of response.headers.getSetCookie()) {
      const [name, value] = header.split(';')[0].split('=');
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return response;
  }

  cookie(name) {
    return this.#cookies.get(name);
  }

  setCookie(name, value) {
    this.#cookies.set(name, value);
  }

  // Opens /oidc/auth and returns the response.
  async authorize(extra = {}) {
    this.verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: this.application.id, redirect_uri: this.application.redirectUri, response_type: 'code', prompt: 'consent',
      scope: 'openid offline_access profile phone', state: 'a state', code_challenge_method: 'S256',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
    });
    for (const [name, value] of Object.entries(extra)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    return this.fetch(`/oidc/auth?${query}`);
  }

  async api(method, path, body) {
    const response = await this.fetch(`/api/experience${path}`, {
      method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  // A step that must succeed.
  async step(method, path, body) {
    const { status, body: answer } = await this.api(method, path, body);
    if (status >= 300) throw Object.assign(new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`), { status, answer });
    return answer;
  }

  async token(parameters, secret = this.application.secret) {
    const response = await this.fetch('/oidc/token', {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${this.application.id}:${secret}`)}` },
      body: new URLSearchParams({ client_id: this.application.id, ...parameters }),
    });
    return { status: response.status, body: await response.json() };
  }

  exchange(code) {
    return this.token({
      grant_type: 'authorization_code', code, redirect_uri: this.application.redirectUri, code_verifier: this.verifier,
    });
  }

  async submit() {
    const { redirectTo } = await this.step('POST', '/submit');
    return new URL(redirectTo).searchParams.get('code');
  }

  async sendCode(phone, interactionEvent) {
    const identifier = { type: 'phone', value: phone };
    return (await this.step('POST', '/verification/verification-code', { identifier, interactionEvent })).verificationId;
  }

  verifyCode(phone, verificationId, code) {
    const identifier = { type: 'phone', value: phone };
    return this.step('POST', '/verification/verification-code/verify', { identifier, verificationId, code });
  }

  // Signs up by phone; returns the authorization code.
  async signUp(phone, aliyun) {
    await this.authorize();
    await this.step('PUT', '', { interactionEvent: 'Register' });
    const verificationId = await this.sendCode(phone, 'Register');
    await this.verifyCode(phone, verificationId, aliyun.to(phone).code);
    await this.step('POST', '/identification', { verificationId });
    return this.submit();
  }
}

// A web application whose answers the test reads itself.
export async function createApplication(keyway, name = 'Test') {
  const redirectUri = 'https://app.example.com/callback';
  const metadata = { redirectUris: [redirectUri], postLogoutRedirectUris: ['https://app.example.com/'] };
  const { body } = await keyway.api('POST', '/applications', { name, type: 'Traditional', oidcClientMetadata: metadata });
  return { id: body.id, secret: body.secret, redirectUri };
}
