// How fast the sign-in pages are in a browser on this machine: Lighthouse's score for performance, and the first contentful paint.
import { audit } from '../lib/lighthouse.mjs';
import { UNLIMITED, startWithAliyun } from '../lib/setup.mjs';
import { createApplication } from '../lib/visitor.mjs';

const { keyway, stop } = await startWithAliyun({ KEYWAY_CONFIG: UNLIMITED });
try {
  const application = await createApplication(keyway);
  const query = new URLSearchParams({
    client_id: application.id, redirect_uri: application.redirectUri, response_type: 'code', scope: 'openid', state: 's',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  });
  const pages = ['/sign-in', '/register', '/sign-in?with=password'].map((path) => `${keyway.endpoint}${path}`);
  const found = await audit(`${keyway.endpoint}/oidc/auth?${query}`, pages);
  for (const page of found) console.error(`${page.address.padEnd(34)}${String(page.performance).padStart(10)} of 100   first contentful paint ${page.firstContentfulPaint.toFixed(0)} ms`);
  console.log(JSON.stringify({ database: 'pages', pages: found }));
} finally {
  await stop();
}
