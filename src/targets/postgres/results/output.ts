/** Bytes that are being written; they grow as they must. */
export type Output = { bytes: Buffer; length: number };

export function createOutput(size: number): Output {
  return { bytes: Buffer.allocUnsafe(size), length: 0 };
}

/** What is short grows fast, so that little is copied on the way to a full batch. */
const short = 64 * 1024;

/** Makes room for so many bytes more. */
export function reserve(output: Output, more: number) {
  const least = output.length + more;
  if (least > output.bytes.length) grow(output, least);
}

function grow(output: Output, least: number) {
  const { length } = output.bytes;
  const grown = Buffer.allocUnsafe(Math.max(length * (length < short ? 8 : 2), least));
  output.bytes.copy(grown, 0, 0, output.length);
  output.bytes = grown;
}

export function writeByte(output: Output, byte: number) {
  reserve(output, 1);
  output.bytes[output.length++] = byte;
}

/** Up to so many characters are written faster one by one. */
const few = 16;

/** Text of ASCII alone. */
export function writeAscii(output: Output, text: string) {
  reserve(output, text.length);
  const { bytes, length } = output;
  if (text.length > few) bytes.write(text, length, 'latin1');
  else for (let at = 0; at < text.length; at++) bytes[length + at] = text.charCodeAt(at);
  output.length = length + text.length;
}

const quote = 0x22;

/** As a string of JSON: what needs no escapes. */
export function writeQuoted(output: Output, source: Buffer, start: number, end: number) {
  reserve(output, end - start + 2);
  const { bytes } = output;
  let length = output.length;
  bytes[length++] = quote;
  for (let at = start; at < end; at++) bytes[length++] = source[at] ?? 0;
  bytes[length++] = quote;
  output.length = length;
}

export function writeVerbatim(output: Output, source: Buffer, start: number, end: number) {
  reserve(output, end - start);
  const { bytes } = output;
  let length = output.length;
  for (let at = start; at < end; at++) bytes[length++] = source[at] ?? 0;
  output.length = length;
}
