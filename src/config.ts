import { z } from 'zod';
import { unknownVariables } from './config/unknown.ts';
import type { Variable } from './config/variable.ts';
import { schemaOf, variables } from './config/variables.ts';
import type { IssuerConfig } from './identity/identity.ts';

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

const serviceSchema = schemaOf('gateway', 'console', 'keeper');
const installSchema = schemaOf('install');
const applySchema = schemaOf('apply');
type Environment = z.output<typeof serviceSchema>;
type Raw = Record<string, string | undefined>;

/** What the installation of the datasets needs to know. */
export type InstallConfig = Pick<Config, 'project' | 'datasets' | 'retention'> & {
  /** Where datasets are made, such as `europe-west1`. */
  location: string | undefined;
  bigquery: string | undefined;
};

/** Throws `ConfigError` with every error there is. */
export function readInstallConfig(environment: Raw = process.env): InstallConfig {
  const data = read(installSchema, environment);
  return {
    project: data.GOOGLE_CLOUD_PROJECT,
    datasets: { audit: data.SALLYPORT_AUDIT_DATASET, evidence: data.SALLYPORT_EVIDENCE_DATASET },
    retention: retentionOf(data),
    location: data.SALLYPORT_LOCATION,
    bigquery: data.BIGQUERY_EMULATOR_HOST,
  };
}

/** What writing documents needs to know. */
export type ApplyConfig = {
  project: string;
  database: string;
  /** A JSON file: kind → name → document. */
  file: string;
  firestore: string | undefined;
};

/** Throws `ConfigError` with every error there is. */
export function readApplyConfig(environment: Raw = process.env): ApplyConfig {
  const data = read(applySchema, environment);
  return {
    project: data.GOOGLE_CLOUD_PROJECT,
    database: data.SALLYPORT_POLICY_DATABASE,
    file: data.SALLYPORT_DOCUMENTS,
    firestore: data.FIRESTORE_EMULATOR_HOST,
  };
}

/** Throws `ConfigError` with every error there is. Each role asks for what any of the three needs, so that none finds a fault later. */
export function readConfig(role: string | undefined, environment: Raw = process.env): Config {
  const data = read(serviceSchema, environment, roleErrors(role), crossErrors);
  return configOf(z.enum(roles).parse(role), data);
}

/** What is empty is not set. */
function read<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Raw,
  errors: readonly string[] = [],
  cross: (data: z.output<Schema>) => string[] = () => [],
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  const all = [
    ...errors,
    ...(parsed.success ? cross(parsed.data) : parsed.error.issues.map(describeIssue)),
    ...laptopErrors(given, Object.keys(schema.shape)),
    ...unknownVariables(Object.keys(given), Object.keys(variables)),
  ];
  if (!parsed.success || all.length > 0) throw new ConfigError(all);
  return parsed.data;
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
  const errors = environment.K_SERVICE === undefined ? [] : plainErrors(environment);
  if (environment.SALLYPORT_CHECKPOINT_KEY === environment.SALLYPORT_APPROVAL_KEY)
    errors.push('SALLYPORT_CHECKPOINT_KEY: must be another key than SALLYPORT_APPROVAL_KEY');
  if (environment.SALLYPORT_ISSUERS.length === 0)
    errors.push('SALLYPORT_ISSUERS: names no issuer, so nobody could call');
  return errors;
}

/** A plain http address is for a laptop alone. */
function plainErrors(environment: Environment): string[] {
  const addresses = {
    SALLYPORT_ISSUERS: environment.SALLYPORT_ISSUERS.map(({ issuer }) => issuer),
    SALLYPORT_CONSOLE_URL: [environment.SALLYPORT_CONSOLE_URL],
  };
  return Object.entries(addresses)
    .filter(([, all]) => all.some((address) => !address.startsWith('https://')))
    .map(([name]) => `${name}: must be https on Cloud Run (K_SERVICE is set)`);
}

/** So are emulators and what else the table says. Services have `K_SERVICE`, jobs `CLOUD_RUN_JOB`. */
function laptopErrors(given: Record<string, unknown>, read: readonly string[]): string[] {
  const cloud = ['K_SERVICE', 'CLOUD_RUN_JOB'].find((name) => given[name] !== undefined);
  if (cloud === undefined) return [];
  return Object.entries<Variable>(variables)
    .filter(([name, { onCloudRun }]) => onCloudRun === 'refused' && read.includes(name))
    .filter(([name, { is }]) => given[name] !== undefined && given[name] !== is.parse(undefined))
    .map(([name]) => `${name}: is for a laptop, and refused on Cloud Run (${cloud} is set)`);
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
