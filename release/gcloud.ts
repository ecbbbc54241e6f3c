import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** No command of a release takes longer: a revision that is not ready by then never will be. */
const MOST_MS = 15 * 60_000;

/** Runs gcloud, which asks nothing, and resolves with what it says as JSON. Throws with gcloud's own words where it fails. */
export type Gcloud = (...words: string[]) => Promise<unknown>;

export function createGcloud(project: string): Gcloud {
  return async (...words) => {
    const all = [...words, `--project=${project}`, '--format=json', '--quiet'];
    const { stdout } = await run('gcloud', all, { timeout: MOST_MS, maxBuffer: 32 * 1024 * 1024 });
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  };
}
