import { endOfCharacters } from './bytes-text.ts';
import { isBinary, isPlain, type Look, lookAt, type Masks, writeMasked } from './looking.ts';
import { createOpening } from './opening.ts';
import { createOutput } from './output.ts';
import { assignedStart, tailStart } from './tail.ts';
import { hasControls, isFull, readVisible } from './visible.ts';
import { widthOfText } from './width.ts';

export type StreamOptions = Pick<Masks, 'exempt' | 'found'> & {
  /** Somebody waits for the text: it leaves as soon as its end cannot become a value. Else only whole lines leave. */
  terminal?: { columns: () => number | undefined };
  /** What a program prints: what it gives to the name of a secret is one (`password=…`), whatever it looks like. */
  assignments?: boolean;
};

/** `leave` goes to the reader, `keep` into the recording; they differ only in what was released before. */
export type Masked = { leave: Buffer; keep: Buffer };

export type MaskStream = {
  push(bytes: Uint8Array): Masked;
  /** Nothing more comes. */
  end(): Masked;
  /** Whether anything is held that was not released. */
  holds(): boolean;
  /** Lets what is held leave, as its reader knows it already. It is still masked where it is kept. */
  release(): Buffer;
};

/** Bytes that are held at most, and how many of them stay when there are more. */
const most = 64 * 1024;
const overlap = 16 * 1024;
/** Bytes before what is held that are still looked at, and how many there may be before they are cut. */
const context = 1024;
const mostContext = 4096;

/** Bytes of lines that are looked at together. */
const some = 8 * 1024;

const newline = 0x0a;

/**
 * Masks text that comes in pieces, whatever the pieces: what detectors recognise in a line, or in lines that belong together, becomes
 * `[CLASS]`, and every other byte stays what it is. Holds 64 KiB at most: of a line that is longer the parts overlap by 16 KiB, and a
 * value that is longer than that goes to its end.
 */
