import type { Batch, Finding, Lines, Masked, MaskedRows, Piece, Result, Rows } from '../model/result.ts';
import type { DetectedClass } from './classes.ts';
import { createCounter } from './counter.ts';
import { detect } from './detect.ts';
import { mapItems } from './items.ts';
import { mapTexts } from './json-text.ts';
import { maskLines } from './lines.ts';
import { isNotable } from './notable.ts';

export { maskAssignments, secretWords } from './assignments.ts';
export { detectedClasses } from './classes.ts';
export { mapItems } from './items.ts';
export { type JsonMask, strictest, textToken } from './json/become.ts';
export {
  createJsonMasks,
  type JsonFraming,
  type JsonMasks,
  maskJson,
  maskJsonBytes,
  masksOf,
} from './json/json.ts';
export { PathError, readPath } from './json/paths.ts';
export { type Act, type Rule, ruleOf } from './json/places.ts';
export type { Scalar } from './json/reader.ts';
export { sealJson } from './json/seal.ts';
export { type Passing, pass } from './json/streams.ts';
export { sealFound } from './seal-found.ts';
export { isSuspicious } from './secret-names.ts';
export { createTranscript } from './transcript.ts';

export type MaskOptions = {
  /** Classes that stay in the clear for this identity; they are not counted. */
  unmask: readonly string[];
};

const textless =
  /^(bool(ean)?|(small|big)?int(eger)?\d*|float\d*|real|double precision|(big)?numeric|decimal|money|oid|uuid|date|datetime|time(tz)?|timestamp(tz)?|interval)\b/i;

/** Whether a column of this type can hold text. The digits of one that cannot are never mistaken for a card or a telephone number. */
export function mayHoldText(type: string): boolean {
  return !textless.test(type) || type.endsWith('[]');
}

/**
 * Step 8, the second net: every text is looked through, in lists, objects and keys too, and what detectors recognise is replaced by
 * `[CLASS]` and counted. Piece by piece, as the reader asks for them; who leaves early cancels at the target. What is said on a
 * connection went through its transcript already.
 */
export function maskResult(result: Rows, options: MaskOptions): MaskedRows;
export function maskResult(result: Result, options: MaskOptions): Masked;
export function maskResult(result: Result, { unmask }: MaskOptions): Masked {
  const counter = createCounter(unmask);
  const { findings, mask } = counter;
  if (result.form === 'rows')
    return { ...result, findings, batches: mapItems(result.batches, (batch) => maskBatch(batch, mask)) };
  if (result.form === 'duplex') return { ...result, findings: () => result.summary().findings ?? [] };
  const { content, pieces } = result;
  if (content === 'json') {
    const names = createNames();
    const masked = mapItems(pieces, (piece) => maskPiece(piece, mask, names));
    return { ...result, findings, pieces: masked };
  }
  if (content === 'bytes') return { ...result, findings, pieces: mapItems(pieces, ({ bytes }) => bytes) };
  return { ...result, findings, pieces: maskLines(pieces, { exempt: new Set(unmask), found: counter.count }) };
}

function maskBatch({ bytes, rows, texts }: Batch, mask: (text: string) => string): Lines {
  return { bytes: maskSpans(bytes, texts, mask), rows };
}

/** Most texts hold nothing and are not even read as text. */
function maskSpans(bytes: Uint8Array, texts: readonly number[], mask: (text: string) => string): Uint8Array {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (let index = 0; index < texts.length; index += 2) {
    const start = texts[index] ?? 0;
    const end = texts[index + 1] ?? 0;
    if (!isNotable(bytes, start, end)) continue;
    const json = whole.toString('utf8', start, end);
    const masked = mapTexts(json, mask);
    if (masked === json) continue;
    pieces.push(whole.subarray(done, start), Buffer.from(masked));
    done = end;
  }
  return done === 0 ? bytes : Buffer.concat([...pieces, whole.subarray(done)]);
}

const colon = 0x3a;

/** What documents say is in `texts`, and what is said between them in `plain`. */
function maskPiece({ bytes, texts = [], plain = [] }: Piece, mask: (text: string) => string, names: Names): Uint8Array {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mapped = (start: number, end: number) => {
    const json = whole.toString('utf8', start, end);
    return whole[end - 1] === colon ? mapTexts(json, (text) => names(text, mask(text))) : mapTexts(json, mask);
  };
  const spans: Span[] = [
    ...spansOf(texts, mapped),
    ...spansOf(plain, (start, end) => mask(whole.toString('utf8', start, end))),
  ];
  if (plain.length > 0) spans.sort((a, b) => a.start - b.start);
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (const { start, end, map } of spans) {
    if (!isNotable(bytes, start, end)) continue;
    pieces.push(whole.subarray(done, start), Buffer.from(map(start, end)));
    done = end;
  }
  return done === 0 ? bytes : Buffer.concat([...pieces, whole.subarray(done)]);
}

type Span = { start: number; end: number; map: (start: number, end: number) => string };

function spansOf(places: readonly number[], map: Span['map']): Span[] {
  const spans: Span[] = [];
  for (let index = 0; index < places.length; index += 2)
    spans.push({ start: places[index] ?? 0, end: places[index + 1] ?? 0, map });
  return spans;
}

/** Names of members that become equal are told apart by a number, in the whole answer: what its objects are is not known here. */
type Names = (text: string, masked: string) => string;

const mostNames = 10_000;

function createNames(): Names {
  const numbers = new Map<string, number>();
  return (text, masked) => {
    if (masked === text) return text;
    const number = (numbers.get(masked) ?? 0) + 1;
    if (numbers.size >= mostNames) numbers.clear();
    numbers.set(masked, number);
    return number === 1 ? masked : `${masked} ${number}`;
  };
}

/** One text, masked in the same way: for what is no row. */
export function maskText(text: string, { unmask }: MaskOptions): { text: string; findings: Finding[] } {
  const counter = createCounter(unmask);
  return { text: counter.mask(text), findings: counter.findings() };
}

/** What detectors recognise in one text, class by class, for counting: `whole` where it is all that the text holds. */
export function recognise(text: string): readonly { class: DetectedClass; whole: boolean }[] {
  const letters = text.replace(/\s+/g, '').length;
  return detect(text).map((span) => ({
    class: span.class,
    whole: text.slice(span.start, span.end).replace(/\s+/g, '').length >= letters * 0.8,
  }));
}
