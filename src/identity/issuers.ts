import { z } from 'zod';
import { type Algorithm, algorithms } from './algorithms.ts';

/** Who is trusted to say who calls, as an operator writes it; see `presets` for what may be left out. */

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether it is plain http. Such addresses parse for loopback only, and the operator must allow them besides. */
export function isPlain(address: string): boolean {
  return new URL(address).protocol === 'http:';
}

/** Kept to the letter, as issuers are compared exactly. */
const address = z.string().max(500).refine(isAcceptable, {
  error: 'an https address without user, query or fragment; http on loopback only',
});

function isAcceptable(text: string): boolean {
  if (!URL.canParse(text) || /[\s\\?#]/.test(text)) return false;
  const url = new URL(text);
  const plain = url.protocol === 'http:' && loopback.test(url.hostname);
  return (url.protocol === 'https:' || plain) && url.username === '' && url.password === '';
}

const claimName = z.string().min(1).max(100);
const text = z.string().min(1).max(500);
const oneOrMore = z.union([text, z.array(text).min(1).max(100)]).transform((given) => [given].flat());

const presetNames = ['google', 'gke', 'github', 'spiffe', 'agent-identity', 'oidc'] as const;
export type Preset = (typeof presetNames)[number] | 'iap';

const configSchema = z.strictObject({
  preset: z.enum(presetNames).default('oidc'),
  issuer: address.optional(),
  /** A token must be for exactly this one, or one of these. */
  audience: oneOrMore,
  /** Where the keys are. Without it they are found by discovery, which must answer for exactly this issuer and name keys of its origin. */
  jwks_uri: address.optional(),
  discovery: address.optional(),
  algorithms: z.array(z.enum(algorithms)).min(1).optional(),
  /** `email`: service accounts are agents, everybody else with a vouched address is human. */
  subject_kind: z.union([z.enum(['agent', 'human', 'email']), z.strictObject({ claim: claimName })]).optional(),
  /** The domains whose verified addresses this issuer may vouch for: only then are members `user:` or `serviceAccount:`. Google needs none. */
  email_domains: z.array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)).optional(),
  /** SPIFFE: whose keys these are. */
  trust_domain: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/)
    .optional(),
  /** What stands before `/subject/…` in members; by default the issuer without its scheme. */
  pool: z
    .string()
    .regex(/^[\w.:~%-]+(\/[\w.:~%-]+)*$/)
    .max(300)
    .optional(),
  claims: z
    .strictObject({
      groups: claimName.optional(),
      /** `principalSet://<pool>/attribute.<name>/<value of the claim>`. */
      attributes: z.record(z.string().regex(/^[a-z0-9_]{1,100}$/), claimName).default({}),
      /** The claim must be one of these, else the token is refused. */
      require: z.record(claimName, oneOrMore).default({}),
    })
    .prefault({}),
});
type Config = z.output<typeof configSchema>;

/** An issuer with every rule filled in. */
export type Issuer = {
  preset: Preset;
  issuer: string;
  audiences: readonly string[];
  keys: { jwks: string } | { discovery: string };
  algorithms: readonly Algorithm[];
  /** Accepted values of a key's `use`. */
  uses: readonly string[];
  subjectKind: 'agent' | 'human' | 'email' | { claim: string };
  emailDomains: readonly string[];
  /** Of SPIFFE: the trust domain. */
  pool: string;
  groups?: string;
  attributes: Readonly<Record<string, string>>;
  require: Readonly<Record<string, readonly string[]>>;
};

type Defaults = Partial<Pick<Issuer, 'issuer' | 'subjectKind' | 'attributes' | 'uses'>> & {
  jwks?: string;
  algorithms: readonly Algorithm[];
};

const svid = { algorithms: ['RS256', 'ES256', 'ES384'], uses: ['sig', 'jwt-svid'], subjectKind: 'agent' } as const;

const githubBound = ['repository_id', 'job_workflow_ref', 'environment'];

