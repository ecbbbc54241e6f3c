import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Plan, planSchema } from './plan.ts';

/** Terraform with the provider's own schema, and without the provider, a registry or a cloud. */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const tool = join(root, '../shared/tools/terraform-offline/terraform-offline');
const terraform = (process.env['PATH'] ?? '')
  .split(':')
  .map((folder) => join(folder, 'terraform'))
  .find((file) => existsSync(file));

export const isThere = existsSync(tool) && terraform !== undefined;
export const folder = join(root, 'terraform');

const digest = `sha256:${'a'.repeat(64)}`;
const always = {
  project_id: 'acme-sallyport',
  image: `europe-west1-docker.pkg.dev/acme/sallyport/sallyport@${digest}`,
};
const examples = {
  minimal: {},
  complete: {
    encryption_key: 'projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/sallyport',
    notification_channel: 'projects/acme-sallyport/notificationChannels/1',
  },
} as const;
export type Example = keyof typeof examples;

/** Never throws: how it ended is in what it says. */
export async function offline(command: 'validate' | 'test', at: string, ...more: string[]): Promise<string> {
  const told = await run(tool, [at, command, '-no-color', ...more], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (thrown: { stdout?: string; stderr?: string }) => thrown,
  );
  return `${told.stdout ?? ''}${told.stderr ?? ''}`;
}

/** What an example comes to. Throws with what Terraform says where it comes to nothing. */
export async function planOf(example: Example, at = folder): Promise<Plan> {
  const bin = mkdtempSync(join(tmpdir(), 'sallyport-plan-'));
  try {
    // The tool runs `terraform plan` and stops; a plan can be shown only while the schema is served.
    writeFileSync(join(bin, 'terraform'), showing(bin), { mode: 0o755 });
    const variables = Object.entries({ ...always, ...examples[example] }).flatMap(([name, value]) => [
      '-var',
      `${name}=${value}`,
    ]);
    await run(tool, [`${at}/examples/${example}`, 'plan', '-no-color', ...variables], {
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      maxBuffer: 64 * 1024 * 1024,
    });
    return planSchema.parse(JSON.parse(readFileSync(join(bin, 'plan.json'), 'utf8')));
  } finally {
    rmSync(bin, { recursive: true });
  }
}

const showing = (bin: string) => `#!/bin/sh
set -e
if [ "$1" != plan ]; then exec '${terraform}' "$@"; fi
'${terraform}' "$@" -out='${bin}/plan'
'${terraform}' show -json '${bin}/plan' > '${bin}/plan.json'
`;

export type Mutation = { file: string; from: string; to: string };

/** The module with some of it changed, in a folder of its own, for as long as it is used. Throws where there is nothing to change. */
export async function withMutations<T>(mutations: readonly Mutation[], use: (at: string) => Promise<T>): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-terraform-'));
  try {
    for (const part of ['terraform', 'firestore.indexes.json', 'src/evidence/sources'])
      cpSync(join(root, part), join(copy, part), { recursive: true });
    for (const { file, from, to } of mutations) {
      const path = join(copy, 'terraform', file);
      const text = readFileSync(path, 'utf8');
      if (!text.includes(from)) throw new Error(`${file} does not hold: ${from}`);
      writeFileSync(
        path,
        text.replace(from, () => to),
      );
    }
    return await use(join(copy, 'terraform'));
  } finally {
    rmSync(copy, { recursive: true });
  }
}
