// Message templates that stand in a configuration, and the variables in them.
import { Failure } from './failure.js';

const USAGES = ['Register', 'SignIn', 'ForgotPassword', 'Generic'];

/** The template for this usage, or the Generic one. */
export function findTemplate(templates, usage) {
  const named = (name) => templates.find((template) => template.usageType === name);
  return named(usage) ?? named('Generic') ?? (() => {
    throw new Failure('template-not-found', `There is no template for ${usage} and no Generic one.`);
  })();
}

/** Fills in `{{ a.b }}`; a variable whose first name is unknown stays as it is. */
export const render = (template, payload) =>
  template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, path) => {
    const [root, ...rest] = path.split('.');
    if (!Object.hasOwn(payload, root)) return whole;
    const value = rest.reduce((inner, name) => inner?.[name], payload[root]);
    return value === undefined || value === null ? '' : String(value);
  });

/** For the schema of a list of templates: one for each usage that every sign-in needs. */
export const requiredUsages = () =>
  USAGES.map((usage) => ({
    contains: { type: 'object', properties: { usageType: { const: usage } }, required: ['usageType'] },
    'x-message': `must hold a template whose usageType is "${usage}"`,
  }));

/** The schema of a list of texts by usage. */
export const textTemplates = () => ({
  type: 'array',
  title: 'Templates',
  description: 'One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.',
  allOf: requiredUsages(),
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['usageType', 'content'],
    properties: {
      usageType: { type: 'string', title: 'Usage type', description: 'Register, SignIn, ForgotPassword, Generic, or another usage type.', minLength: 1 },
      content: { type: 'string', title: 'Content', description: 'The message; {{code}} stands for the code.', minLength: 1, 'x-multiline': true },
    },
  },
});

/** The mail for a message: by the tenant's own template where there is one, else by the configuration's. */
export function mail(templates, { usage, payload, template: own }) {
  const { subject, content, type, contentType = type, replyTo, sendFrom } = own ?? findTemplate(templates, usage);
  const filled = (text) => (typeof text === 'string' ? render(text, payload) : undefined);
  return {
    subject: filled(subject), content: filled(content), isText: contentType === 'text/plain', replyTo: filled(replyTo), sendFrom: filled(sendFrom),
  };
}

/** The schema of a list of mails by usage. */
export const mailTemplates = () => ({
  type: 'array',
  title: 'Templates',
  description: 'One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.',
  allOf: requiredUsages(),
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['usageType', 'subject', 'content'],
    properties: {
      usageType: { type: 'string', title: 'Usage type', description: 'Register, SignIn, ForgotPassword, Generic, or another usage type.', minLength: 1 },
      subject: { type: 'string', title: 'Subject', description: 'The subject; {{code}} stands for the code.', minLength: 1 },
      content: { type: 'string', title: 'Content', description: 'The mail; {{code}} stands for the code.', minLength: 1, 'x-multiline': true },
      type: { title: 'Content type', description: 'text/html or text/plain.', enum: ['text/html', 'text/plain'] },
    },
  },
});

/** Example mails for an empty editor. */
export const sampleMails = () =>
  sampleTexts().map(({ usageType, content }) => ({ usageType, subject: 'Your code is {{code}}', content: `<p>${content}</p>`, type: 'text/html' }));

/** Example texts for an empty editor. */
export const sampleTexts = () => {
  const purposes = { Register: ' to sign up', SignIn: ' to sign in', ForgotPassword: ' to reset your password' };
  return USAGES.map((usageType) => ({ usageType, content: `Your code${purposes[usageType] ?? ''} is {{code}}. It is good for 10 minutes.` }));
};
