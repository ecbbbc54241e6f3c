import { z } from 'zod';
import { createIntegrity, type Integrity } from '../audit/audit.ts';
import { createKmsVerifier } from '../platform/kms.ts';
import { type Found, fault, type Group, NotKnown, warning } from './check.ts';
import { type Facts, ofServices } from './facts.ts';
import { readStore } from './stored.ts';

const look = ({ local, name, project, region }: Facts) =>
  local
    ? 'See .sallyport/stand.log'
    : `gcloud run services logs read ${name}-keeper --project=${project} --region=${region} --limit=100`;

/** Once for both checks. */
const states = new WeakMap<Facts, Promise<Integrity>>();

/** As the console itself judges it. */
function stateOf(facts: Facts): Promise<Integrity> {
  const known = states.get(facts) ?? readState(facts);
  states.set(facts, known);
  return known;
}

async function readState(facts: Facts): Promise<Integrity> {
  const { checkpointKey } = await facts.config();
  const verify = async (text: string, signature: string, signedBy: string) =>
    createKmsVerifier({ keyVersion: checkpointKey, publicKeyPem: await facts.publicKey(checkpointKey) }).verify(
      text,
      signature,
      signedBy,
    );
  return readStore(facts, 'runtime', (store) => createIntegrity({ store, clock: { now: facts.now }, verify })());
}

/** Seconds. A checkpoint is made each minute. */
const late = 180;

async function checkpoint(facts: Facts): Promise<Found[]> {
  const { checkpoint: last, why } = await stateOf(facts);
  if (last === null) return [fault('There is no checkpoint yet: nothing seals the trail.', look(facts))];
  if (last.signature === 'unknown')
    throw new NotKnown(
      'The signature of the last checkpoint could not be verified, as the public key could not be had.',
      'See keys.public.',
    );
  return [
    ...(last.signature === 'invalid'
      ? [
          fault(
            `The signature of the last checkpoint (${last.checkpoint}) does not hold.`,
            'Find out who wrote it: sallyport verify, and Cloud Audit Logs of the runtime database. If the key was rotated, name its version in SALLYPORT_CHECKPOINT_KEY.',
          ),
        ]
      : []),
    ...(Math.abs(last.age) > late
      ? [fault(`The last checkpoint is of ${last.time}, ${Math.round(last.age / 60)} minutes ago.`, look(facts))]
      : []),
    ...why.filter((words) => words.includes('(since ')).map((words) => fault(words, look(facts))),
  ];
}

/** Seconds after which what waits for BigQuery is no longer on its way. */
const stuck = 300;

async function shipping(facts: Facts): Promise<Found[]> {
  const { outbox } = await stateOf(facts);
  return [
    ...(outbox.dead > 0
      ? [
          fault(
            `${outbox.dead} events cannot be shipped to BigQuery and were put aside.`,
            `See why: ${look(facts)}. Once mended: sallyport’s keeper takes them up again with POST /tasks/reship (docs/durability.md).`,
          ),
        ]
      : []),
    ...((outbox.oldest?.age ?? 0) > stuck
      ? [
          fault(
            `${outbox.events} events wait to be shipped to BigQuery, the oldest since ${outbox.oldest?.time}.`,
            `See bigquery.tables and bigquery.appenders, then: ${look(facts)}`,
          ),
        ]
      : []),
    ...(outbox.checkpoints > 5
      ? [
          fault(
            `${outbox.checkpoints} checkpoints wait to be shipped to BigQuery.`,
            `See bigquery.tables and bigquery.appenders, then: ${look(facts)}`,
          ),
        ]
      : []),
  ];
}

/** Of `bigquery.jobs.query`: one row of one-column texts. */
const answerSchema = z.object({
  jobComplete: z.boolean().default(false),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.string().nullable() })) })).default([]),
});

const day = 86_400_000;

async function lastRow(facts: Facts, table: 'events' | 'checkpoints'): Promise<number | undefined> {
  const { datasets } = await facts.config();
  const since = new Date(facts.now().getTime() - 30 * day).toISOString().slice(0, 10);
  const { rows, jobComplete } = await facts.google.read({
    api: 'bigquery',
    path: `/bigquery/v2/projects/${facts.project}/queries`,
    body: {
      query: `SELECT UNIX_MILLIS(MAX(time)) AS last FROM \`${facts.project}.${datasets.audit}.${table}\` WHERE time >= TIMESTAMP '${since}'`,
      useLegacySql: false,
      timeoutMs: 8000,
      maximumBytesBilled: String(1024 ** 3),
    },
    answer: answerSchema,
    permission: 'bigquery.jobs.create, and bigquery.tables.getData on the dataset',
    of: `The last row of ${datasets.audit}.${table}`,
  });
  if (!jobComplete)
    throw new NotKnown(`BigQuery did not tell the last row of ${table} in time.`, 'Run it again in a moment.');
  const [value] = rows[0]?.f ?? [];
  return value?.v == null ? undefined : Number(value.v);
}

async function arrived(facts: Facts): Promise<Found[]> {
  const [events, checkpoints] = await Promise.all([lastRow(facts, 'events'), lastRow(facts, 'checkpoints')]);
  const age = (time: number) => Math.round((facts.now().getTime() - time) / 60_000);
  return [
    ...(events === undefined
      ? [warning('BigQuery has no event of the last 30 days.', 'If agents do call: see trail.shipping.')]
      : []),
    ...(checkpoints === undefined || age(checkpoints) > 10
      ? [
          fault(
            checkpoints === undefined
              ? 'BigQuery has no checkpoint of the last 30 days.'
              : `The last checkpoint in BigQuery is ${age(checkpoints)} minutes old.`,
            `See bigquery.appenders, then: ${look(facts)}`,
          ),
        ]
      : []),
  ];
}

const rights = [
  ...ofServices,
  'datastore.entities.get',
  'datastore.entities.list',
  'cloudkms.cryptoKeyVersions.viewPublicKey',
] as const;

export const trailChecks: Group = {
  name: 'trail',
  title: 'The trail',
  checks: [
    {
      id: 'trail.checkpoint',
      promise: 'The last checkpoint is no older than three minutes, and its signature holds.',
      rights,
      local: true,
      run: checkpoint,
    },
    {
      id: 'trail.shipping',
      promise: 'Nothing waits for BigQuery for long, and nothing was put aside.',
      rights,
      local: true,
      run: shipping,
    },
    {
      id: 'trail.arrived',
      promise: 'Events and checkpoints arrive in BigQuery.',
      rights: [...ofServices, 'bigquery.jobs.create', 'bigquery.tables.getData'],
      local: true,
      run: arrived,
    },
  ],
};
