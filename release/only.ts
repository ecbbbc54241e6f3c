import { z } from 'zod';
import type { Gcloud } from './gcloud.ts';

/** What cloudbuild.yaml tags its builds with. */
export const TAG = 'sallyport-release';

const buildsSchema = z.array(
  z.object({
    id: z.string(),
    createTime: z.iso.datetime({ precision: null }),
    substitutions: z.record(z.string(), z.string()).default({}),
  }),
);

/** Refuses where another release of the same deployment was begun before this one and still goes on. Of two, the older one runs. */
export async function refuseSecond(
  gcloud: Gcloud,
  { region, name, build }: { region: string; name: string; build: string },
): Promise<void> {
  const listed = await gcloud(
    'builds',
    'list',
    '--ongoing',
    `--region=${region}`,
    `--filter=tags=${TAG}`,
    '--limit=200',
  );
  const releases = buildsSchema.parse(listed).filter(({ substitutions }) => substitutions['_NAME'] === name);
  const [first] = releases.toSorted((a, b) => compare(a.createTime, b.createTime) || compare(a.id, b.id));
  if (!releases.some(({ id }) => id === build)) throw new Error(`Build ${build} is not among the releases that go on.`);
  if (first?.id !== build) throw new Error(`Release ${first?.id} goes on: run this one again when it has ended.`);
}

function compare(a: string, b: string) {
  return a < b ? -1 : Number(a > b);
}
