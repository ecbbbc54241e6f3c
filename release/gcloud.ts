import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** No command of a release takes longer: a revision that is not ready by then never will be. */
const MOST_MS = 15 * 60_000;

/** Runs gcloud, without questions. Throws with gcloud's own words where it fails. */
export type Gcloud = {
  /** Resolves with what it says, as JSON. */
  ask(...words: string[]): Promise<unknown>;
  /** Resolves once it is done, whatever it says of it. */
  tell(...words: string[]): Promise<void>;
};

export function createGcloud(project: string): Gcloud {
  const gcloud = async (words: string[], format: string) => {
    const all = [...words, `--project=${project}`, `--format=${format}`, '--quiet'];
    const { stdout } = await run('gcloud', all, { timeout: MOST_MS, maxBuffer: 32 * 1024 * 1024 });
    return stdout;
  };
  return {
    ask: async (...words) => JSON.parse(await gcloud(words, 'json')),
    tell: async (...words) => void (await gcloud(words, 'none')),
  };
}
