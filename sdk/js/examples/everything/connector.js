// Uses every interface of the host once; the same cases hold for the connector in Python beside it.
import { defineSocial, http, log, randomText } from '@keyway/connector';
import * as cache from '@keyway/connector/cache';
import { base64, hex, hmac, sign, verifyJwt } from '@keyway/connector/crypto';
import * as oauth from '@keyway/connector/oauth';
import * as session from '@keyway/connector/session';
import * as smtp from '@keyway/connector/smtp';
import readme from './README.md';

const LOGIN = 'https://login.example.com';

const client = ({ clientId, clientSecret }) => ({ id: clientId, secret: clientSecret });

export const { meta, config, social, socialTokens } = defineSocial({
  id: 'everything',
  version: '0.1.0',
  name: { en: 'Everything', 'zh-CN': '全部' },
  description: { en: 'Uses every interface of the host.', 'zh-CN': '使用主机的每个接口。' },
  hosts: ['login.example.com', '${config.relay}'],
  features: ['cache', 'session', 'smtp'],
  readme,
  sample: { clientId: 'client', clientSecret: 'hush-hush', privateKey: '<private-key>', relay: 'smtp.example.com' },
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['clientId', 'clientSecret', 'privateKey', 'relay'],
    properties: {
      clientId: { type: 'string', title: 'Client ID', description: "The client's id.", minLength: 1 },
      clientSecret: { type: 'string', title: 'Client secret', description: "The client's secret.", minLength: 1, writeOnly: true },
      privateKey: { type: 'string', title: 'Private key', description: 'It stays in the server.', minLength: 1, writeOnly: true, 'x-host-key': true },
      relay: { type: 'string', title: 'Relay', description: 'Where mail goes.', minLength: 1 },
    },
  },
  authorizationUri({ clientId }, start) {
    for (const level of ['debug', 'info', 'warn', 'error']) log[level](`a line at ${level}`);
    cache.set('kept', randomText(3), 60);
    cache.remove('old');
    session.set('own', `${cache.get('held')} ${new Date().toISOString().slice(0, 10)}`);
    return oauth.authorizationUri(`${LOGIN}/authorize`, clientId, 'profile', start, { ...oauth.pkce(), nonce: oauth.nonce() });
  },
  userInfo(settings, callback) {
    const tokens = oauth.exchange(`${LOGIN}/token`, client(settings), callback);
    const claims = verifyJwt(tokens.id_token, {
      jwksUri: `${LOGIN}/keys`, issuers: [LOGIN], audience: settings.clientId, nonce: session.get('nonce'),
    });
    const page = http.get(`${LOGIN}/cookies`, { query: [['a', '1'], ['a', '2']] });
    return {
      id: oauth.id(claims.sub),
      name: claims.name,
      rawData: {
        cookies: page.headers.getAll('Set-Cookie'),
        signature: base64(sign('RS256', settings.privateKey, 'signed')),
        mac: hex(hmac('sha-256', 'key', 'data')),
      },
    };
  },
  tokensAndUserInfo(settings, callback) {
    const tokens = oauth.exchange(`${LOGIN}/token`, client(settings), callback);
    const said = smtp.send({ host: settings.relay, port: 465 }, { sender: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello' });
    return { tokens, userInfo: { id: 'u-1', rawData: { said } } };
  },
  refresh: (settings, refreshToken) => oauth.refresh(`${LOGIN}/token`, client(settings), refreshToken),
});
