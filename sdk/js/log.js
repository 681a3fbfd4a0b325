// Lines for the admin. Secrets, recipients and codes are masked by the server.
import host from 'keyway:host/log@1.0.0';

const at = (level) => (message) => host.write(level, String(message));

export const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };

/** A line at the level `info`. */
export const logLine = log.info;
