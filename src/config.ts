import { z } from 'zod';
import { type IssuerConfig, issuersSchema } from './identity/identity.ts';

/** Everything a role is told from outside. The only reader of the environment; every error at once; no insecure default. */
export type Config = {
  role: Role;
  ports: Record<Exclude<Role, 'all'>, number>;
  host: string;
  project: string;
  databases: { policy: string; runtime: string };
  datasets: { audit: string; evidence: string };
  issuers: readonly IssuerConfig[];
  /** The exact audience of IAP assertions at the console; unset where IAP does not stand before it. */
  iapAudience?: string;
  /** KMS key version that signs humans' decisions. */
  approvalKey: string;
  /** KMS key version that signs checkpoints of the trail: only the keeper may use it. */
  checkpointKey: string;
  /** Where checkpoints are kept beside BigQuery: a bucket with a locked retention policy. */
  checkpointBucket?: string;
  /** How long the trail is kept: what the tables' expiration is set to, and the most that checkpoints allow to be deleted. */
  retention: { days: Readonly<Record<string, number>>; legalHold: boolean };
  /** Secret with the key that seals literals in the trail. */
  sealKey: string;
  /** Where humans reach the console: for the link in a waiting reply. */
  consoleUrl: string;
  /** The only identity that may call the keeper, as an IAM member. */
  scheduler: string;
  limits: { perMinute: number; atOnce: number; openAtOnce: number };
  /** Bytes of each answer that are recorded at most. */
  recordingLimit: number;
  /** Bytes of each session that are recorded at most. */
  sessionLimit: number;
  groups: { admins: string; auditors: string };
  /** The console accepts a pasted token from a browser: for a laptop, where no IAP stands before it. */
  tokenSignIn: boolean;
  emulators: { firestore?: string; secretManager?: string; bigquery?: string; kms?: string; storage?: string };
  instance: { revision: string | null; imageDigest: string | null };
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Plain http issuers and plaintext databases: on loopback only, and never on Cloud Run. */
  local: boolean;
};

const roles = ['gateway', 'console', 'keeper', 'all'] as const;
export type Role = (typeof roles)[number];

