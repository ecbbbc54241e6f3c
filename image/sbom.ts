import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

const component = z.looseObject({ 'bom-ref': z.string(), name: z.string() });
const bill = z.looseObject({
  metadata: z.looseObject({ component }),
  components: z.array(component),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

/**
 * The bill of materials of a bundle, CycloneDX as `npm sbom` writes it from the lock file, of those packages alone whose code or files are in it.
 * The same lock file and bundle give the same bytes: its number is a digest of what it says, its time is `seconds` (Unix). Throws where a package
 * in the bundle is not in the lock file.
 */
export async function billOf(root: string, paths: readonly string[], seconds: number): Promise<string> {
  const { stdout } = await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const all = bill.parse(JSON.parse(stdout));
  const used = await packagesOf(root, paths);
  const known = new Set(all.components.map((one) => one['bom-ref']));
  const missing = [...used].filter((reference) => !known.has(reference));
  if (missing.length > 0) throw new Error(`In the bundle, and not in package-lock.json: ${missing.join(', ')}.`);
  const self = all.metadata.component['bom-ref'];
  const told = {
    ...all,
    serialNumber: undefined,
    metadata: {
      ...all.metadata,
      timestamp: new Date(seconds * 1000).toISOString(),
      component: { ...all.metadata.component, name: 'sallyport', type: 'application' },
    },
    components: all.components.filter((one) => used.has(one['bom-ref'])),
    dependencies: all.dependencies
      .filter(({ ref }) => ref === self || used.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => used.has(other)) })),
  };
  return `${JSON.stringify({ ...told, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(told))}` }, null, 2)}\n`;
}

/** As the bill names them, by the folders in which modules and files lie. */
async function packagesOf(root: string, paths: readonly string[]): Promise<Set<string>> {
  const folders = new Set(paths.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const references = [...folders].map(async (folder) => {
    const { name, version } = manifest.parse(JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')));
    return `${name}@${version}`;
  });
  return new Set(await Promise.all(references));
}

const manifest = z.object({ name: z.string(), version: z.string() });

/** Version 8 of RFC 9562: the bits are ours to choose. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
