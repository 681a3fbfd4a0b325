// SMS Aero, version 2 of its API: the official connector once more, in JavaScript.
import { defineSms, failure, findTemplate, http, render, sampleTexts, textTemplates } from '@keyway/connector';
import readme from '../../../../connectors/smsaero/README.md';

export const { meta, config, sms } = defineSms({
  id: 'smsaero-js',
  version: '0.1.0',
  name: { en: 'SMS Aero in JavaScript', 'zh-CN': 'SMS Aero（JavaScript）' },
  description: { en: 'Text messages with SMS Aero.', 'zh-CN': '通过 SMS Aero 发送短信。' },
  hosts: ['gate.smsaero.ru'],
  readme,
  sample: { email: 'admin@example.com', apiKey: '<api-key>', senderName: 'Acme', templates: sampleTexts() },
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['email', 'apiKey', 'senderName', 'templates'],
    properties: {
      email: { type: 'string', title: 'E-mail', description: 'The e-mail address of the account.', minLength: 1 },
      apiKey: { type: 'string', title: 'API key', description: "The account's API key.", minLength: 1, writeOnly: true },
      senderName: { type: 'string', title: 'Sender name', description: "The approved sender's name.", minLength: 1 },
      templates: textTemplates(),
    },
  },
  send({ email, apiKey, senderName, templates }, { to, usage, payload }) {
    const text = render(findTemplate(templates, usage).content, payload);
    const answer = http
      .post('https://gate.smsaero.ru/v2/sms/send', { basic: [email, apiKey], json: { number: to, sign: senderName, text } })
      .success((body) => body.message);
    if (answer?.success !== true) failure('general', answer?.message ?? 'SMS Aero refused the message.');
    return { requestId: answer.data?.id };
  },
});
