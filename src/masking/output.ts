/** Collects bytes; what follows on what was there before is one piece with it, and nothing is copied while it is all one piece. */
export function createOutput() {
  const pieces: Buffer[] = [];

  return {
    add(bytes: Buffer) {
      const last = pieces.at(-1);
      if (bytes.length === 0) return;
      if (last === undefined || !follows(last, bytes)) pieces.push(bytes);
      else pieces[pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    },
    take(): Buffer {
      const [only, ...more] = pieces;
      return only !== undefined && more.length === 0 ? only : Buffer.concat(pieces);
    },
  };
}

const follows = (one: Buffer, next: Buffer): boolean =>
  one.buffer === next.buffer && one.byteOffset + one.length === next.byteOffset;