/** All that is wrong with the environment, a line each. Names variables, never shows a value. */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(
      `The configuration has ${lines.length} ${lines.length === 1 ? 'error' : 'errors'}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/** `127.0.0.1:8084`, also where it is written as an http address. */
const loopback = z
  .string()
  .regex(/^(http:\/\/)?(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/, 'must be a loopback address such as 127.0.0.1:8084')
  .transform((address) => address.replace('http://', ''));
const port = z.coerce.number().int().min(0).max(65_535);
const group = z.string().regex(/^group:\S+$/, 'must be group:<name>');

const keyVersion = z
  .string()
  .regex(
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+\/cryptoKeyVersions\/\d+$/,
    'must be the full name of a KMS key version',
  );

const days = z.int().positive('must be whole days, at least one').max(36_500).optional();
/** Days by table: what is not named is kept for ever, but for recordings, which are kept as long as events. */
const retention = z
  .strictObject({ events: days, recordings: days }, 'must be days by table: events, recordings')
  .refine(
    ({ events, recordings }) => events === undefined || recordings === undefined || recordings <= events,
    'must keep recordings no longer than events, which say what they are',
  );

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});

const environmentSchema = z.object({
  PORT: port.default(8080),
  SALLYPORT_HOST: z.string().optional(),
  SALLYPORT_CONSOLE_PORT: port.optional(),
  SALLYPORT_KEEPER_PORT: port.optional(),
  GOOGLE_CLOUD_PROJECT: z.string().min(1),
  SALLYPORT_RETENTION: json.pipe(retention).default({}),
  SALLYPORT_LEGAL_HOLD: z.enum(['true', 'false']).default('false'),
  SALLYPORT_CHECKPOINT_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'must be the name of a bucket')
    .optional(),
  SALLYPORT_POLICY_DATABASE: z.string().min(1).default('policy'),
  SALLYPORT_RUNTIME_DATABASE: z.string().min(1).default('runtime'),
  SALLYPORT_AUDIT_DATASET: z.string().regex(/^\w+$/).default('sallyport_audit'),
  SALLYPORT_EVIDENCE_DATASET: z.string().regex(/^\w+$/).default('sallyport_evidence'),
  SALLYPORT_ISSUERS: json.pipe(issuersSchema),
  SALLYPORT_IAP_AUDIENCE: z.string().min(1).optional(),
  SALLYPORT_APPROVAL_KEY: keyVersion,
  SALLYPORT_CHECKPOINT_KEY: keyVersion,
  SALLYPORT_SEAL_KEY: z
    .string()
    .regex(/^projects\/[^/]+\/secrets\/[^/]+(\/versions\/\w+)?$/, 'must be the name of a secret'),
  SALLYPORT_CONSOLE_URL: z.url(),
  SALLYPORT_SCHEDULER: z.string().regex(/^serviceAccount:\S+$/, 'must be serviceAccount:<email>'),
  SALLYPORT_CALLS_PER_MINUTE: z.coerce.number().int().positive().default(600),
  SALLYPORT_CALLS_AT_ONCE: z.coerce.number().int().positive().default(16),
  SALLYPORT_OPEN_AT_ONCE: z.coerce.number().int().positive().default(128),
  SALLYPORT_RECORDING_LIMIT: z.coerce
    .number()
    .int()
    .min(4096)
    .max(4 * 1024 * 1024)
    .default(1024 * 1024),
  SALLYPORT_SESSION_LIMIT: z.coerce
    .number()
    .int()
    .min(64 * 1024)
    .max(1024 * 1024 * 1024)
    .default(64 * 1024 * 1024),
  SALLYPORT_ADMINS: group.default('group:sallyport-admins'),
  SALLYPORT_AUDITORS: group.default('group:sallyport-auditors'),
  SALLYPORT_TOKEN_SIGN_IN: z.enum(['true', 'false']).default('false'),
  SALLYPORT_IMAGE_DIGEST: z.string().optional(),
  SALLYPORT_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  FIRESTORE_EMULATOR_HOST: loopback.optional(),
  SECRET_MANAGER_EMULATOR_HOST: loopback.optional(),
  BIGQUERY_EMULATOR_HOST: loopback.optional(),
  KMS_EMULATOR_HOST: loopback.optional(),
  STORAGE_EMULATOR_HOST: loopback.optional(),
  K_SERVICE: z.string().optional(),
  K_REVISION: z.string().optional(),
});
type Environment = z.output<typeof environmentSchema>;

const emulatorVariables = [
  'FIRESTORE_EMULATOR_HOST',
  'SECRET_MANAGER_EMULATOR_HOST',
  'BIGQUERY_EMULATOR_HOST',
  'KMS_EMULATOR_HOST',
  'STORAGE_EMULATOR_HOST',
] as const;

const installSchema = environmentSchema
  .pick({
    GOOGLE_CLOUD_PROJECT: true,
    SALLYPORT_AUDIT_DATASET: true,
    SALLYPORT_EVIDENCE_DATASET: true,
    SALLYPORT_RETENTION: true,
    SALLYPORT_LEGAL_HOLD: true,
    BIGQUERY_EMULATOR_HOST: true,
  })
  .extend({ SALLYPORT_LOCATION: z.string().min(1).optional() });

/** What the installation of the datasets needs to know. */
export type InstallConfig = Pick<Config, 'project' | 'datasets' | 'retention'> & {
  /** Where datasets are made, such as `europe-west1`. */
  location: string | undefined;
  bigquery: string | undefined;
};

/** Throws `ConfigError` with every error there is. */
export function readInstallConfig(environment: Record<string, string | undefined> = process.env): InstallConfig {
  const parsed = installSchema.safeParse(withoutEmpty(environment));
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(describeIssue));
  const { data } = parsed;
  return {
    project: data.GOOGLE_CLOUD_PROJECT,
    datasets: { audit: data.SALLYPORT_AUDIT_DATASET, evidence: data.SALLYPORT_EVIDENCE_DATASET },
    retention: retentionOf(data),
    location: data.SALLYPORT_LOCATION,
    bigquery: data.BIGQUERY_EMULATOR_HOST,
  };
}

const applySchema = environmentSchema
  .pick({ GOOGLE_CLOUD_PROJECT: true, SALLYPORT_POLICY_DATABASE: true, FIRESTORE_EMULATOR_HOST: true })
  .extend({ SALLYPORT_DOCUMENTS: z.string().min(1) });

/** What writing documents needs to know. */
export type ApplyConfig = {
  project: string;
  database: string;
  /** A JSON file: kind → name → document. */
  file: string;
  firestore: string | undefined;
};

/** Throws `ConfigError` with every error there is. */
export function readApplyConfig(environment: Record<string, string | undefined> = process.env): ApplyConfig {
  const parsed = applySchema.safeParse(withoutEmpty(environment));
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(describeIssue));
  const { data } = parsed;
  return {
    project: data.GOOGLE_CLOUD_PROJECT,
    database: data.SALLYPORT_POLICY_DATABASE,
    file: data.SALLYPORT_DOCUMENTS,
    firestore: data.FIRESTORE_EMULATOR_HOST,
  };
}

/** Throws `ConfigError` with every error there is. */
export function readConfig(
  role: string | undefined,
  environment: Record<string, string | undefined> = process.env,
): Config {
  const parsed = environmentSchema.safeParse(withoutEmpty(environment));
  const errors = [
    ...roleErrors(role),
    ...(parsed.success ? crossErrors(parsed.data) : parsed.error.issues.map(describeIssue)),
  ];
  if (!parsed.success || errors.length > 0) throw new ConfigError(errors);
  return configOf(z.enum(roles).parse(role), parsed.data);
}

function withoutEmpty(environment: Record<string, string | undefined>) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
}

function roleErrors(role: string | undefined) {
  return z.enum(roles).safeParse(role).success
    ? []
    : [`role: say one of ${roles.join(', ')}, install, apply, as in: npm start gateway`];
}

function describeIssue(issue: z.core.$ZodIssue) {
  const missing =
    issue.code === 'invalid_type' && issue.path.length === 1 && issue.message.includes('received undefined');
  return `${issue.path.join('.')}: ${missing ? 'is not set' : issue.message}`;
}

/** What only several variables together can get wrong. */
function crossErrors(environment: Environment): string[] {
  const onCloudRun = environment.K_SERVICE !== undefined;
  const emulated = emulatorVariables.filter((name) => environment[name] !== undefined);
  const errors: string[] = [];
  if (onCloudRun) {
    for (const name of emulated) errors.push(`${name}: an emulator is refused on Cloud Run (K_SERVICE is set)`);
    if (environment.SALLYPORT_TOKEN_SIGN_IN === 'true')
      errors.push('SALLYPORT_TOKEN_SIGN_IN: is refused on Cloud Run; put IAP before the console');
    if (!environment.SALLYPORT_CONSOLE_URL.startsWith('https://')) errors.push('SALLYPORT_CONSOLE_URL: must be https');
    for (const issuer of environment.SALLYPORT_ISSUERS) {
      if (!issuer.issuer.startsWith('https://'))
        errors.push('SALLYPORT_ISSUERS: a plain http issuer is refused on Cloud Run');
    }
  }
  if (environment.SALLYPORT_CHECKPOINT_KEY === environment.SALLYPORT_APPROVAL_KEY)
    errors.push('SALLYPORT_CHECKPOINT_KEY: must be another key than SALLYPORT_APPROVAL_KEY');
  if (environment.SALLYPORT_ISSUERS.length === 0)
    errors.push('SALLYPORT_ISSUERS: names no issuer, so nobody could call');
  return errors;
}

function configOf(role: Role, environment: Environment): Config {
  const local = environment.K_SERVICE === undefined;
  return {
    role,
    ports: portsOf(role, environment),
    host: environment.SALLYPORT_HOST ?? (local ? '127.0.0.1' : '0.0.0.0'),
    project: environment.GOOGLE_CLOUD_PROJECT,
    databases: { policy: environment.SALLYPORT_POLICY_DATABASE, runtime: environment.SALLYPORT_RUNTIME_DATABASE },
    datasets: { audit: environment.SALLYPORT_AUDIT_DATASET, evidence: environment.SALLYPORT_EVIDENCE_DATASET },
    issuers: environment.SALLYPORT_ISSUERS,
    ...(environment.SALLYPORT_IAP_AUDIENCE !== undefined && { iapAudience: environment.SALLYPORT_IAP_AUDIENCE }),
    approvalKey: environment.SALLYPORT_APPROVAL_KEY,
    checkpointKey: environment.SALLYPORT_CHECKPOINT_KEY,
    ...(environment.SALLYPORT_CHECKPOINT_BUCKET !== undefined && {
      checkpointBucket: environment.SALLYPORT_CHECKPOINT_BUCKET,
    }),
    retention: retentionOf(environment),
    sealKey: environment.SALLYPORT_SEAL_KEY,
    consoleUrl: environment.SALLYPORT_CONSOLE_URL.replace(/\/$/, ''),
    scheduler: environment.SALLYPORT_SCHEDULER,
    limits: {
      perMinute: environment.SALLYPORT_CALLS_PER_MINUTE,
      atOnce: environment.SALLYPORT_CALLS_AT_ONCE,
      openAtOnce: environment.SALLYPORT_OPEN_AT_ONCE,
    },
    recordingLimit: environment.SALLYPORT_RECORDING_LIMIT,
    sessionLimit: environment.SALLYPORT_SESSION_LIMIT,
    groups: { admins: nameOf(environment.SALLYPORT_ADMINS), auditors: nameOf(environment.SALLYPORT_AUDITORS) },
    tokenSignIn: environment.SALLYPORT_TOKEN_SIGN_IN === 'true',
    emulators: emulatorsOf(environment),
    instance: { revision: environment.K_REVISION ?? null, imageDigest: environment.SALLYPORT_IMAGE_DIGEST ?? null },
    logLevel: environment.SALLYPORT_LOG_LEVEL,
    local,
  };
}

function retentionOf({
  SALLYPORT_RETENTION: { events, recordings = events },
  SALLYPORT_LEGAL_HOLD,
}: Pick<Environment, 'SALLYPORT_RETENTION' | 'SALLYPORT_LEGAL_HOLD'>): Config['retention'] {
  const days = { ...(events !== undefined && { events }), ...(recordings !== undefined && { recordings }) };
  return { days, legalHold: SALLYPORT_LEGAL_HOLD === 'true' };
}

/** A single role listens on PORT, as Cloud Run wants it; `all` on three ports in a row unless told otherwise. */
function portsOf(role: Role, environment: Environment): Config['ports'] {
  const first = environment.PORT;
  if (role !== 'all') return { gateway: first, console: first, keeper: first };
  const next = (offset: number) => (first === 0 ? 0 : first + offset);
  return {
    gateway: first,
    console: environment.SALLYPORT_CONSOLE_PORT ?? next(1),
    keeper: environment.SALLYPORT_KEEPER_PORT ?? next(2),
  };
}

function emulatorsOf(environment: Environment): Config['emulators'] {
  return {
    ...(environment.FIRESTORE_EMULATOR_HOST !== undefined && { firestore: environment.FIRESTORE_EMULATOR_HOST }),
    ...(environment.SECRET_MANAGER_EMULATOR_HOST !== undefined && {
      secretManager: environment.SECRET_MANAGER_EMULATOR_HOST,
    }),
    ...(environment.BIGQUERY_EMULATOR_HOST !== undefined && { bigquery: environment.BIGQUERY_EMULATOR_HOST }),
    ...(environment.KMS_EMULATOR_HOST !== undefined && { kms: environment.KMS_EMULATOR_HOST }),
    ...(environment.STORAGE_EMULATOR_HOST !== undefined && { storage: environment.STORAGE_EMULATOR_HOST }),
  };
}

function nameOf(member: string) {
  return member.slice('group:'.length);
}
