export interface Relay {
  host: string;
  port: number;
  security?: 'tls' | 'start-tls' | 'opportunistic';
  credentials?: [user: string, password: string];
  mechanism?: 'plain' | 'login' | 'xoauth2';
  clientName?: string;
}
export interface Mail {
  sender: string;
  to: string;
  replyTo?: string;
  subject: string;
  text?: string;
  html?: string;
  headers?: Record<string, string>;
}
/** Sends a mail and returns the relay's last line. */
export function send(relay: Relay, mail: Mail): string;
