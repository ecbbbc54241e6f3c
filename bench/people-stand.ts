import { mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { PROJECT } from '../demo/seed.ts';
import { startStand } from '../demo/stand.ts';
import { bundle } from '../image/bundle.ts';
import { copyFiles } from '../image/files.ts';
import { createDocuments } from '../src/connections/connections.ts';
import { createFirestoreStore } from '../src/platform/firestore.ts';

/**
 * The local stand with a table of people that is large enough to measure with: 11 columns, 271 bytes a row, two of them
 * classified. `people-stand.ts <dir> [<folder for CPU profiles of the roles>]`. `stand.json` is there once all is ready. The roles run as the
 * image has them, in one bundle; for profiles, which are to name files, from their source.
 */
const PEOPLE = 200_000;
const [dir = '', profiles] = process.argv.slice(2);

const table = `
CREATE TABLE public.people AS SELECT i AS id,
  'Person number ' || lpad(i::text, 8, '0') AS full_name, 'person' || lpad(i::text, 8, '0') || '@mail.example' AS email,
  (ARRAY['DE', 'FR', 'US', 'JP', 'BR'])[1 + i % 5] AS country, 'Some Street in a town, house of the family' AS address,
  i * 7 % 100000 AS points, (i % 90000)::numeric / 100 AS balance, i % 2 = 0 AS active,
  timestamptz '2025-01-01 09:00:00+00' + i * interval '7 minutes' AS created_at, gen_random_uuid() AS reference,
  'A note of what was said when we last met, as long as such notes are wont to be: ' || (i % 1000) AS note
FROM generate_series(1, ${PEOPLE}) AS i;
ALTER TABLE public.people ADD PRIMARY KEY (id);
ALTER TABLE public.people OWNER TO crm_gateway;
VACUUM ANALYZE public.people`;

const inner = join(dir, 'stand');
await mkdir(inner, { recursive: true });
const [root, image] = [resolve(import.meta.dirname, '..'), join(dir, 'image')] as const;
if (profiles === undefined) {
  await bundle(root, image);
  await copyFiles(root, image);
}
const { stand, stop } = await startStand({
  portBase: 0,
  dir: inner,
  ...(profiles === undefined && { program: join(image, 'main.cjs') }),
  environment: {
    SALLYPORT_CALLS_PER_MINUTE: '10000000',
    ...(profiles !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }),
  },
});
process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
await fill(stand.postgres);
await admit(stand.firestore, Number(new URL(stand.postgres).port));
await rename(join(inner, 'stand.json'), join(dir, 'stand.json'));

async function fill(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of table.split(';')) await client.query(statement);
  await client.end();
}

/** A connection of its own beside the demo's: as many sessions as the peer has, and no row too many refused. */
async function admit(firestore: string, port: number) {
  const store = await createFirestoreStore({ projectId: PROJECT, databaseId: 'policy', emulatorHost: firestore });
  const documents = createDocuments({ store });
  const anew = { ifMatch: null };
  await documents.put(
    'classifications',
    'bench',
    { 'public.people': { email: 'EMAIL_ADDRESS', full_name: 'PERSON_NAME' } },
    anew,
  );
  await documents.put(
    'connections',
    'bench',
    {
      kind: 'postgres',
      settings: { host: '127.0.0.1', port, database: 'crm', tls: 'disable' },
      credential: { secret: `projects/${PROJECT}/secrets/crm-gateway` },
      unclassified: 'deny',
      limits: { rows: 20_000_000, bytes: '64GiB', seconds: 3000, concurrent: 10 },
    },
    anew,
  );
  await documents.put(
    'policies',
    'analysts-read-bench',
    {
      principals: ['group:analysts'],
      connections: ['bench'],
      verbs: ['read'],
      resources: ['public.*'],
      effect: 'allow',
    },
    anew,
  );
  await store.close();
}