export function createMaskStream({ exempt, found, terminal, assignments = false }: StreamOptions): MaskStream {
  const opening = createOpening();
  /** From the beginning of a line, or of those that belong together, or of what still matters of them. */
  let buffer: Buffer = Buffer.alloc(0);
  /** How much of it has left; how much was released besides; where its last line begins. */
  let left = 0;
  let early = 0;
  let last = 0;
  let swallowing = false;
  /** Something came that is no text: what is masked keeps its length then, as an archive tells how long each file is. */
  let binary = false;
  let leave = createOutput();
  let keep = createOutput();

  function push(bytes: Uint8Array): Masked {
    const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let data = swallowing ? swallow(given) : given;
    if (buffer.length > 0) data = endLine(data);
    if (buffer.length === 0) data = passPlain(data);
    hold(data);
    if (terminal !== undefined && buffer.length > left) takePart();
    return take();
  }

  function hold(data: Buffer) {
    if (data.length === 0) return;
    buffer = buffer.length === 0 ? Buffer.from(data) : Buffer.concat([buffer, data]);
    takeLines();
  }

  /** The line that is held is looked at by itself, so that what follows may pass unread. */
  function endLine(data: Buffer): Buffer {
    const end = data.indexOf(newline) + 1;
    hold(data.subarray(0, end));
    return data.subarray(end);
  }

  /** Whole lines that hold nothing pass as they are, some at a time: most there are. What holds something is looked at line by line. */
  function passPlain(bytes: Buffer): Buffer {
    const end = bytes.lastIndexOf(newline) + 1;
    let done = 0;
    while (done < end) {
      const next = done + some >= end ? end : bytes.lastIndexOf(newline, done + some) + 1;
      const lines = bytes.subarray(done, next);
      if (next <= done) return bytes.subarray(done);
      if (!isPlain(lines, assignments) || mayWrapIn(lines)) {
        hold(lines);
        if (buffer.length > 0) return bytes.subarray(next);
      } else pass(lines);
      done = next;
    }
    return bytes.subarray(end);
  }

  /** Values may go on from line to line where one is as wide as the terminal. */
  function mayWrapIn(lines: Buffer): boolean {
    const columns = terminal?.columns();
    if (columns === undefined) return false;
    for (let from = 0; from < lines.length; ) {
      const end = lines.indexOf(newline, from) + 1 || lines.length;
      if (end - from > columns) return true;
      from = end;
    }
    return false;
  }

  function pass(bytes: Buffer) {
    binary ||= isBinary(bytes);
    leave.add(bytes);
    keep.add(bytes);
  }

  function takeLines() {
    for (;;) {
      const at = buffer.indexOf(newline, Math.max(last, left));
      const end = at === -1 ? buffer.length : at + 1;
      if (end - left > most) force();
      else if (at === -1) return;
      else {
        const line = buffer.subarray(last, end);
        last = end;
        if (!opening.goesOn(line) && !isWrapped(line)) finish(end);
      }
    }
  }

  /** A line as wide as the terminal: a value may go on in the next. */
  function isWrapped(line: Buffer): boolean {
    const columns = terminal?.columns();
    if (columns === undefined || line.length <= columns) return false;
    const text = line.toString().replace(/\r?\n$/, '');
    return isFull(widthOfText(hasControls(text) ? readVisible(text, undefined).tail.text : text), columns);
  }

  /** What belongs together ends there. */
  function finish(end: number) {
    const lines = buffer.subarray(0, end);
    if (left + early === 0 && lines.indexOf(newline) === end - 1 && isPlain(lines, assignments)) pass(lines);
    else emit(look(lines), end);
    cut(end);
    left = 0;
    last = 0;
  }

  const look = (bytes: Buffer): Look => {
    binary ||= isBinary(bytes);
    return lookAt(bytes, { columns: terminal?.columns(), assignments });
  };

  const tailOf = (text: string) => (assignments ? Math.min(tailStart(text), assignedStart(text)) : tailStart(text));

  function emit(seen: Look, end: number) {
    const masks: Masks = { exempt, found, keepLength: binary };
    const from = Math.max(left, early);
    const masked = writeMasked(seen, left, end, masks);
    keep.add(masked);
    leave.add(from === left ? masked : writeMasked(seen, Math.min(from, end), end, { ...masks, found: () => {} }));
    left = end;
  }

  function cut(bytes: number) {
    buffer = buffer.subarray(bytes);
    left = Math.max(0, left - bytes);
    early = Math.max(0, early - bytes);
    last = Math.max(0, last - bytes);
  }

  function forget() {
    if (left > mostContext) cut(left - context);
  }

  /** What the end cannot change any more leaves. */
  function takePart() {
    if (opening.isOpen() && !isPrompt(buffer.subarray(last))) return;
    if (opening.isOpen()) {
      opening.close();
      finish(last);
    }
    const bytes = buffer.subarray(0, endOfCharacters(buffer));
    const seen = look(bytes);
    const start = before(seen, seen.tail(tailOf));
    if (start <= left) return;
    emit(seen, start);
    forget();
  }

  /** Too much is held: its beginning leaves. */
  function force() {
    const window = buffer.subarray(0, left + most);
    const bytes = window.subarray(0, Math.max(left + 1, endOfCharacters(window)));
    const seen = look(bytes);
    const kept = Math.max(seen.tail(tailOf), left + most - overlap);
    const whole = before(seen, kept);
    opening.close();
    swallowing = whole <= left;
    emit(seen, swallowing ? bytes.length : whole);
    if (!swallowing) return forget();
    const rest = swallow(buffer.subarray(bytes.length));
    buffer = rest;
    [left, early, last] = [0, 0, 0];
  }

  /** That place, or the beginning of the value that it is within or that ends there: there it may go on. */
  function before({ spans }: Look, place: number): number {
    const within = spans.find(({ from, to }) => from < place && to >= place);
    return within === undefined ? place : within.from;
  }

  function swallow(bytes: Buffer): Buffer {
    const at = bytes.findIndex(endsRun);
    if (at === -1) return bytes.subarray(bytes.length);
    swallowing = false;
    return bytes.subarray(at);
  }

  function take(): Masked {
    const taken = { leave: leave.take(), keep: keep.take() };
    leave = createOutput();
    keep = createOutput();
    return taken;
  }

  return {
    push,
    end() {
      if (buffer.length > left) emit(look(buffer), buffer.length);
      cut(buffer.length);
      opening.close();
      swallowing = false;
      return take();
    },
    holds: () => Math.max(left, early) < buffer.length,
    release() {
      const released = Buffer.from(buffer.subarray(Math.max(left, early)));
      early = buffer.length;
      return released;
    },
  };
}

/** White space, quotes, brackets and commas end a token. */
const gaps = new Set(Array.from(' \t\r\n"\'`,;<>(){}[]', (mark) => mark.charCodeAt(0)));
const endsRun = (byte: number) => gaps.has(byte);

/** The last line of a terminal where a shell waits, so that no key goes on there. A `#` alone may lead a line of one. */
function isPrompt(line: Buffer): boolean {
  const text = readVisible(line.toString(), undefined).tail.text;
  return /(?:\$|[\w~/)\]] ?#) $/.test(text) && !/[A-Za-z0-9+/=]{16}/.test(text);
}
