import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { documentKinds } from '../model/documents.ts';
import { each, type Found, fault, type Group, warning } from './check.ts';
import type { Facts } from './facts.ts';
import { readStore } from './stored.ts';

/** The indexes that the product's queries take: the very file that Terraform and the emulator are given. */
const wanted = z
  .object({
    indexes: z.array(
      z.object({
        collectionGroup: z.string(),
        fields: z.array(z.object({ fieldPath: z.string(), order: z.string() })),
      }),
    ),
    fieldOverrides: z.array(
      z.object({
        collectionGroup: z.string(),
        fieldPath: z.string(),
        ttl: z.boolean().default(false),
        indexes: z.array(z.object({ order: z.string() })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../firestore.indexes.json', import.meta.url), 'utf8')));

const databaseSchema = z.object({
  type: z.string().default(''),
  pointInTimeRecoveryEnablement: z.string().default(''),
  deleteProtectionState: z.string().default(''),
});

const databasesOf = async (facts: Facts) => Object.values((await facts.config()).databases);

const find = ({ google, project }: Facts, database: string) =>
  google.find({
    api: 'firestore',
    path: `/v1/projects/${project}/databases/${database}`,
    answer: databaseSchema,
    permission: 'datastore.databases.getMetadata',
    of: `The database ${database}`,
  });

async function there(facts: Facts): Promise<Found[]> {
  return each(await databasesOf(facts), facts.project, async (database) => {
    const found = await find(facts, database);
    if (found === undefined) return [fault(`There is no database ${database}.`, 'terraform apply')];
    return found.type === 'FIRESTORE_NATIVE'
      ? []
      : [
          fault(
            `The database ${database} is not in native mode.`,
            'Name another database in `firestore`, as a mode cannot be changed, and run terraform apply.',
          ),
        ];
  });
}

async function protectedOnes(facts: Facts): Promise<Found[]> {
  return each(await databasesOf(facts), facts.project, async (database) => {
    const found = await find(facts, database);
    if (found === undefined) return [];
    const update = `gcloud firestore databases update --database=${database} --project=${facts.project}`;
    return [
      ...(found.pointInTimeRecoveryEnablement === 'POINT_IN_TIME_RECOVERY_ENABLED'
        ? []
        : [
            warning(
              `${database} cannot be read as it was before (no point-in-time recovery).`,
              `${update} --enable-pitr`,
            ),
          ]),
      ...(found.deleteProtectionState === 'DELETE_PROTECTION_ENABLED'
        ? []
        : [
            warning(
              `${database} is not protected against deletion.`,
              `Set \`deletion_protection = true\` and run terraform apply; or: ${update} --delete-protection`,
            ),
          ]),
    ];
  });
}

async function backups(facts: Facts): Promise<Found[]> {
  return each(await databasesOf(facts), facts.project, async (database) => {
    const found = await facts.google.find({
      api: 'firestore',
      path: `/v1/projects/${facts.project}/databases/${database}/backupSchedules`,
      answer: z.object({ backupSchedules: z.array(z.unknown()).default([]) }),
      permission: 'datastore.backupSchedules.list',
      of: `The backups of ${database}`,
    });
    if (found === undefined || found.backupSchedules.length > 0) return [];
    return [
      warning(
        `${database} is not backed up.`,
        `terraform apply; or: gcloud firestore backups schedules create --database=${database} --project=${facts.project} --recurrence=daily --retention=14d`,
      ),
    ];
  });
}

const indexesSchema = z.object({
  indexes: z
    .array(
      z.object({
        name: z.string(),
        state: z.string().default(''),
        fields: z.array(z.object({ fieldPath: z.string(), order: z.string().default('') })).default([]),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

/** `projects/p/databases/d/collectionGroups/<group>/indexes/<id>`. */
const groupOf = (name: string) => name.split('/')[5] ?? '';

/** Every index ends with the name of the document, which nobody writes down. */
const wordsOf = (group: string, fields: readonly { fieldPath: string; order: string }[]) =>
  `${group}: ${fields
    .filter(({ fieldPath }) => fieldPath !== '__name__')
    .map(({ fieldPath, order }) => `${fieldPath} ${order.toLowerCase()}`)
    .join(', ')}`;

async function indexes(facts: Facts): Promise<Found[]> {
  const { runtime } = (await facts.config()).databases;
  const pages = await facts.google.list({
    api: 'firestore',
    path: `/v1/projects/${facts.project}/databases/${runtime}/collectionGroups/-/indexes`,
    answer: indexesSchema,
    permission: 'datastore.indexes.list',
    of: `The indexes of ${runtime}`,
  });
  const found = new Map(
    pages.flatMap((page) => page.indexes.map(({ name, fields, state }) => [wordsOf(groupOf(name), fields), state])),
  );
  return wanted.indexes.flatMap(({ collectionGroup, fields }) => {
    const words = wordsOf(collectionGroup, fields);
    const state = found.get(words);
    if (state === 'READY') return [];
    if (state === 'CREATING')
      return [
        fault(
          `An index of ${runtime} is still being made (${words}): what asks by it fails until then.`,
          'Wait; large collections take a while.',
        ),
      ];
    return [
      fault(`${runtime} has no usable index ${words}.`, 'terraform apply, which makes those of firestore.indexes.json'),
    ];
  });
}

const fieldsSchema = z.object({
  fields: z
    .array(
      z.object({
        name: z.string(),
        indexConfig: z
          .object({
            indexes: z
              .array(z.object({ fields: z.array(z.object({ order: z.string().default('') })).default([]) }))
              .default([]),
          })
          .prefault({}),
        ttlConfig: z.object({ state: z.string().default('') }).optional(),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

/** `…/collectionGroups/<group>/fields/<path>`. */
const fieldOf = (name: string) => `${groupOf(name)}.${name.split('/').slice(7).join('/')}`;

async function fieldOverrides(facts: Facts) {
  const { runtime } = (await facts.config()).databases;
  const pages = await facts.google.list({
    api: 'firestore',
    path: `/v1/projects/${facts.project}/databases/${runtime}/collectionGroups/-/fields`,
    query: { filter: 'indexConfig.usesAncestorConfig:false OR ttlConfig:*' },
    answer: fieldsSchema,
    permission: 'datastore.indexes.list',
    of: `The fields of ${runtime}`,
  });
  return {
    runtime,
    found: new Map(pages.flatMap(({ fields }) => fields.map((field) => [fieldOf(field.name), field]))),
  };
}

async function fields(facts: Facts): Promise<Found[]> {
  const { runtime, found } = await fieldOverrides(facts);
  return wanted.fieldOverrides.flatMap(({ collectionGroup, fieldPath, indexes: meant }) => {
    const name = `${collectionGroup}.${fieldPath}`;
    const field = found.get(name);
    const orders = field?.indexConfig.indexes.map((index) => index.fields[0]?.order ?? '') ?? ['by default'];
    const lacking = meant.filter(({ order }) => field !== undefined && !orders.includes(order));
    if (lacking.length > 0)
      return [
        fault(
          `${name} of ${runtime} is not indexed: what asks by it fails.`,
          `gcloud firestore indexes fields update ${fieldPath} --collection-group=${collectionGroup} --database=${runtime} --project=${facts.project} --index=order=ascending`,
        ),
      ];
    return meant.length === 0 && orders.length > 0
      ? [
          warning(
            `${name} of ${runtime} is indexed, for nobody: writes cost more, and long values are refused.`,
            'terraform apply, which makes the exemptions of firestore.indexes.json',
          ),
        ]
      : [];
  });
}

async function lifetimes(facts: Facts): Promise<Found[]> {
  const { runtime, found } = await fieldOverrides(facts);
  return wanted.fieldOverrides.flatMap(({ collectionGroup, fieldPath, ttl }) => {
    const state = found.get(`${collectionGroup}.${fieldPath}`)?.ttlConfig?.state;
    if (!ttl || state === 'ACTIVE' || state === 'CREATING') return [];
    return [
      warning(
        `Documents of ${collectionGroup} in ${runtime} are not removed when their time is over.`,
        `terraform apply; or: gcloud firestore fields ttls update ${fieldPath} --collection-group=${collectionGroup} --database=${runtime} --project=${facts.project} --enable-ttl`,
      ),
    ];
  });
}

const beatSchema = z.object({ beat_at: z.iso.datetime() });

/** Older than this, and every instance refuses every call. */
const freshness = 30_000;

/** When each collection was touched last, by the keeper's clock and by the database's. */
export async function beats(facts: Facts): Promise<{ kind: string; at: number; written: number }[]> {
  const found = await readStore(facts, 'policy', async (store) =>
    Promise.all(documentKinds.map(async (kind) => ({ kind, found: await store.get(`${kind}/~beat`) }))),
  );
  return found.map(({ kind, found: document }) => {
    const beat = beatSchema.safeParse(document?.data);
    return {
      kind,
      at: beat.success ? Date.parse(beat.data.beat_at) : Number.NaN,
      written: Date.parse(document?.writtenAt ?? ''),
    };
  });
}

async function beating(facts: Facts): Promise<Found[]> {
  const now = facts.now().getTime();
  const old = (await beats(facts)).filter(({ written }) => !(now - written <= freshness));
  if (old.length === 0) return [];
  const kinds = old.map(({ kind }) => kind).join(', ');
  return [
    fault(
      `The keeper has not beaten for ${kinds} within the last 30 s, so every call is refused.`,
      facts.local
        ? 'Start the stand again: npm run demo'
        : `Is the keeper up? gcloud run services logs read ${facts.name}-keeper --project=${facts.project} --region=${facts.region} --limit=50; see also services.instances and services.cpu`,
    ),
  ];
}

const known = ['run.services.get', 'run.revisions.get'] as const;

export const firestoreChecks: Group = {
  name: 'firestore',
  title: 'Firestore',
  checks: [
    {
      id: 'firestore.databases',
      promise: 'Both databases are there, in native mode.',
      rights: [...known, 'datastore.databases.getMetadata'],
      run: there,
    },
    {
      id: 'firestore.protection',
      promise: 'Both are protected against deletion, and can be read as they were up to a week ago.',
      rights: [...known, 'datastore.databases.getMetadata'],
      run: protectedOnes,
    },
    {
      id: 'firestore.backups',
      promise: 'Both are backed up.',
      rights: [...known, 'datastore.backupSchedules.list'],
      run: backups,
    },
    {
      id: 'firestore.indexes',
      promise: 'The composite indexes of firestore.indexes.json are ready.',
      rights: [...known, 'datastore.indexes.list'],
      run: indexes,
    },
    {
      id: 'firestore.fields',
      promise: 'Single fields are indexed, or not, as firestore.indexes.json says.',
      rights: [...known, 'datastore.indexes.list'],
      run: fields,
    },
    {
      id: 'firestore.lifetimes',
      promise: 'The policies that remove what is over (TTL) are active.',
      rights: [...known, 'datastore.indexes.list'],
      run: lifetimes,
    },
    {
      id: 'firestore.beat',
      promise: 'The keeper has beaten within the last 30 s: policies count as known.',
      rights: [...known, 'datastore.entities.get'],
      local: true,
      run: beating,
    },
  ],
};
