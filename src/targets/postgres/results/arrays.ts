import { writeString } from './json-string.ts';
import { type Output, writeAscii, writeByte } from './output.ts';
import type { Writer } from './values.ts';

const quote = 0x22;
const backslash = 0x5c;
const opening = 0x7b;
const closing = 0x7d;

/**
 * `{1,NULL,"a b"}` → `[1,null,"a b"]`, in as many dimensions as there are. Arrays with bounds of their own (`[0:1]={…}`) are
 * strings, as JSON's begin at one place only.
 */
export function arrayWriter(writeElement: Writer, delimiter: ',' | ';'): Writer {
  const separator = delimiter.charCodeAt(0);
  return (output, source, start, end) => {
    if (source[start] !== opening) return writeString(output, source, start, end);
    for (let at = start; at < end; ) {
      const byte = source[at];
      if (byte === opening || byte === closing || byte === separator) {
        writeByte(output, byte === opening ? 0x5b : byte === closing ? 0x5d : 0x2c);
        at++;
      } else if (byte === quote) {
        const close = closeOf(source, at + 1);
        writeQuoted(output, source, at + 1, close, writeElement);
        at = close + 1;
      } else {
        const stop = stopOf(source, at, end, separator);
        if (isNull(source, at, stop)) writeAscii(output, 'null');
        else writeElement(output, source, at, stop);
        at = stop;
      }
    }
  };
}

function closeOf(source: Buffer, from: number): number {
  let at = from;
  while (source[at] !== quote) at += source[at] === backslash ? 2 : 1;
  return at;
}

function writeQuoted(output: Output, source: Buffer, start: number, end: number, writeElement: Writer) {
  const first = source.indexOf(backslash, start);
  if (first === -1 || first >= end) return writeElement(output, source, start, end);
  const bare = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    if (source[at] === backslash) at++;
    bare[length++] = source[at] ?? 0;
  }
  writeElement(output, bare, 0, length);
}

function stopOf(source: Buffer, from: number, end: number, separator: number): number {
  let at = from;
  while (at < end && source[at] !== separator && source[at] !== closing) at++;
  return at;
}

function isNull(source: Buffer, start: number, end: number): boolean {
  return end - start === 4 && source.toString('latin1', start, end) === 'NULL';
}
