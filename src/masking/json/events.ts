import { isUtf8 } from 'node:buffer';
import type { Piece } from '../../model/result.ts';
import type { Reader } from './reader.ts';
import { createHeld, joined, type Passing, shifted } from './streams.ts';
import { malformed } from './syntax.ts';

/**
 * Server-sent events (WHATWG HTML, 9.2), each leaving as soon as its empty line has come. What an event says is JSON, or else text, which the
 * detectors look through. What begins like an object or list must be JSON, or it is refused; `[DONE]` is a word.
 */
export function events(createReader: () => Reader): Passing {
  const held = createHeld();

  return {
    push(bytes) {
      held.add(bytes);
      const all = held.take();
      const end = endOfEvents(all);
      held.add(all.subarray(end));
      return end === 0 ? undefined : read(all.subarray(0, end), createReader);
    },
    end: () => (held.size === 0 ? undefined : read(held.take(), createReader)),
  };
}

const carriage = 0x0d;
const newline = 0x0a;

/** The index after the last empty line. A carriage return at the very end may be half of a line's end. */
function endOfEvents(bytes: Buffer): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    const byte = bytes[at];
    if (byte === newline) {
      const before = bytes[at - 1] === carriage ? at - 2 : at - 1;
      if (bytes[before] === newline || bytes[before] === carriage) return at + 1;
    } else if (byte === carriage && at + 1 < bytes.length) {
      if (bytes[at - 1] === carriage || bytes[at - 1] === newline) return bytes[at + 1] === newline ? at + 2 : at + 1;
    }
  }
  return 0;
}

type Line = { start: number /** Where what it says begins. */; from: number; end: number; data: boolean };

/** Whole events. */
function read(bytes: Buffer, createReader: () => Reader): Piece | undefined {
  if (!isUtf8(bytes)) throw malformed();
  const pieces: Piece[] = [];
  let event: Line[] = [];
  let at = 0;
  const flush = () => {
    if (event.length > 0) pieces.push(...eventOf(bytes, event, createReader));
    event = [];
  };
  while (at < bytes.length) {
    const end = endOfLine(bytes, at);
    const stop = afterEnd(bytes, end);
    if (end === at) {
      flush();
      pieces.push({ bytes: bytes.subarray(at, stop) });
    } else event.push(lineOf(bytes, at, end));
    at = stop;
  }
  flush();
  return joined(pieces);
}

function endOfLine(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== newline && bytes[at] !== carriage) at++;
  return at;
}

const afterEnd = (bytes: Buffer, end: number) =>
  Math.min(bytes.length, bytes[end] === carriage && bytes[end + 1] === newline ? end + 2 : end + 1);

function lineOf(bytes: Buffer, at: number, end: number): Line {
  // A byte order mark may stand before the first line.
  const start = bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf ? at + 3 : at;
  const field = bytes.toString('latin1', start, Math.min(end, start + 6));
  if (!field.startsWith('data:')) return { start: at, from: at, end, data: false };
  return { start: at, from: start + (field === 'data: ' ? 6 : 5), end, data: true };
}

/** The lines of one event, each with its end. Only where its JSON goes over several lines are these made anew. */
function eventOf(bytes: Buffer, lines: readonly Line[], createReader: () => Reader): Piece[] {
  const said = lines.filter(({ data }) => data);
  const [only] = said;
  const ended = (line: Line) => bytes.subarray(line.end, afterEnd(bytes, line.end));
  const plain = (line: Line): Piece => plainPiece(bytes.subarray(line.start, afterEnd(bytes, line.end)));
  const isJson =
    only !== undefined && looksLikeJson(Buffer.concat(said.map(({ from, end }) => bytes.subarray(from, end))));
  if (!isJson) return lines.map(plain);
  if (said.length === 1) {
    return lines.map((line) => {
      if (line !== only) return plain(line);
      const { piece } = createReader().read(bytes.subarray(line.from, line.end), true);
      return joined([shifted(bytes.subarray(line.start, line.from), piece), { bytes: ended(line) }]) ?? piece;
    });
  }
  const document = Buffer.concat(said.flatMap(({ from, end }) => [bytes.subarray(from, end), Buffer.from('\n')]));
  const { piece } = createReader().read(document, true);
  const others = lines.filter(({ data }) => !data).map(plain);
  return [...others, ...dataLines(piece, ended(only))];
}

/** Between the tokens of JSON alone there may be line ends, so none of them cuts a text. */
function dataLines({ bytes, texts = [] }: Piece, end: Buffer): Piece[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Piece[] = [];
  for (let at = 0; at < all.length; ) {
    const stop = all.indexOf(newline, at);
    const within = texts.filter((place) => place >= at && place <= stop).map((place) => place - at);
    const line = shifted(Buffer.from('data: '), { bytes: all.subarray(at, stop), texts: within });
    pieces.push(line, { bytes: end });
    at = stop + 1;
  }
  return pieces;
}

/** An object or a list, or a text between quotes; other values hold nothing that a path could name or an escape could hide. */
function looksLikeJson(said: Buffer): boolean {
  const first = said.toString('latin1', 0, 64).trimStart();
  if (first.startsWith('{')) return true;
  if (first.startsWith('[')) return !/^\[[A-Z_]+\]\s*$/.test(first);
  return first.startsWith('"') && isJson(said.toString());
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function plainPiece(bytes: Buffer): Piece {
  return { bytes, plain: [0, bytes.length] };
}
