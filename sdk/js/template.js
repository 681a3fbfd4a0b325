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

/** Example texts for an empty editor. */
export const sampleTexts = () => {
  const purposes = { Register: ' to sign up', SignIn: ' to sign in', ForgotPassword: ' to reset your password' };
  return USAGES.map((usageType) => ({ usageType, content: `Your code${purposes[usageType] ?? ''} is {{code}}. It is good for 10 minutes.` }));
};
