// Mail over SMTP, spoken by the server. The definition lists the feature `smtp` and the relay's host.
import host from 'keyway:host/smtp@1.0.0';
import { Failure, reason } from './failure.js';

const FAILURES = {
  denied: (what) => ['general', `The relay was not allowed: ${what}`],
  invalid: (what) => ['invalid-config', what],
  timeout: () => ['unreachable', 'The relay did not answer in time.'],
  unreachable: (what) => ['unreachable', `The relay cannot be reached: ${what}`],
  refused: (what) => ['general', `The relay refused: ${what}`],
};

/**
 * Sends a mail and returns the relay's last line. `relay`: `host`, `port`, `security` (`tls`, `start-tls`, `opportunistic`),
 * `credentials` (user name and password), `mechanism`, `clientName`. `mail`: `sender`, `to`, `replyTo`, `subject`, `text`,
 * `html`, `headers`.
 */
export function send({ host: name, port, security = 'tls', credentials = null, mechanism = null, clientName = null }, mail) {
  const { sender, to, replyTo = null, subject, text = null, html = null, headers = {} } = mail;
  try {
    return host.send(
      { host: name, port, security, credentials, mechanism, clientName },
      { sender, to, replyTo, subject, text, html, headers: Object.entries(headers) },
    );
  } catch (error) {
    const { tag, val } = reason(error);
    if (!FAILURES[tag]) throw error;
    throw new Failure(...FAILURES[tag](val));
  }
}
