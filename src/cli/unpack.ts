import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Manifest, manifestSchema } from '../evidence/evidence.ts';
import { BadArchive, type Entry, readArchive } from './archive.ts';

/** What the console says while it makes the bundle. */
type Remark = (text: string) => void;

/** Throws where something is there that would be written over. */
export async function refuseOccupied(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new BadArchive('The folder cannot be used.', { cause: error });
  });
  if (entries.length > 0) throw new BadArchive('The folder is not empty. Name a new one.');
}

/**
 * Unpacks a bundle into the folder as it arrives. The folder is there only once all of it has come and is what the manifest says;
 * before that it stands beside it under another name, and is removed where anything fails.
 */
export async function unpack(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  watch: { onRemark: Remark; onBytes: (bytes: number) => void },
): Promise<Manifest> {
  const target = resolve(folder);
  await refuseOccupied(target);
  const beside = join(dirname(target), `.${basename(target)}.partial-${randomBytes(4).toString('hex')}`);
  await mkdir(beside, { recursive: true, mode: 0o700 });
  try {
    const written = await writeAll(source, beside, watch);
    const manifest = await manifestIn(beside);
    compare(manifest, written);
    await rmdir(target).catch(() => undefined);
    await rename(beside, target);
    return manifest;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

type Written = Map<string, { bytes: number; sha256: string }>;

/** Every path that a bundle may have: nothing leads out of it, and nothing is hidden. */
const allowed = /^(manifest\.(json|sig)|README\.txt|summary\.html|(trail|keys|results|sql)\/[a-z0-9_]+\.[a-z]+)$/;

async function writeAll(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { onRemark, onBytes }: Parameters<typeof unpack>[2],
): Promise<Written> {
  const written: Written = new Map();
  for await (const entry of readArchive(source)) {
    if (entry.kind === 'remark') {
      onRemark(await remarkOf(entry));
      continue;
    }
    const { name, content } = entry;
    if (!allowed.test(name) || written.has(name)) throw new BadArchive('The archive holds a file that no bundle has.');
    await mkdir(join(folder, dirname(name)), { recursive: true, mode: 0o700 });
    written.set(name, await writeOne(content, join(folder, name), onBytes));
  }
  return written;
}

async function writeOne(content: AsyncIterable<Uint8Array>, path: string, onBytes: (bytes: number) => void) {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* measured() {
    for await (const piece of content) {
      hash.update(piece);
      bytes += piece.byteLength;
      onBytes(piece.byteLength);
      yield piece;
    }
  }
  await pipeline(measured(), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  return { bytes, sha256: hash.digest('hex') };
}

const longestRemark = 10_000;

async function remarkOf({ size, content }: Entry): Promise<string> {
  if (size > longestRemark) throw new BadArchive('What came is no bundle.');
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function manifestIn(folder: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));
  } catch (cause) {
    throw new BadArchive('What came has no manifest of a bundle.', { cause });
  }
}

function compare({ files }: Manifest, written: Written) {
  const others = new Map(written);
  for (const name of ['manifest.json', 'manifest.sig'])
    if (!others.delete(name)) throw new BadArchive(`The bundle came without ${name}.`);
  for (const { path, bytes, sha256 } of files) {
    const file = others.get(path);
    if (file?.bytes !== bytes || file.sha256 !== sha256)
      throw new BadArchive(`${path} did not come as the manifest says.`);
    others.delete(path);
  }
  if (others.size > 0) throw new BadArchive('More files came than the manifest says.');
}
