// Write a Keyway connector in JavaScript: describe it with defineSms, defineEmail or defineSocial and export what they return.
import './shims.js';

export { Failure, failure } from './failure.js';
export { http } from './http.js';
export { log, logLine } from './log.js';
export { now, randomBytes, randomText, uuid } from './host.js';
export { findTemplate, mail, mailTemplates, render, requiredUsages, sampleMails, sampleTexts, textTemplates } from './template.js';

import { Failure, wire } from './failure.js';

const CONTRACT = '1.0.0';

function manifestOf(kind, definition) {
  const { id, target = id, version, name, description = {}, hosts = [], features = [], schema, readme, sample, logo } = definition;
  const manifest = { manifest: 1, id, target, kind, version, contract: CONTRACT, sdk: 'js/0.1.0', name, description, hosts, features, config: schema };
  for (const [key, value] of Object.entries({ platform: definition.platform, readme, sample, logo, logoDark: definition.logoDark, licence: definition.licence, source: definition.source, isStandard: definition.isStandard, readmes: definition.readmes, translations: definition.translations })) {
    if (value !== undefined) manifest[key] = value;
  }
  return JSON.stringify(manifest);
}

// What the server sees of an error: a Failure in the contract's form; anything else is a mistake of the connector's own.
function guarded(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw wire(error);
    throw wire(new Failure('general', `The connector failed: ${error?.message ?? error}`));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure('invalid-config', 'The configuration is not JSON.');
  }
}

function common(kind, definition) {
  const text = manifestOf(kind, definition);
  return {
    meta: { describe: () => text },
    config: {
      validate: (config) => guarded(() => {
        definition.validate?.(parsed(config));
      }),
    },
  };
}

function sender(kind, definition) {
  const send = (config, message) => guarded(() => {
    const template = message.template ? JSON.parse(message.template) : null;
    const sent = definition.send(parsed(config), { ...message, payload: JSON.parse(message.payload), template });
    return JSON.stringify(sent ?? {});
  });
  return { ...common(kind, definition), [kind]: { send } };
}

/** Makes a connector that sends text messages; export what it returns. */
export const defineSms = (definition) => sender('sms', definition);

/** Makes a connector that sends e-mail; export what it returns. */
export const defineEmail = (definition) => sender('email', definition);

/**
 * Makes a connector that signs in with an outside identity; export what it returns. With `tokensAndUserInfo` and `refresh` it
 * hands over the provider's tokens too: export `socialTokens` as well.
 */
export function defineSocial(definition) {
  const social = {
    authorizationUri: (config, start) => guarded(() => definition.authorizationUri(parsed(config), start)),
    userInfo: (config, callback) => guarded(() => JSON.stringify(definition.userInfo(parsed(config), JSON.parse(callback)))),
  };
  const made = { ...common('social', { platform: 'Universal', ...definition }), social };
  if (!definition.tokensAndUserInfo) return made;
  const socialTokens = {
    tokensAndUserInfo: (config, callback) =>
      guarded(() => JSON.stringify(definition.tokensAndUserInfo(parsed(config), JSON.parse(callback)))),
    refresh: (config, refreshToken) => guarded(() => JSON.stringify(definition.refresh(parsed(config), refreshToken))),
  };
  return { ...made, socialTokens };
}
