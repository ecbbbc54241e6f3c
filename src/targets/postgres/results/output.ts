/** Bytes that are being written; they grow as they must. */
export type Output = { bytes: Buffer; length: number };

export function createOutput(size: number): Output {
  return { bytes: Buffer.allocUnsafe(size), length: 0 };
}

/** Makes room for so many bytes more. */
export function reserve(output: Output, more: number) {
  const least = output.length + more;
  if (least <= output.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(output.bytes.length * 2, least));
  output.bytes.copy(grown, 0, 0, output.length);
  output.bytes = grown;
}

export function writeByte(output: Output, byte: number) {
  reserve(output, 1);
  output.bytes[output.length++] = byte;
}

/** Text of ASCII alone. */
export function writeAscii(output: Output, text: string) {
  reserve(output, text.length);
  output.length += output.bytes.write(text, output.length, 'latin1');
}

export function writeVerbatim(output: Output, source: Buffer, start: number, end: number) {
  reserve(output, end - start);
  const { bytes } = output;
  let length = output.length;
  for (let at = start; at < end; at++) bytes[length++] = source[at] ?? 0;
  output.length = length;
}
