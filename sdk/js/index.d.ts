/// <reference path="./text.d.ts" />
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
  logoDark?: string;
  licence?: string;
  source?: string;
  /** It speaks a standard with any provider: many may be set up, each with a target of its own. */
  isStandard?: boolean;
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
/** An address counts only where its flag is true: say so only when the provider says that it is this user's. */
export interface UserInfo {
  id: string;
  /** Of a standard connector: which provider says so, such as a checked ID token's `iss`. */
  issuer?: string;
  email?: string;
  emailVerified?: boolean;
  phone?: string;
  phoneVerified?: boolean;
  name?: string;
  avatar?: string;
  rawData?: unknown;
}
export type Callback = Record<string, string> & { redirectUri: string };
export interface SocialDefinition<Config> extends Definition<Config> {
  platform?: 'Universal' | 'Web' | 'Native';
  authorizationUri(config: Config, start: Start): string;
  userInfo(config: Config, callback: Callback): UserInfo;
  tokensAndUserInfo?(config: Config, callback: Callback): { tokens: Record<string, unknown>; userInfo: UserInfo };
  /** The provider's token answer to a refresh token; needed beside tokensAndUserInfo. */
  refresh?(config: Config, refreshToken: string): Record<string, unknown>;
}
interface Common { meta: object; config: object }
export function defineSms<Config>(definition: SenderDefinition<Config>): Common & { sms: object };
export function defineEmail<Config>(definition: SenderDefinition<Config>): Common & { email: object };
export function defineSocial<Config>(definition: SocialDefinition<Config>): Common & { social: object; socialTokens?: object };
export class Failure extends Error {
  constructor(code: string, message: string, details?: { data?: unknown; retryAfterMs?: number });
  code: string;
  data?: unknown;
  retryAfterMs?: number;
}
export function failure(code: string, message: string, details?: { data?: unknown; retryAfterMs?: number }): never;
export interface Headers extends Iterable<[string, string]> {
  /** The values of a name, joined by commas. */
  get(name: string): string | undefined;
  /** Every value of a name, in order. */
  getAll(name: string): string[];
  has(name: string): boolean;
}
export interface Response {
  status: number;
  ok: boolean;
  headers: Headers;
  body: Uint8Array;
  text(): string;
  json(): any;
  /** The JSON of an answer of 2xx; else a failure in the provider's words. */
  success(words?: (body: any) => unknown): any;
  failure(words?: string): Failure;
}
export interface RequestOptions {
  headers?: Record<string, string> | [string, string][];
  query?: Record<string, string> | [string, string][];
  json?: unknown;
  form?: Record<string, string> | [string, string][];
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
export const log: Record<'debug' | 'info' | 'warn' | 'error', (message: unknown) => void>;
export function logLine(message: unknown): void;
export function findTemplate<T extends { usageType: string }>(templates: T[], usage: string): T;
export function render(template: string, payload: Record<string, unknown>): string;
export interface Mail { subject: string; content: string; isText: boolean; replyTo?: string; sendFrom?: string }
export function mail(templates: { usageType: string; subject: string; content: string; type?: string }[], message: Message): Mail;
export function mailTemplates(): object;
export function sampleMails(): { usageType: string; subject: string; content: string; type: string }[];
export function requiredUsages(): object[];
export function textTemplates(): object;
export function sampleTexts(): { usageType: string; content: string }[];
