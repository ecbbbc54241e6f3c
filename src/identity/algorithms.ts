/** Signatures that may be configured (RFC 7518, 8037). Asymmetric only: a shared secret could forge what it verifies. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type Algorithm = (typeof algorithms)[number];
