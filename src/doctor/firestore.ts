import { z } from 'zod';
import { documentKinds } from '../model/documents.ts';
import { each, type Found, fault, type Group, warning } from './check.ts';
import { type Facts, ofServices } from './facts.ts';
import { indexChecks } from './firestore-indexes.ts';
import { readStore } from './stored.ts';

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

export const firestoreChecks: Group = {
  name: 'firestore',
  title: 'Firestore',
  checks: [
    {
      id: 'firestore.databases',
      promise: 'Both databases are there, in native mode.',
      rights: [...ofServices, 'datastore.databases.getMetadata'],
      run: there,
    },
    {
      id: 'firestore.protection',
      promise: 'Both are protected against deletion, and can be read as they were up to a week ago.',
      rights: [...ofServices, 'datastore.databases.getMetadata'],
      run: protectedOnes,
    },
    {
      id: 'firestore.backups',
      promise: 'Both are backed up.',
      rights: [...ofServices, 'datastore.backupSchedules.list'],
      run: backups,
    },
    ...indexChecks,
    {
      id: 'firestore.beat',
      promise: 'The keeper has beaten within the last 30 s: policies count as known.',
      rights: [...ofServices, 'datastore.entities.get'],
      local: true,
      run: beating,
    },
  ],
};
