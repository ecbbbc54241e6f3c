import { isUtf8 } from 'node:buffer';

/** Bytes read as UTF-8. Each byte that is none stands as one U+FFFD, so that every character has its place among the bytes. */
export type BytesText = {
  text: string;
  /** Whether all of it was UTF-8. */
  valid: boolean;
  /** Where the character at that index begins; where the bytes end for the index behind the last. */
  offsetOf(index: number): number;
};

export function readBytes(bytes: Buffer): BytesText {
  if (isUtf8(bytes)) return readValid(bytes);
  const positions: number[] = [];
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at);
    const character = length === 0 ? '\ufffd' : bytes.toString('utf8', at, at + length);
    text += character;
    for (let unit = 0; unit < character.length; unit++) positions.push(at);
    at += Math.max(1, length);
  }
  return { text, valid: false, offsetOf: (index) => positions[index] ?? bytes.length };
}

function readValid(bytes: Buffer): BytesText {
  const text = bytes.toString();
  if (text.length === bytes.length) return { text, valid: true, offsetOf: (index) => Math.min(index, bytes.length) };
  let [known, offset] = [0, 0];
  /** Asked mostly in order, so it goes on from where it was. */
  function offsetOf(index: number): number {
    if (index < known) [known, offset] = [0, 0];
    offset += Buffer.byteLength(text.slice(known, index));
    known = index;
    return offset;
  }
  return { text, valid: true, offsetOf };
}

/** How many bytes the character has that begins there; 0 where none does. */
function lengthAt(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  return length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Where a character begins at the end that is not all there; the length where the last is whole. */
export function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc2) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}
