/**
 * How keys and tokens are told by their issuers (`findSecrets`), in lower case: a text without any of these holds none that a detector knows. Each is
 * a beginning that is long enough to be seldom met.
 */
const beginnings = [
  ...[
    'eyj',
    'aiza',
    'akia',
    'asia',
    'ghp_',
    'gho_',
    'ghu_',
    'ghs_',
    'ghr_',
    'github_pat_',
    'glpat-',
    'npm_',
    'xox',
    'xapp-',
  ],
  ...['ya29.', 'rk_', 'sk_', 'sk-', 'bearer', '-----begin', 'private_key', 'aws', 'secret'],
].map((mark) => Buffer.from(mark));

const lower = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));

/** Marks by their first two bytes, in either case. */
const byPair: (readonly Uint8Array[] | undefined)[] = [];
const begins = new Uint8Array(65_536);
for (const mark of beginnings) {
  const pair = pairOf(mark[0] ?? 0, mark[1] ?? 0);
  byPair[pair] = [...(byPair[pair] ?? []), mark];
}
for (let pair = 0; pair < begins.length; pair++)
  if (byPair[pairOf(lower[pair >> 8] ?? 0, lower[pair & 255] ?? 0)] !== undefined) begins[pair] = 1;

function pairOf(first: number, second: number): number {
  return (first << 8) | second;
}

/** Whether one of the marks stands between start and end. */
export function holdsMark(bytes: Uint8Array, start: number, end: number): boolean {
  let before = bytes[start] ?? 0;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (begins[(before << 8) | byte] === 1 && isMark(bytes, at - 1, end)) return true;
    before = byte;
  }
  return false;
}

function isMark(bytes: Uint8Array, at: number, end: number): boolean {
  const marks = byPair[pairOf(lower[bytes[at] ?? 0] ?? 0, lower[bytes[at + 1] ?? 0] ?? 0)] ?? [];
  return marks.some((mark) => {
    if (at + mark.length > end) return false;
    for (let index = 2; index < mark.length; index++) if (lower[bytes[at + index] ?? 0] !== mark[index]) return false;
    return true;
  });
}
