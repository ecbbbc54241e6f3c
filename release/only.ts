import { z } from 'zod';
import type { Gcloud } from './gcloud.ts';

/** What cloudbuild.yaml tags its builds with. */
export const TAG = 'sallyport-release';

const buildsSchema = z.array(
  z.object({
    id: z.string(),
    /** Absent of one that waits for a worker. */
    startTime: z.iso.datetime({ precision: null }).optional(),
    substitutions: z.record(z.string(), z.string()).default({}),
  }),
);

/**
 * Refuses where another release of the same deployment was begun before this one and still goes on. Begun, not made: a build that waited
 * for its approval may be older than one that is rolling out already.
 */
export async function refuseSecond(
  gcloud: Gcloud,
  { region, name, build }: { region: string; name: string; build: string },
): Promise<void> {
  const listed = await gcloud.ask(
    'builds',
    'list',
    '--ongoing',
    `--region=${region}`,
    `--filter=tags=${TAG}`,
    '--limit=200',
  );
  const begun = buildsSchema
    .parse(listed)
    .filter(({ startTime, substitutions }) => startTime !== undefined && substitutions['_NAME'] === name);
  const [first] = begun.toSorted((a, b) => compare(a.startTime ?? '', b.startTime ?? '') || compare(a.id, b.id));
  if (!begun.some(({ id }) => id === build)) throw new Error(`Build ${build} is not among the releases that go on.`);
  if (first?.id !== build) throw new Error(`Release ${first?.id} goes on: run this one again when it has ended.`);
}

function compare(a: string, b: string) {
  return a < b ? -1 : Number(a > b);
}
