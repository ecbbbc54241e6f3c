import { readFile } from 'node:fs/promises';
import { CANDIDATE, type ReleaseDeps } from './flow.ts';
import type { Gcloud } from './gcloud.ts';

const program = new URL('smoke.ts', import.meta.url);
/** Where Node is in the image. */
const NODE = '/nodejs/bin/node';
/** Between entries of a list in which commas stand (`gcloud topic escaping`). */
const BETWEEN = '@@@';

/**
 * Runs the smoke test as a job of the deployment: its account is an agent like any other, its network reaches the gateway whatever the
 * gateway's ingress is, and its token comes from Google. It runs in the very image that is tried.
 */
export function createSmoke(options: {
  gcloud: Gcloud;
  region: string;
  job: string;
  audience: string;
}): ReleaseDeps['smoke'] {
  const { gcloud, region, job, audience } = options;
  return async ({ service, url, checksCallers, tags }, image) => {
    const candidate = tags[CANDIDATE];
    if (candidate === undefined || candidate.url === '') throw new Error(`${service} has no candidate to try.`);
    const words = ['--input-type=module-typescript', '--eval', await readFile(program, 'utf8')];
    const variables = {
      SMOKE_URL: candidate.url,
      SMOKE_AUDIENCE: audience,
      SMOKE_INVOKER: checksCallers ? url : '',
    };
    await gcloud.tell(
      ...['run', 'jobs', 'update', job, `--region=${region}`],
      ...[`--image=${image}`, `--command=${NODE}`, `--args=${listed(words)}`],
      `--update-env-vars=${listed(Object.entries(variables).map(([name, value]) => `${name}=${value}`))}`,
    );
    await gcloud.tell('run', 'jobs', 'execute', job, `--region=${region}`, '--wait');
  };
}

function listed(entries: readonly string[]) {
  return `^${BETWEEN}^${entries.join(BETWEEN)}`;
}
