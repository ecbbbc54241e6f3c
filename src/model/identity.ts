/** Who calls, proven by a token: the pair of issuer and subject, never a name alone. */
export type Identity = {
  issuer: string;
  subject: string;
  /** Only where the issuer vouches for it. */
  email?: string;
  /** The IAM member: `serviceAccount:…`, `user:…`, `principal://…`. */
  member: string;
  /** Every other way a policy may name it: `principalSet://…` and the like. `group:` is not among them. */
  memberships: readonly string[];
  /** Groups named by the token itself, where the issuer's configuration says which claim holds them; without `group:`. */
  groups: readonly string[];
  kind: 'agent' | 'human';
  /** The token's claims, null-prototype. For conditions; never logged. */
  claims: Readonly<Record<string, unknown>>;
  /** What the token itself says of the agent; attested, as it is signed. */
  agent?: AgentClaims;
  /** SHA-256 of the token: groups calls into a default session. Not a secret, not reversible. */
  tokenDigest: string;
  /** Epoch seconds. */
  expiresAt: number;
};

/** The agent and its model (OpenTelemetry GenAI semantic conventions). */
export type AgentClaims = { name?: string; version?: string; model?: string; conversation?: string };

/** As `AgentClaims`; `attested` when the token's own claims carry them, else self-reported. */
export type AgentContext = AgentClaims & { attested: boolean };

/** What a caller presented to prove who it is. */
export type Presented = { bearer?: string; iapAssertion?: string };
