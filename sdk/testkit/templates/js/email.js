// Sends e-mail through Example.
import { defineEmail, http, mail, mailTemplates, sampleMails } from '@keyway/connector';
import readme from './README.md';

export const { meta, config, email } = defineEmail({
  id: '{{name}}',
  version: '0.1.0',
  name: { en: 'Example mail', 'zh-CN': '示例邮件' },
  description: { en: 'E-mail with Example.', 'zh-CN': '通过示例服务商发送邮件。' },
  hosts: ['api.example.com'],
  readme,
  sample: { apiKey: '<api-key>', sender: 'no-reply@example.com', templates: sampleMails() },
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['apiKey', 'sender', 'templates'],
    properties: {
      apiKey: { type: 'string', title: 'API key', description: "The key from the provider's console.", minLength: 1, writeOnly: true },
      sender: { type: 'string', title: 'Sender', description: "The approved sender's address.", minLength: 1, format: 'email' },
      templates: mailTemplates(),
    },
  },
  send({ apiKey, sender, templates }, message) {
    const { subject, content, isText } = mail(templates, message);
    const json = { from: sender, to: message.to, subject, [isText ? 'text' : 'html']: content };
    const answer = http.post('https://api.example.com/mails', { bearer: apiKey, json }).success((body) => body.error?.message);
    return { messageId: answer.id };
  },
});
