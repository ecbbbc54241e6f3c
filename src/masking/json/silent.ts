import type { Place } from './places.ts';
import type { Repeats } from './repeats.ts';
import {
  endOfScalar,
  endOfString,
  incomplete,
  isSpace,
  key,
  keyOrEnd,
  type Met,
  malformed,
  marks,
  mostLevels,
  separator,
  tooDeep,
  value,
  valueOrEnd,
} from './syntax.ts';

/** Levels of a silent value at which it is looked whether what begins there came before: below, it is as fast to read it. */
const levelsOfRepeats = 3;

/**
 * The way through an object or list that no rule speaks of and no detector looks at: it must be JSON, no more. Throws as the reader does, at the same bytes.
 */
export function createSilent<Mask>(repeats: Repeats<Mask> | undefined) {
  const met: Met = { traits: 0, escapes: false };
  const isObject = new Uint8Array(mostLevels + 1);
  const starts = new Int32Array(levelsOfRepeats + 1);
  let place: Place<Mask> | undefined;
  /** The depth of the reader, and how far one is below it. */
  let above = 0;
  let level = 0;
  let expected = value;

  function keep(bytes: Buffer, end: number) {
    const start = starts[level] as number;
    if (start < 0 || place === undefined || repeats === undefined) return;
    if (repeats.wants(place, bytes, start, end))
      repeats.keep(place, above + level - 1, bytes, start, end, { made: undefined, texts: [] });
  }

  return {
    /** A value begins there. */
    begin(at: Place<Mask>, depth: number) {
      place = at;
      above = depth;
      level = 0;
      expected = value;
    },

    /** Whether one is within such a value. */
    goesOn: () => place !== undefined,

    /** Where it ends, or what must come again with more behind it. */
    pass(bytes: Buffer, from: number, end: number, last: boolean): number {
      let at = from;
      starts.fill(-1);
      while (at < end) {
        const byte = bytes[at] as number;
        if (byte === marks.quote && expected <= keyOrEnd) {
          let after = endOfString(bytes, at, end, met);
          if (after === incomplete) break;
          if (expected >= key) {
            while (after < end && isSpace[bytes[after] as number] === 1) after++;
            if (after === end) break;
            if (bytes[after++] !== marks.colon) throw malformed();
            expected = value;
          } else expected = separator;
          at = after;
        } else if (byte === marks.comma && expected === separator) {
          expected = isObject[level] === 1 ? key : value;
          at++;
        } else if ((byte === marks.openObject || byte === marks.openArray) && expected <= valueOrEnd) {
          if (above + level === mostLevels) throw tooDeep();
          const seen = level < levelsOfRepeats ? place : undefined;
          const repeat = seen === undefined ? undefined : repeats?.find(seen, above + level, bytes, at);
          if (repeat === undefined) {
            level++;
            if (level <= levelsOfRepeats) starts[level] = at;
            isObject[level] = byte === marks.openObject ? 1 : 0;
            expected = byte === marks.openObject ? keyOrEnd : valueOrEnd;
            at++;
            continue;
          }
          expected = separator;
          at += repeat.bytes.length;
          if (level > 0) continue;
          place = undefined;
          return at;
        } else if (
          byte === (isObject[level] === 1 ? marks.closeObject : marks.closeArray) &&
          (expected === separator || expected === keyOrEnd || expected === valueOrEnd)
        ) {
          at++;
          if (level <= levelsOfRepeats) keep(bytes, at);
          expected = separator;
          if (--level > 0) continue;
          place = undefined;
          return at;
        } else if (isSpace[byte] === 1) at++;
        else {
          if (expected > valueOrEnd) throw malformed();
          const after = endOfScalar(bytes, at, end, last);
          if (after === incomplete) break;
          expected = separator;
          at = after;
        }
      }
      return at;
    },
  };
}
