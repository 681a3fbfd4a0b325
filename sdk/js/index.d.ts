/** A message to deliver. */
export interface Message {
  /** Phone number in digits with country code, or e-mail address. */
  to: string;
  /** SignIn, Register, ForgotPassword, Generic, … */
  usage: string;
  /** The template's variables; normally `code`. */
  payload: Record<string, unknown>;
  /** BCP 47 tag. */
  locale: string | null;
  /** For e-mail: the tenant's own template. */
  template: { subject: string; content: string; contentType?: string; replyTo?: string; sendFrom?: string } | null;
}
/** What a connector says of itself. */
export interface Definition<Config> {
  id: string;
  target?: string;
  version: string;
  name: { en: string; [language: string]: string };
  description?: Record<string, string>;
  /** A name, `*.` and a name, or `${config.<field>}`. */
  hosts?: string[];
  features?: ('cache' | 'session' | 'smtp')[];
  /** JSON Schema (draft 2020-12) of the configuration. */
  schema: object;
  sample?: Config;
  readme?: string;
  logo?: string;
  licence?: string;
  source?: string;
  validate?(config: Config): void;
}
export interface SenderDefinition<Config> extends Definition<Config> {
  send(config: Config, message: Message): Record<string, unknown> | void;
}
export interface Start {
  state: string;
  redirectUri: string;
  connectorId: string;
  factoryId: string;
  userAgent: string | null;
  scope: string | null;
}
export interface UserInfo { id: string; email?: string; phone?: string; name?: string; avatar?: string; rawData?: unknown }
export interface SocialDefinition<Config> extends Definition<Config> {
  platform?: 'Universal' | 'Web' | 'Native';
  authorizationUri(config: Config, start: Start): string;
  userInfo(config: Config, callback: Record<string, string>): UserInfo;
}
interface Common { meta: object; config: object }
export function defineSms<Config>(definition: SenderDefinition<Config>): Common & { sms: object };
export function defineEmail<Config>(definition: SenderDefinition<Config>): Common & { email: object };
export function defineSocial<Config>(definition: SocialDefinition<Config>): Common & { social: object };
export class Failure extends Error {
  constructor(code: string, message: string, details?: { data?: unknown; retryAfterMs?: number });
}
export function failure(code: string, message: string, details?: { data?: unknown; retryAfterMs?: number }): never;
export interface Response {
  status: number;
  ok: boolean;
  headers: Map<string, string>;
  body: Uint8Array;
  text(): string;
  json(): any;
  success(words?: (body: any) => unknown): any;
}
export interface RequestOptions {
  headers?: Record<string, string>;
  query?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
  body?: string | Uint8Array;
  basic?: [string, string];
  bearer?: string;
}
export const http: {
  request(method: string, url: string, options?: RequestOptions): Response;
  get(url: string, options?: RequestOptions): Response;
  post(url: string, options?: RequestOptions): Response;
};
export function now(): number;
export function uuid(): string;
export function randomBytes(length: number): Uint8Array;
export function randomText(bytes: number): string;
export function logLine(message: unknown): void;
export function findTemplate<T extends { usageType: string }>(templates: T[], usage: string): T;
export function render(template: string, payload: Record<string, unknown>): string;
export function requiredUsages(): object[];
export function textTemplates(): object;
export function sampleTexts(): { usageType: string; content: string }[];
