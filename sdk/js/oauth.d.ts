import type { Callback, Response, Start } from './index.js';

export interface Client { id: string; secret: string; auth?: 'post' | 'basic' | 'none' }
type Tokens = Record<string, any>;
export function authorizationUri(endpoint: string, clientId: string, scope: string, start: Start, more?: Record<string, string>): string;
/** The parameters of a new PKCE verifier, which is kept in the session. */
export function pkce(): { code_challenge: string; code_challenge_method: string };
/** A new nonce, kept in the session. */
export function nonce(): string;
/** The callback's code, or the failure that the provider's parameters mean. */
export function code(callback: Callback, name?: string): string;
export function exchange(endpoint: string, client: Client, callback: Callback, more?: Record<string, string>): Tokens;
export function refresh(endpoint: string, client: Client, refreshToken: string): Tokens;
export function tokens(response: Response): Tokens;
/** The provider's user information. */
export function userInfo(url: string, accessToken: string, headers?: Record<string, string>): any;
/** A user's id as text; numbers too large for JavaScript are refused. */
export function id(value: unknown): string;
