// Write a Keyway connector in JavaScript: describe it with defineSms, defineEmail or defineSocial and export what they return.
import './shims.js';

export { Failure, failure } from './failure.js';
export { http } from './http.js';
export { now, randomBytes, randomText, uuid } from './host.js';
export { findTemplate, render, requiredUsages, sampleTexts, textTemplates } from './template.js';

import log from 'keyway:host/log@1.0.0';
import { Failure, wire } from './failure.js';

/** Writes a line to the connector's log, which the admin reads. */
export const logLine = (message) => log.write('info', String(message));

const CONTRACT = '1.0.0';

function manifestOf(kind, definition) {
  const { id, target = id, version, name, description = {}, hosts = [], features = [], schema, readme, sample, logo } = definition;
  const manifest = { manifest: 1, id, target, kind, version, contract: CONTRACT, sdk: 'js/0.1.0', name, description, hosts, features, config: schema };
  for (const [key, value] of Object.entries({ platform: definition.platform, readme, sample, logo, licence: definition.licence, source: definition.source })) {
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

/** Makes a connector that signs in with an outside identity; export what it returns. */
export function defineSocial(definition) {
  const social = {
    authorizationUri: (config, start) => guarded(() => definition.authorizationUri(parsed(config), start)),
    userInfo: (config, callback) => guarded(() => JSON.stringify(definition.userInfo(parsed(config), JSON.parse(callback)))),
  };
  return { ...common('social', { platform: 'Universal', ...definition }), social };
}
