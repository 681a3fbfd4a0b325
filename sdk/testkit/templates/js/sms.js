// Sends text messages through Example.
import { defineSms, findTemplate, http, render, sampleTexts, textTemplates } from '@keyway/connector';
import readme from './README.md';

export const { meta, config, sms } = defineSms({
  id: '{{name}}',
  version: '0.1.0',
  name: { en: 'Example SMS', 'zh-CN': '示例短信' },
  description: { en: 'Text messages with Example.', 'zh-CN': '通过示例服务商发送短信。' },
  hosts: ['api.example.com'],
  readme,
  sample: { apiKey: '<api-key>', sender: 'Acme', templates: sampleTexts() },
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['apiKey', 'sender', 'templates'],
    properties: {
      apiKey: { type: 'string', title: 'API key', description: "The key from the provider's console.", minLength: 1, writeOnly: true },
      sender: { type: 'string', title: 'Sender', description: "The approved sender's name.", minLength: 1 },
      templates: textTemplates(),
    },
  },
  send({ apiKey, sender, templates }, { to, usage, payload }) {
    const text = render(findTemplate(templates, usage).content, payload);
    const answer = http
      .post('https://api.example.com/messages', { bearer: apiKey, json: { from: sender, to: `+${to}`, text } })
      .success((body) => body.error?.message);
    return { requestId: answer.id };
  },
});