/** What each preset knows of its issuer. */
const presets: Record<(typeof presetNames)[number], Defaults> = {
  google: {
    issuer: 'https://accounts.google.com',
    jwks: 'https://www.googleapis.com/oauth2/v3/certs',
    algorithms: ['RS256'],
    subjectKind: 'email',
  },
  gke: { algorithms: ['RS256'], subjectKind: 'agent' },
  github: {
    issuer: 'https://token.actions.githubusercontent.com',
    jwks: 'https://token.actions.githubusercontent.com/.well-known/jwks',
    algorithms: ['RS256'],
    subjectKind: 'agent',
    attributes: Object.fromEntries(githubBound.map((claim) => [claim, claim])),
  },
  spiffe: svid,
  'agent-identity': svid,
  oidc: { algorithms: ['RS256'] },
};

export const iapIssuer = 'https://cloud.google.com/iap';

const issuerSchema = configSchema.transform((config, context): Issuer => {
  const issuer = complete(config);
  for (const complaint of complaints(config, issuer))
    context.issues.push({ code: 'custom', input: config, ...complaint });
  return issuer;
});

/**
 * The issuers whose tokens are accepted. Strict: unknown fields, symmetric algorithms, two issuers of the same name
 * or pool, and presets without what makes them safe (GitHub's bound claims, SPIFFE's trust domain) are errors.
 */
export const issuersSchema = z
  .array(issuerSchema)
  .refine((issuers) => areUnique(issuers.map(({ issuer }) => issuer)), { error: 'every issuer may be named once' })
  .refine(arePoolsApart, { error: 'two issuers share a pool, or one lies in the trust domain of another: set `pool`' });

function complete(config: Config): Issuer {
  const preset = presets[config.preset];
  const issuer = config.issuer ?? preset.issuer ?? '';
  const jwks = config.jwks_uri ?? (config.issuer === undefined ? preset.jwks : undefined);
  return {
    preset: config.preset,
    issuer,
    audiences: config.audience,
    keys: jwks
      ? { jwks }
      : { discovery: config.discovery ?? `${withoutSlash(issuer)}/.well-known/openid-configuration` },
    algorithms: config.algorithms ?? preset.algorithms,
    uses: preset.uses ?? ['sig'],
    subjectKind: config.subject_kind ?? preset.subjectKind ?? 'agent',
    emailDomains: config.email_domains ?? [],
    pool: config.trust_domain ?? config.pool ?? withoutSlash(issuer).replace(/^https?:\/\//, ''),
    ...(config.claims.groups !== undefined && { groups: config.claims.groups }),
    attributes: { ...preset.attributes, ...config.claims.attributes },
    require: config.claims.require,
  };
}

function* complaints(config: Config, { issuer, pool, require }: Issuer) {
  if (issuer === '') yield { path: ['issuer'], message: 'an issuer is needed' };
  if (issuer === iapIssuer)
    yield { path: ['issuer'], message: 'IAP has its own setting; its tokens are no bearer tokens' };
  if (config.jwks_uri && config.discovery) yield { path: ['discovery'], message: 'either jwks_uri or discovery' };
  if (config.preset === 'oidc' && config.subject_kind === undefined)
    yield { path: ['subject_kind'], message: 'say whether its subjects are agents or humans' };
  if (isSpiffe(config) && config.trust_domain === undefined)
    yield { path: ['trust_domain'], message: 'the trust domain whose keys these are' };
  if (config.preset === 'github' && !githubBound.every((claim) => require[claim]))
    yield {
      path: ['claims', 'require'],
      message: `GitHub vouches for every repository there is: bind ${githubBound.join(', ')}`,
    };
  if (config.trust_domain !== undefined && (!isSpiffe(config) || config.pool !== undefined))
    yield { path: ['trust_domain'], message: 'belongs to SPIFFE, where it is the pool' };
  // A subject could else name itself into another pool.
  if (/(^|\/)(subject|group|attribute\.[^/]*)(\/|$)/.test(pool))
    yield { path: ['pool'], message: 'no part may be called subject, group or attribute.…' };
}

function withoutSlash(text: string) {
  return text.replace(/\/$/, '');
}

/** A SPIFFE path is free, so nothing else may live below its trust domain. */
function arePoolsApart(issuers: readonly Issuer[]): boolean {
  const domains = issuers.filter(isSpiffe).map(({ pool }) => `${pool}/`);
  const isInside = ({ pool }: Issuer) => domains.some((domain) => pool.startsWith(domain));
  return areUnique(issuers.map(({ pool }) => pool)) && !issuers.some(isInside);
}

export function isSpiffe({ preset }: { preset: Preset }): boolean {
  return preset === 'spiffe' || preset === 'agent-identity';
}

function areUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
