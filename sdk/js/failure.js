/** Why a call failed: for the admin, never for the end user. `code` is a connector error code such as `rate-limit-exceeded`. */
export class Failure extends Error {
  constructor(code, message, { data, retryAfterMs } = {}) {
    super(message);
    this.code = code;
    this.data = data;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Throws a Failure. */
export function failure(code, message, details) {
  throw new Failure(code, message, details);
}

/** A failure in the contract's form. */
export const wire = ({ code, message, data, retryAfterMs }) => ({
  code, message, data: data === undefined ? null : JSON.stringify(data), retryAfterMs: retryAfterMs ?? null,
});

/** What a host function said when it refused: a text, or a case of a variant with or without one. */
export const reason = (error) => error?.payload ?? error;

/** Runs a host call whose refusal is a text, and makes a Failure of it. */
export function refused(code, before, call) {
  try {
    return call();
  } catch (error) {
    const text = reason(error);
    throw new Failure(code, `${before}${typeof text === 'string' ? text : text?.message ?? text}`);
  }
}
