/** A tape archive in the format ustar (POSIX.1-2001, pax), as far as a bundle needs it. */

const BLOCK = 512;

/** A header's place and length for each field. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
} as const;

/** Before the bytes of a file. Nothing in it depends on when or where it was made. */
export function fileHeader(path: string, size: number): Uint8Array {
  return header({ name: path, size, type: '0' });
}

/** After the bytes of a file: as many as fill the last block. */
export const padding = (size: number): Uint8Array => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

/** After the last file. */
export const endOfArchive: Uint8Array = new Uint8Array(2 * BLOCK);

/** A remark that every reader of archives passes over: who watches the archive being made can read how far it is. */
export function comment(text: string): Uint8Array {
  const record = paxRecord('comment', text);
  return Buffer.concat([
    header({ name: 'pax_global_header', size: record.byteLength, type: 'g' }),
    record,
    padding(record.byteLength),
  ]);
}

function header({ name, size, type }: { name: string; size: number; type: string }): Uint8Array {
  if (Buffer.byteLength(name) > fields.name[1]) throw new RangeError('The path is too long for an archive.');
  if (size >= 8 ** 11) throw new RangeError('The file is too large for an archive: 8 GiB is the most.');
  const block = Buffer.alloc(BLOCK);
  const put = (field: keyof typeof fields, text: string) => void block.write(text, fields[field][0], 'utf8');
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  put('name', name);
  put('mode', octal(0o644, 8));
  put('uid', octal(0, 8));
  put('gid', octal(0, 8));
  put('size', octal(size, 12));
  put('mtime', octal(0, 12));
  put('checksum', ' '.repeat(8));
  put('type', type);
  put('magic', 'ustar\x0000');
  put(
    'checksum',
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
  );
  return block;
}

/** `30 comment=…\n`: its length stands before it and counts itself. */
function paxRecord(keyword: string, value: string): Uint8Array {
  const rest = Buffer.byteLength(` ${keyword}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return Buffer.from(`${length} ${keyword}=${value}\n`);
}
