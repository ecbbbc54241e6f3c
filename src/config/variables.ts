import { z } from 'zod';
import { issuersSchema } from '../identity/identity.ts';
import { commandVariables } from './command-variables.ts';
import {
  bucket,
  dataset,
  group,
  json,
  keyVersion,
  loopback,
  port,
  positive,
  retention,
  secret,
  truth,
} from './forms.ts';
import type { Reader, Variable } from './variable.ts';

/** The three services; `all` is the three in one process. */
const services = ['gateway', 'console', 'keeper'] as const;

const emulator = {
  is: loopback.optional(),
  unit: 'host:port',
  unset: 'Google’s service',
  onCloudRun: 'refused',
} as const;

/**
 * Every variable of the environment that the product reads, each declared once: the schemas that check them and the tables of
 * `docs/configuration.md` are made from this.
 */
export const variables = {
  GOOGLE_CLOUD_PROJECT: {
    what: 'The project of the databases and datasets.',
    is: z.string().min(1),
    readBy: [...services, 'install', 'apply', 'sallyport verify', 'sallyport doctor'],
  },
  SALLYPORT_ISSUERS: {
    what: 'JSON: who may say who calls, `[{"preset": "google", "audience": "https://gateway.example"}]`, see [identity](identity.md).',
    is: json.pipe(issuersSchema),
    readBy: services,
    onCloudRun: 'https only',
  },
  SALLYPORT_APPROVAL_KEY: {
    what: 'The KMS key version (EC P-256) with which the console signs what humans decide, and with which the others check it.',
    is: keyVersion,
    readBy: ['gateway', 'console', 'sallyport verify'],
  },
  SALLYPORT_CHECKPOINT_KEY: {
    what: 'The KMS key version (EC P-256) with which the keeper signs checkpoints; another than `SALLYPORT_APPROVAL_KEY`.',
    is: keyVersion,
    readBy: ['console', 'keeper', 'sallyport verify'],
  },
  SALLYPORT_SEAL_KEY: {
    what: 'The secret that seals literals in the trail, makes tokens of masked values, and is the tunnel’s host key.',
    is: secret,
    readBy: services,
  },
  SALLYPORT_CONSOLE_URL: {
    what: 'Where humans reach the console: it stands in every answer that waits for one.',
    is: z.url(),
    readBy: ['gateway', 'console'],
    onCloudRun: 'https only',
  },
  SALLYPORT_SCHEDULER: {
    what: 'The only identity that may call the keeper, `serviceAccount:<email>`.',
    is: z.string().regex(/^serviceAccount:\S+$/, 'must be serviceAccount:<email>'),
    readBy: ['keeper'],
  },
  SALLYPORT_IAP_AUDIENCE: {
    what: 'The exact audience of the assertions of Identity-Aware Proxy.',
    is: z.string().min(1).optional(),
    readBy: ['console'],
    unset: 'no assertion is believed',
  },
  SALLYPORT_ADMINS: {
    what: 'The group that authors policies.',
    is: group.default('group:sallyport-admins'),
    readBy: ['console'],
  },
  SALLYPORT_AUDITORS: {
    what: 'The group that reads the evidence.',
    is: group.default('group:sallyport-auditors'),
    readBy: ['console'],
  },
  SALLYPORT_CALLS_PER_MINUTE: {
    what: 'How many calls an identity may make in a minute, at each instance.',
    is: positive.default(600),
    unit: 'calls',
    readBy: ['gateway'],
  },
  SALLYPORT_CALLS_AT_ONCE: {
    what: 'How many calls of an identity may run at once, at each instance.',
    is: positive.default(16),
    unit: 'calls',
    readBy: ['gateway'],
  },
  SALLYPORT_OPEN_AT_ONCE: {
    what: 'How many watches, logs and sessions of an identity may be open at once, at each instance.',
    is: positive.default(128),
    unit: 'calls',
    readBy: ['gateway'],
  },
  SALLYPORT_RECORDING_LIMIT: {
    what: 'How much of each answer is recorded at most.',
    is: z.coerce
      .number()
      .int()
      .min(4096)
      .max(4 * 1024 * 1024)
      .default(1024 * 1024),
    unit: 'bytes',
    readBy: ['gateway'],
  },
  SALLYPORT_SESSION_LIMIT: {
    what: 'How much of each session is recorded at most.',
    is: z.coerce
      .number()
      .int()
      .min(64 * 1024)
      .max(1024 * 1024 * 1024)
      .default(64 * 1024 * 1024),
    unit: 'bytes',
    readBy: ['gateway'],
  },
  SALLYPORT_RETENTION: {
    what: 'JSON: how long each table of the trail is kept, `{"events": 2555, "recordings": 400}`, see [retention](retention.md).',
    is: json.pipe(retention).default({}),
    unit: 'days',
    unset: 'for ever; recordings as long as events',
    readBy: ['console', 'keeper', 'install'],
  },
  SALLYPORT_LEGAL_HOLD: {
    what: 'Whether nothing of the trail is deleted, whatever `SALLYPORT_RETENTION` says.',
    is: truth.default('false'),
    readBy: ['console', 'keeper', 'install'],
  },
  SALLYPORT_CHECKPOINT_BUCKET: {
    what: 'The bucket, best with a locked retention policy, that gets each checkpoint as well.',
    is: bucket.optional(),
    unset: 'checkpoints are kept in BigQuery alone',
    readBy: ['keeper'],
  },
  SALLYPORT_POLICY_DATABASE: {
    what: 'The Firestore database of connections, policies, groups, classifications and agents.',
    is: z.string().min(1).default('policy'),
    readBy: [...services, 'apply'],
  },
  SALLYPORT_RUNTIME_DATABASE: {
    what: 'The Firestore database of approvals, of the outbox and of chains.',
    is: z.string().min(1).default('runtime'),
    readBy: services,
  },
  SALLYPORT_AUDIT_DATASET: {
    what: 'The BigQuery dataset of the trail.',
    is: dataset.default('sallyport_audit'),
    readBy: [...services, 'install'],
  },
  SALLYPORT_EVIDENCE_DATASET: {
    what: 'The BigQuery dataset of the auditor’s questions.',
    is: dataset.default('sallyport_evidence'),
    readBy: ['console', 'install'],
  },
  SALLYPORT_IMAGE_DIGEST: {
    what: 'The digest of the image that runs, for the trail: every event tells it.',
    is: z.string().optional(),
    unset: 'events tell none',
    readBy: services,
  },
  SALLYPORT_LOG_LEVEL: {
    what: 'From which severity on lines are logged.',
    is: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    readBy: services,
  },
  PORT: {
    what: 'Where a role listens; `all` takes this port for the gateway and the two after it for console and keeper.',
    is: port.default(8080),
    readBy: services,
  },
  SALLYPORT_HOST: {
    what: 'The address on which a role listens.',
    is: z.string().optional(),
    unset: '`127.0.0.1`; on Cloud Run `0.0.0.0`',
    readBy: services,
  },
  SALLYPORT_CONSOLE_PORT: {
    what: 'Where the console listens when `all` serves it.',
    is: port.optional(),
    unset: '`PORT` + 1',
    readBy: ['console'],
  },
  SALLYPORT_KEEPER_PORT: {
    what: 'Where the keeper listens when `all` serves it.',
    is: port.optional(),
    unset: '`PORT` + 2',
    readBy: ['keeper'],
  },
  SALLYPORT_TOKEN_SIGN_IN: {
    what: 'Whether the console takes a pasted token from a browser, as on a laptop no IAP stands before it.',
    is: truth.default('false'),
    readBy: ['console'],
    onCloudRun: 'refused',
  },
  FIRESTORE_EMULATOR_HOST: {
    what: 'An emulator of Firestore on this machine.',
    ...emulator,
    readBy: [...services, 'apply'],
  },
  SECRET_MANAGER_EMULATOR_HOST: {
    what: 'An emulator of Secret Manager on this machine.',
    ...emulator,
    readBy: services,
  },
  BIGQUERY_EMULATOR_HOST: {
    what: 'An emulator of BigQuery on this machine, for the trail and the evidence.',
    ...emulator,
    readBy: [...services, 'install', 'sallyport verify'],
  },
  KMS_EMULATOR_HOST: {
    what: 'An emulator of Cloud KMS on this machine.',
    ...emulator,
    readBy: [...services, 'sallyport verify'],
  },
  STORAGE_EMULATOR_HOST: {
    what: 'An emulator of Cloud Storage on this machine.',
    ...emulator,
    readBy: ['keeper'],
  },
  K_SERVICE: {
    what: 'The name of the service: where it is set, what is for a laptop alone is refused.',
    is: z.string().optional(),
    unset: 'this is a laptop',
    readBy: services,
    onCloudRun: 'set by Cloud Run',
  },
  K_REVISION: {
    what: 'The revision that runs, for the trail: every event tells it.',
    is: z.string().optional(),
    unset: 'events tell none',
    readBy: services,
    onCloudRun: 'set by Cloud Run',
  },
  CLOUD_RUN_JOB: {
    what: 'The name of the job: where it is set, what is for a laptop alone is refused.',
    is: z.string().optional(),
    unset: 'this is a laptop',
    readBy: ['install', 'apply'],
    onCloudRun: 'set by Cloud Run',
  },
  SALLYPORT_LOCATION: {
    what: 'Where datasets are made, such as `europe-west1`.',
    is: z.string().min(1).optional(),
    unset: 'BigQuery’s own default, `US`',
    readBy: ['install'],
  },
  SALLYPORT_DOCUMENTS: {
    what: 'The path of the file of documents, JSON: kind → name → document.',
    is: z.string().min(1),
    readBy: ['apply'],
  },
  ...commandVariables,
} as const satisfies Record<string, Variable>;

type Variables = typeof variables;
type ReadBy<Who extends Reader> = {
  [Name in keyof Variables as Extract<Variables[Name]['readBy'][number], Who> extends never
    ? never
    : Name]: Variables[Name]['is'];
};

/** What must hold of the variables that any of these reads. */
export function schemaOf<Who extends Reader>(...readers: Who[]) {
  const read = Object.entries<Variable>(variables).filter(([, { readBy }]) =>
    readers.some((who) => readBy.includes(who)),
  );
  return z.object(Object.fromEntries(read.map(([name, { is }]) => [name, is])) as ReadBy<Who>);
}
