// Signs in with Example.
import { defineSocial } from '@keyway/connector';
import * as oauth from '@keyway/connector/oauth';
import readme from './README.md';

export const { meta, config, social } = defineSocial({
  id: '{{name}}',
  version: '0.1.0',
  name: { en: 'Example', 'zh-CN': '示例' },
  description: { en: 'Sign in with Example.', 'zh-CN': '使用示例账号登录。' },
  hosts: ['api.example.com'],
  features: ['session'],
  readme,
  sample: { clientId: '<client-id>', clientSecret: '<client-secret>' },
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['clientId', 'clientSecret'],
    properties: {
      clientId: { type: 'string', title: 'Client ID', description: "The client's id from the provider's console.", minLength: 1 },
      clientSecret: { type: 'string', title: 'Client secret', description: "The client's secret.", minLength: 1, writeOnly: true },
    },
  },
  authorizationUri({ clientId }, start) {
    return oauth.authorizationUri('https://example.com/authorize', clientId, 'profile email', start, oauth.pkce());
  },
  userInfo({ clientId, clientSecret }, callback) {
    const tokens = oauth.exchange('https://api.example.com/token', { id: clientId, secret: clientSecret }, callback);
    const user = oauth.userInfo('https://api.example.com/me', tokens.access_token);
    return {
      id: oauth.id(user.id),
      email: user.email,
      emailVerified: user.email_verified === true,
      name: user.name,
      avatar: user.picture,
      rawData: user,
    };
  },
});
