import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Manifest } from '../manifest.ts';
import type { Findings } from './findings.ts';

/** What a bundle holds beside what its manifest lists. */
const own = ['manifest.json', 'manifest.sig'];

/** Compares the files of a bundle with its manifest, and finds those that were changed, removed or added. Resolves with those that are as they should be. */
export async function checkFiles(
  folder: string,
  { files }: Manifest,
  findings: Findings,
): Promise<ReadonlySet<string>> {
  const intact = new Set<string>();
  const listed = new Set([...own, ...files.map(({ path }) => path)]);
  for (const { path, sha256, bytes } of files) {
    const found = isWithin(path) ? await measured(join(folder, path)) : undefined;
    if (found === undefined) findings.add({ kind: 'file-missing', file: path, detail: 'The manifest lists it.' });
    else if (found.sha256 !== sha256 || found.bytes !== bytes)
      findings.add({ kind: 'file-changed', file: path, detail: 'It is not what the manifest lists.' });
    else intact.add(path);
  }
  for (const path of await pathsIn(folder))
    if (!listed.has(path)) findings.add({ kind: 'file-added', file: path, detail: 'The manifest does not list it.' });
  return intact;
}

/** Nothing outside the bundle is read, whatever the manifest says. */
const isWithin = (path: string) => path.split('/').every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part));

/** Undefined where there is no such file. A link is none: what it points to is no part of the bundle. */
async function measured(path: string): Promise<{ sha256: string; bytes: number } | undefined> {
  const status = await lstat(path).catch(() => undefined);
  if (!status?.isFile()) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return { sha256: hash.digest('hex'), bytes: status.size };
}

async function pathsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();
}
