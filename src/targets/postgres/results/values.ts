import { isUtf8 } from 'node:buffer';
import { arrayWriter } from './arrays.ts';
import { repaired, writeString } from './json-string.ts';
import { type Output, reserve, writeAscii, writeByte, writeQuoted, writeVerbatim } from './output.ts';
import { isoTime, isoTimeOfDay } from './times.ts';

/**
 * Writes the JSON of a value straight from the bytes of PostgreSQL's text for it, no string between. docs/results.md says
 * what becomes of which type.
 */
export type Writer = (output: Output, source: Buffer, start: number, end: number) => void;

/** What the catalog says of a type. */
export type TypeFacts = { kind: string; category: string; base: number; element: number };

const quote = 0x22;

const asNumber: Writer = writeVerbatim;

const asQuoted: Writer = writeQuoted;

/** Beyond 2^53 JSON's readers would round it. */
const asBigNumber: Writer = (output, source, start, end) => {
  const isExact = end - start <= 15 || Number.isSafeInteger(Number(source.toString('latin1', start, end)));
  (isExact ? writeVerbatim : asQuoted)(output, source, start, end);
};

/** NaN and the infinities have no number in JSON. */
const asFloat: Writer = (output, source, start, end) => {
  const last = source[end - 1] ?? 0;
  (last >= 0x30 && last <= 0x39 ? writeVerbatim : asQuoted)(output, source, start, end);
};

const asBoolean: Writer = (output, source, start) => writeAscii(output, source[start] === 0x74 ? 'true' : 'false');

/** `\xdeadbeef` → base64. */
const asBytes: Writer = (output, source, start, end) => {
  const bytes = Buffer.from(source.toString('latin1', start + 2, end), 'hex');
  writeAscii(output, `"${bytes.toString('base64')}"`);
};

/** As it stands, to the last digit, but on one line: a line break in JSON is white space. */
const asJson: Writer = (output, source, start, end) => {
  if (!isUtf8(source.subarray(start, end))) return asJson(output, ...repaired(source, start, end));
  reserve(output, end - start);
  const { bytes } = output;
  let length = output.length;
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0;
    bytes[length++] = byte === 0x0a || byte === 0x0d ? 0x20 : byte;
  }
  output.length = length;
};

const usualDate = 10;
const leastMoment = 19;

/** The usual ones are copied with a `T` in their middle and, where they end in `+00`, a `Z` at their end. */
const asMoment: Writer = (output, source, start, end) => {
  const isUsual = end - start >= leastMoment && source[start + 4] === 0x2d && source[end - 1] !== 0x43;
  const hasZone = source[end - 3] === 0x2b;
  if (!isUsual || (hasZone && (source[end - 2] !== 0x30 || source[end - 1] !== 0x30)))
    return writeAscii(output, `"${isoTime(source.toString('latin1', start, end))}"`);
  const copied = hasZone ? end - 3 : end;
  asQuoted(output, source, start, copied);
  output.bytes[output.length - 1 - (copied - start) + usualDate] = 0x54;
  if (!hasZone) return;
  output.bytes[output.length - 1] = 0x5a;
  writeByte(output, quote);
};

const asDate: Writer = (output, source, start, end) => {
  if (end - start === usualDate && source[start + 4] === 0x2d) return asQuoted(output, source, start, end);
  writeAscii(output, `"${isoTime(source.toString('latin1', start, end))}"`);
};

const asTimeOfDay: Writer = (output, source, start, end) =>
  writeAscii(output, `"${isoTimeOfDay(source.toString('latin1', start, end))}"`);

/** By the oids of built-in types, which never change. */
const builtIn = new Map<number, Writer>([
  [16, asBoolean],
  [17, asBytes],
  [20, asBigNumber],
  [21, asNumber],
  [23, asNumber],
  [26, asNumber],
  [114, asJson],
  [700, asFloat],
  [701, asFloat],
  [1082, asDate],
  [1114, asMoment],
  [1184, asMoment],
  [1266, asTimeOfDay],
  [1700, asQuoted],
  [2950, asQuoted],
  [3802, asJson],
]);

const box = 603;
/** Oids from here on belong to the database. */
const firstOwn = 16_384;

/**
 * How the values of a type are written. Types that nobody knows are strings, and so are composites with their arrays, and arrays
 * of an extension's base types, whose delimiter may be any.
 */
export function writerFor(oid: number, factsOf: (oid: number) => TypeFacts | undefined): Writer {
  const known = builtIn.get(oid);
  if (known !== undefined) return known;
  const facts = factsOf(oid);
  if (facts?.kind === 'd') return writerFor(facts.base, factsOf);
  if (facts?.category !== 'A') return writeString;
  const { element } = facts;
  const isSplit = element < firstOwn || ['d', 'e', 'm', 'r'].includes(factsOf(element)?.kind ?? '');
  return isSplit ? arrayWriter(writerFor(element, factsOf), element === box ? ';' : ',') : writeString;
}
