import { endOfString, incomplete, type Met, marks, textOf } from './syntax.ts';

const met: Met = { traits: 0, escapes: false };

/**
 * Where the texts of an object's own members of that name stand, as start and end (excluded) of each with its quotes, all that there are; undefined
 * where its end has not come. What else it holds is checked by whoever reads it.
 */
export function peekInto(bytes: Buffer, start: number, end: number, wanted: Uint8Array): readonly number[] | undefined {
  const found: number[] = [];
  let depth = 0;
  /** The last string of the object itself was that name, and a colon follows. */
  let named = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === marks.quote) {
      const stop = endOfString(bytes, at, end, met);
      if (stop === incomplete) return undefined;
      if (depth === 1) {
        if (named) found.push(at, stop);
        named = !named && isText(bytes, at, stop, wanted) && isKey(bytes, stop, end);
      }
      at = stop - 1;
    } else if (byte === marks.openObject || byte === marks.openArray) depth++;
    else if (byte === marks.closeObject || byte === marks.closeArray) {
      depth--;
      if (depth === 0) return found;
    } else if (byte === marks.comma && depth === 1) named = false;
  }
  return undefined;
}

/** What those strings stand for. */
export function textsOf(bytes: Buffer, spans: readonly number[]): string[] {
  const texts: string[] = [];
  for (let at = 0; at < spans.length; at += 2)
    texts.push(textOf(bytes, spans[at] as number, spans[at + 1] as number, true));
  return texts;
}

/** Whether the string that was just read stands for that text. */
function isText(bytes: Buffer, start: number, stop: number, wanted: Uint8Array): boolean {
  if (met.escapes) return Buffer.from(textOf(bytes, start, stop, true)).equals(wanted);
  if (stop - start - 2 !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at++) if (bytes[start + 1 + at] !== wanted[at]) return false;
  return true;
}

function isKey(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end && (bytes[at] === 0x20 || (bytes[at] as number) - 9 < 5)) at++;
  return bytes[at] === marks.colon;
}

/** The index after the object or list that begins there, or `incomplete`. */
export function endOfValue(bytes: Buffer, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === marks.quote) {
      const stop = endOfString(bytes, at, end, met);
      if (stop === incomplete) return incomplete;
      at = stop - 1;
    } else if (byte === marks.openObject || byte === marks.openArray) depth++;
    else if (byte === marks.closeObject || byte === marks.closeArray) depth--;
    if (depth === 0) return at + 1;
  }
  return incomplete;
}

/** The texts of a list, in order; undefined for what is none. */
export function listTexts(bytes: Buffer, start: number, end: number): readonly (string | undefined)[] {
  const texts: (string | undefined)[] = [];
  let text: string | undefined;
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === marks.quote) {
      const stop = endOfString(bytes, at, end, met);
      if (depth === 1) text = textOf(bytes, at, stop, met.escapes);
      at = stop - 1;
    } else if (byte === marks.openObject || byte === marks.openArray) depth++;
    else if (byte === marks.closeObject || byte === marks.closeArray) depth--;
    if (depth === 0 || (depth === 1 && byte === marks.comma)) {
      texts.push(text);
      text = undefined;
    }
  }
  return texts;
}
