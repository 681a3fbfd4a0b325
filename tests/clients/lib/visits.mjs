// A browser with a window at the sign-in pages, and the applications that it comes from and lands in.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { chromium } from 'playwright-core';

export const launch = (...args) =>
  chromium.launch({ executablePath: process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', ...args] });

// Answers every path with a page that names it; `hops` sends on from one path to another address.
export async function startPlaces(hops = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://place');
    if (hops[pathname]) return response.writeHead(302, { location: hops[pathname] }).end();
    response.setHeader('content-type', 'text/html');
    return response.end(`<title>${pathname}</title>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

// A registered application and the address that begins a sign-in to it.
export async function register(keyway, name, redirectUri) {
  const made = await keyway.api('POST', '/applications', { name, type: 'SPA', oidcClientMetadata: { redirectUris: [redirectUri], postLogoutRedirectUris: [] } });
  if (made.status >= 300) throw new Error(JSON.stringify(made.body));
  const begin = (extra = {}) => {
    const challenge = createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url');
    return `${keyway.endpoint}/oidc/auth?${new URLSearchParams({
      client_id: made.body.id, redirect_uri: redirectUri, response_type: 'code', scope: 'openid', state: name,
      code_challenge: challenge, code_challenge_method: 'S256', ...extra,
    })}`;
  };
  return { id: made.body.id, begin, redirectUri };
}
