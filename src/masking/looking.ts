import { isUtf8 } from 'node:buffer';
import { assignedIn, mayAssign } from './assignments.ts';
import { readBytes } from './bytes-text.ts';
import type { Span } from './classes.ts';
import { detect } from './detect.ts';
import { isNotableText } from './notable.ts';
import { mayOpen } from './opening.ts';
import { hasControls, isFull, readVisible, type View } from './visible.ts';

/** Whether nothing in these lines is a value, nor part of one that is lines long. */
export function isPlain(lines: Buffer, assignments: boolean): boolean {
  if (mayOpen(lines)) return false;
  if (assignments && mayAssign(lines.toString('latin1'))) return false;
  if (!isNotableText(lines, 0, lines.length)) return true;
  const text = lines.toString();
  return !hasControls(text) && detect(text).length === 0;
}

/** What was seen in some bytes. Places are offsets among them. */
export type Look = {
  bytes: Buffer;
  /** In order, without overlaps. */
  spans: readonly { class: string; from: number; to: number }[];
  /** Control sequences, in order. */
  sequences: readonly { from: number; to: number }[];
  /** Where the end begins that may still change, told by what a reader sees; a sequence that has not ended is part of it. */
  tail(start: (text: string) => number): number;
};

export type Masks = {
  /** Classes that stay in the clear. */
  exempt: ReadonlySet<string>;
  /** Told of each value that is masked. */
  found: (className: string) => void;
  /** What stands for a value is as long as it. */
  keepLength?: boolean;
};

/** No text: UTF-8 without NUL. */
export const isBinary = (bytes: Buffer): boolean => bytes.includes(0) || !isUtf8(bytes);

/** `columns`: of the terminal that the text is read at. `assignments`: what is given to the name of a secret is one, whatever it looks like. */
export type Sight = { columns: number | undefined; assignments: boolean };

/** Finds values in bytes as a reader of the text would, and as one at a terminal of that width. */
export function lookAt(bytes: Buffer, { columns, assignments }: Sight): Look {
  const { text, valid, offsetOf } = readBytes(bytes);
  const isRead = (valid && hasControls(text)) || (columns !== undefined && mayWrap(text, columns));
  const views = isRead ? readVisible(text, columns) : undefined;
  const find = (from: string) => (isBinary(bytes) ? findAmong(from, assignments) : findIn(from, assignments));
  const found = views === undefined ? find(text) : views.all.flatMap((view) => find(view.text).map(inOriginal(view)));
  const { sequences = [], open = text.length, tail = { text, starts: undefined } } = views ?? {};
  return {
    bytes,
    spans: merged(found).map(({ class: name, start, end }) => ({
      class: name,
      from: offsetOf(start),
      to: offsetOf(end),
    })),
    sequences: pairs(sequences).map(([from, to]) => ({ from: offsetOf(from), to: offsetOf(to) })),
    tail(start) {
      const index = start(tail.text);
      if (index >= tail.text.length) return offsetOf(open);
      return offsetOf(Math.min(open, tail.starts === undefined ? index : (tail.starts[index] ?? open)));
    },
  };
}

/** There is the end of a line within, or one that is as wide as the terminal ends here. */
function mayWrap(text: string, columns: number): boolean {
  const newline = text.indexOf('\n');
  if (newline !== -1 && newline < text.length - 1) return true;
  const width = text.length - (text.endsWith('\r\n') ? 2 : 1);
  return (newline !== -1 || text.endsWith(' ')) && isFull(width, columns);
}

/** What is given to the name of a secret. */
const CREDENTIAL = 'CREDENTIAL';

type Found = Omit<Span, 'class'> & { class: string };

const accountType = /"type"\s*:\s*"service_account"/;

function findIn(text: string, assignments: boolean): readonly Found[] {
  const detected = findDetected(text);
  if (!assignments) return detected;
  return [...detected, ...assignedIn(text).map((span) => ({ ...span, class: CREDENTIAL }))];
}

/**
 * Of a key file that is lines long, those behind its type are one value: what is before may have left. In one line it is a value from
 * brace to brace.
 */
function findDetected(text: string): readonly Span[] {
  const found = detect(text);
  const type = text.search(accountType);
  const start = type === -1 ? 0 : text.indexOf('\n', type) + 1;
  if (start === 0) return found;
  const close = text.indexOf('}', start);
  const end = close === -1 ? text.length : close + 1;
  const others = found.filter(({ class: name }) => name !== 'GCP_CREDENTIALS');
  if (!text.slice(start, end).includes('"private_key"')) return others;
  return [...others, { class: 'GCP_CREDENTIALS', start, end }];
}

const inOriginal =
  ({ starts, ends }: View) =>
  (span: Found): Found => ({ ...span, start: starts[span.start] ?? 0, end: ends[span.end - 1] ?? 0 });

/** Texts of some length among other bytes. */
const texts = /[\t\n\r\x20-\x7e\xa0-\ufffc]{12,}/g;

/** Of what is no text, an archive say, the texts in it are looked at: in other bytes anything could be found, and they must stay what they are. */
function findAmong(text: string, assignments: boolean): readonly Found[] {
  return [...text.matchAll(texts)].flatMap(({ 0: within, index }) =>
    findIn(within, assignments).map((span) => ({ ...span, start: span.start + index, end: span.end + index })),
  );
}

/** What overlaps is one, by the name of the first. */
function merged(spans: readonly Found[]): readonly Found[] {
  if (spans.length < 2) return spans;
  const all: Found[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const previous = all.at(-1);
    if (previous === undefined || span.start >= previous.end) all.push({ ...span });
    else previous.end = Math.max(previous.end, span.end);
  }
  return all;
}

const pairs = (numbers: readonly number[]): [number, number][] =>
  Array.from({ length: numbers.length / 2 }, (_, index) => [numbers[2 * index] ?? 0, numbers[2 * index + 1] ?? 0]);

/** The bytes between these places, masked. A value that began before counts as its rest, and sequences within one come after it. */
export function writeMasked({ bytes, spans, sequences }: Look, from: number, end: number, masks: Masks): Buffer {
  const pieces: Buffer[] = [];
  let done = from;
  for (const span of spans) {
    if (span.to <= done || span.from >= end || masks.exempt.has(span.class)) continue;
    const start = Math.max(span.from, done);
    masks.found(span.class);
    pieces.push(bytes.subarray(done, start), standIn(span.class, masks.keepLength ? span.to - start : undefined));
    for (const one of sequences)
      if (one.from >= start && one.to <= span.to) pieces.push(bytes.subarray(one.from, one.to));
    done = span.to;
  }
  if (pieces.length === 0) return bytes.subarray(from, end);
  return Buffer.concat([...pieces, bytes.subarray(done, Math.max(done, end))]);
}

function standIn(name: string, length: number | undefined): Buffer {
  const text = `[${name}]`;
  return Buffer.from(length === undefined ? text : text.slice(0, length).padEnd(length, '*'));
}
