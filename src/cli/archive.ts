/** An entry of a tape archive (ustar) as it comes. Its content must be read before the next entry is asked for, or is passed over. */
export type Entry = {
  /** `file`, or `remark`: what the archive says beside its files. */
  kind: 'file' | 'remark';
  name: string;
  size: number;
  content: AsyncIterable<Uint8Array>;
};

/** The archive is none, or broke off. */
export class BadArchive extends Error {
  override name = 'BadArchive';
}

const BLOCK = 512;

/** Reads an archive as it arrives. Refuses links, devices, folders and all else that is neither a file nor a remark, and one without its end. */
export async function* readArchive(source: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  const input = createInput(source);
  try {
    yield* entriesOf(input);
  } finally {
    await input.close();
  }
}

async function* entriesOf(input: ReturnType<typeof createInput>): AsyncGenerator<Entry> {
  for (;;) {
    const block = await input.exactly(BLOCK);
    if (isEmpty(block)) {
      if (!isEmpty(await input.exactly(BLOCK)) || !(await input.isAtEnd()))
        throw new BadArchive('The archive goes on after its end.');
      return;
    }
    const { kind, name, size } = headerOf(block);
    let left = size;
    async function* content() {
      while (left > 0) {
        const piece = await input.some(left);
        left -= piece.byteLength;
        yield piece;
      }
    }
    yield { kind, name, size, content: content() };
    while (left > 0) left -= (await input.some(left)).byteLength;
    await input.exactly((BLOCK - (size % BLOCK)) % BLOCK);
  }
}

function headerOf(block: Buffer): Pick<Entry, 'kind' | 'name' | 'size'> {
  const said = Number.parseInt(textAt(block, 148, 8), 8);
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  const size = Number.parseInt(textAt(block, 124, 12), 8);
  if (textAt(block, 257, 6) !== 'ustar' || said !== sum || !Number.isSafeInteger(size) || size < 0)
    throw new BadArchive('What came is no archive.');
  const type = textAt(block, 156, 1);
  if (type !== '0' && type !== 'g') throw new BadArchive('The archive holds something other than files.');
  if (textAt(block, 345, 155) !== '') throw new BadArchive('The archive holds a file with a path that is too long.');
  return { kind: type === '0' ? 'file' : 'remark', name: textAt(block, 0, 100), size };
}

const textAt = (block: Buffer, at: number, length: number) =>
  block
    .toString('utf8', at, at + length)
    .replace(/\0.*$/s, '')
    .trim();

const isEmpty = (block: Buffer) => block.every((byte) => byte === 0);

function createInput(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();

  /** As much as is there of so many bytes, one at least. */
  async function some(most: number): Promise<Uint8Array> {
    while (rest.byteLength === 0) {
      const { done, value } = await chunks.next();
      if (done === true) throw new BadArchive('The archive broke off.');
      rest = value;
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.byteLength);
    return piece;
  }

  return {
    some,
    async isAtEnd() {
      const { done } = await chunks.next();
      return rest.byteLength === 0 && done === true;
    },
    /** Tells the source that no more is wanted. */
    close: async () => void (await chunks.return?.()),
    async exactly(size: number): Promise<Buffer> {
      const pieces: Uint8Array[] = [];
      for (let left = size; left > 0; ) {
        const piece = await some(left);
        left -= piece.byteLength;
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    },
  };
}
