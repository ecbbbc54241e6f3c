import { createHash } from 'node:crypto';

/** A file of a bundle. Its size and hash are known before it is written, as both stand in front of it. */
export type BundleFile = {
  path: string;
  bytes: number;
  sha256: string;
  /** The same each time. */
  content(): AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;
};

export function fileOf(path: string, content: string): BundleFile {
  const { bytes, sha256 } = measuring().add(content).end();
  return { path, bytes, sha256, content: () => [content] };
}

/** Adds up what goes through it. */
export function measuring() {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add(piece: string | Uint8Array) {
      bytes += Buffer.byteLength(piece);
      hash.update(piece);
      return this;
    },
    end: () => ({ bytes, sha256: hash.digest('hex') }),
  };
}

/** Bytes that are handed on at once. */
const CHUNK = 64 * 1024;

/** The file's bytes in pieces of some size. Throws at its end where they are not what was measured. */
export async function* bytesOf({ path, bytes, sha256, content }: BundleFile): AsyncGenerator<Uint8Array> {
  const measured = measuring();
  let pieces: Uint8Array[] = [];
  let waiting = 0;
  for await (const piece of content()) {
    const buffer = typeof piece === 'string' ? Buffer.from(piece) : piece;
    measured.add(buffer);
    pieces.push(buffer);
    waiting += buffer.byteLength;
    if (waiting < CHUNK) continue;
    yield Buffer.concat(pieces);
    [pieces, waiting] = [[], 0];
  }
  const end = measured.end();
  if (end.bytes !== bytes || end.sha256 !== sha256) throw new Error(`${path} is not what it was when it was measured.`);
  if (waiting > 0) yield Buffer.concat(pieces);
}
