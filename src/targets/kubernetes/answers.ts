import { maskText } from '../../masking/masking.ts';
import { Problem } from '../../model/problem.ts';
import type { Body, Piece } from '../../model/result.ts';
import { type Headers, pick } from '../../proxy/proxy.ts';

/** What of an answer's headers a caller may see: how it may be kept and read, when to come again, and what the server warns of. */
const passed = new Set([
  'cache-control',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'retry-after',
  'vary',
  'warning',
]);

/** `299 - "text"` (RFC 9110 took it over from RFC 7234, 5.5); the text may quote the object. */
const warning = /^(\d{3}) (\S+) "((?:[^"\\]|\\.)*)"/;

/** Headers that may leave. What a warning says is masked, and went through the detectors. */
export function passedOn(headers: Headers, unmask: readonly string[], mask: (text: string) => string): Headers {
  return pick(headers, passed).flatMap(([name, value]): Headers => {
    if (name !== 'warning') return [[name, value]];
    const [, code, agent, text] = warning.exec(value) ?? [];
    if (text === undefined) return [];
    return [[name, `${code} ${agent} "${maskText(mask(text), { unmask }).text}"`]];
  });
}

export function headerOf(headers: Headers, name: string): string | undefined {
  return headers.find(([known]) => known === name)?.[1];
}

/** The media type without its parameters, in lower case. */
export function typeOf(headers: Headers): string {
  return (headerOf(headers, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Refuses what was packed, as nothing within can be masked. */
export function refusePacked(headers: Headers): void {
  const encoding = headerOf(headers, 'content-encoding');
  if (encoding === undefined || encoding === 'identity') return;
  throw new Problem('target-rejected', { detail: 'The API server packed its answer, though it was not asked to.' });
}

/** An answer that the gateway has in hand as a whole. */
export function wholeBody(status: number, headers: Headers, piece: Piece): Body {
  const pieces = async function* () {
    yield piece;
  };
  return {
    form: 'body',
    status,
    headers,
    content: 'json',
    live: false,
    pieces: pieces(),
    summary: () => ({ truncated: false }),
  };
}

const newline = 0x0a;

/** Pieces up to so many bytes. A document that is longer is refused, as half of one is none. */
export function boundedDocument(pieces: AsyncIterable<Piece>, most: number): AsyncIterable<Piece> {
  let size = 0;
  return mapPieces(pieces, (piece) => {
    size += piece.bytes.byteLength;
    if (size <= most) return piece;
    const detail = `The answer is larger than the ${most} bytes that are allowed: ask for less, or a page at a time (limit=…).`;
    throw new Problem('too-large', { detail });
  });
}

/** Lines up to so many bytes; then it ends, and says so. A line is never cut: half of a value might not be recognised. */
export function boundedLines(pieces: AsyncIterable<Piece>, most: number) {
  let left = most;
  let isCut = false;
  const cut = (piece: Piece): Piece => {
    if (piece.bytes.byteLength <= left) {
      left -= piece.bytes.byteLength;
      return piece;
    }
    isCut = true;
    return firstLines(piece, left);
  };
  return { pieces: mapPieces(pieces, cut, () => isCut), isCut: () => isCut };
}

function firstLines({ bytes, texts }: Piece, most: number): Piece {
  const end = bytes.subarray(0, most).lastIndexOf(newline) + 1;
  return { bytes: bytes.subarray(0, end), ...(texts !== undefined && { texts: texts.filter((at) => at <= end) }) };
}

/** Bytes of a line that are held back while its end has not come; a longer one is cut in two. */
const longestLine = 1024 * 1024;

/** Text in pieces that end with a line, but the last. */
export function wholeLines(source: AsyncIterable<Uint8Array>): AsyncIterable<Piece> {
  let held = Buffer.alloc(0);
  const lines = mapPieces(source, (chunk) => {
    const all = Buffer.concat([held, chunk]);
    const end = all.length > longestLine ? all.length : all.lastIndexOf(newline) + 1;
    held = all.subarray(end);
    return { bytes: all.subarray(0, end) };
  });
  return {
    [Symbol.asyncIterator]() {
      const iterator = lines[Symbol.asyncIterator]();
      return {
        async next() {
          const step = await iterator.next();
          if (step.done !== true || held.length === 0) return step;
          const rest = held;
          held = Buffer.alloc(0);
          return { done: false, value: { bytes: rest } };
        },
        return: () => iterator.return?.() ?? Promise.resolve({ done: true, value: undefined }),
      };
    },
  };
}

/**
 * Each as it is asked for, those without bytes left out, until it is over. No generator: one that was never started would not pass on that
 * its reader has left.
 */
function mapPieces<From>(
  items: AsyncIterable<From>,
  map: (item: From) => Piece,
  isOver = () => false,
): AsyncIterable<Piece> {
  return {
    [Symbol.asyncIterator]() {
      const source = items[Symbol.asyncIterator]();
      const leave = async (): Promise<IteratorResult<Piece>> => {
        await source.return?.();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          while (!isOver()) {
            const step = await source.next();
            if (step.done === true) return { done: true, value: undefined };
            try {
              const piece = map(step.value);
              if (piece.bytes.byteLength > 0) return { done: false, value: piece };
            } catch (thrown) {
              await leave();
              throw thrown;
            }
          }
          return leave();
        },
        return: leave,
      };
    },
  };
}
