import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Check, type Found, fault, warning } from './check.ts';
import { type Facts, ofServices } from './facts.ts';

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

/** Whether queries can be answered, and what is over is removed. */
export const indexChecks: readonly Check[] = [
  {
    id: 'firestore.indexes',
    promise: 'The composite indexes of firestore.indexes.json are ready.',
    rights: [...ofServices, 'datastore.indexes.list'],
    run: indexes,
  },
  {
    id: 'firestore.fields',
    promise: 'Single fields are indexed, or not, as firestore.indexes.json says.',
    rights: [...ofServices, 'datastore.indexes.list'],
    run: fields,
  },
  {
    id: 'firestore.lifetimes',
    promise: 'The policies that remove what is over (TTL) are active.',
    rights: [...ofServices, 'datastore.indexes.list'],
    run: lifetimes,
  },
];
