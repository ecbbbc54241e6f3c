import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';
import { copyFiles } from './files.ts';
import { billOf } from './sbom.ts';

/** Writes what goes into the image: the bundle, the files that it reads, and its bill of materials. What was in the folder is gone. */
async function build(root: string, out: string, seconds: number) {
  await rm(out, { recursive: true, force: true });
  const { modules } = await bundle(root, out);
  const files = await copyFiles(root, out);
  await writeFile(join(out, 'sbom.cdx.json'), await billOf(root, [...modules, ...files], seconds));
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
  return sizes.reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const root = resolve(import.meta.dirname, '..');
const out = resolve(root, values.out);
// The time of the last commit, as builds are told it that are to give the same bytes again.
await build(root, out, Number(process.env['SOURCE_DATE_EPOCH'] ?? 0));
process.stdout.write(`${out}: ${((await sizeOf(out)) / 1024 / 1024).toFixed(1)} MiB\n`);
