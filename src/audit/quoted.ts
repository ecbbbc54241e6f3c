const quote = 0x22;
const backslash = 0x5c;
/** Of a character that a string of JSON does not hold as it stands: what follows the backslash; `other` is written in another way. */
const other = 1;
const escapes = new Uint8Array(256).fill(other, 0, 0x20);
escapes[quote] = quote;
escapes[backslash] = backslash;
escapes[0x0a] = 0x6e;

/** For all, as whatever is written is copied at once. */
let room = Buffer.alloc(0);

/** `before`, text in UTF-8 as a string of JSON, and `after`: the bytes of what `JSON.stringify` gives, with no string made of a text that is long. */
export function withQuoted(before: string, text: Buffer, after: string): Buffer {
  const most = 3 * (before.length + after.length) + 2 * text.length + 2;
  if (room.length < most) room = Buffer.allocUnsafe(most);
  const from = room.write(before);
  const to = writeQuoted(room, from, text);
  // Control characters but line feeds are seldom in what is recorded.
  if (to === undefined) return Buffer.from(`${before}${JSON.stringify(text.toString())}${after}`);
  return Buffer.from(room.subarray(0, to + room.write(after, to)));
}

/** Where it ends; undefined where it holds what is written in another way. */
function writeQuoted(to: Buffer, from: number, text: Buffer): number | undefined {
  let length = from;
  to[length++] = quote;
  for (let at = 0; ; ) {
    for (; at < text.length && escapes[text[at] ?? 0] === 0; at++) to[length++] = text[at] ?? 0;
    if (at === text.length) break;
    const letter = escapes[text[at++] ?? 0] ?? other;
    if (letter === other) return undefined;
    to[length++] = backslash;
    to[length++] = letter;
  }
  to[length++] = quote;
  return length;
}
