type Data = string | Uint8Array;
export type Digest = 'sha-1' | 'sha-256' | 'sha-384' | 'sha-512';
export function digest(algorithm: Digest, data: Data): Uint8Array;
export function hmac(algorithm: Digest, key: Data, data: Data): Uint8Array;
/** Signs with the value of a configuration field; a field marked `x-host-key` stays in the server. */
export function sign(algorithm: 'RS256' | 'RS384' | 'RS512' | 'ES256', key: string, data: Data): Uint8Array;
export interface Rules {
  jwksUri: string;
  issuers: string[];
  audience: string;
  nonce?: string;
  algorithms?: string[];
  clockToleranceSeconds?: number;
}
/** The claims of a token that is right; else a failure `social-invalid-id-token`. */
export function verifyJwt(token: string, rules: Rules): Record<string, any>;
export function base64(data: Data): string;
export function base64url(data: Data): string;
export function hex(data: Data): string;
