import { unreadable } from './refusal.ts';

/** A pair of a query; without a value where there is no `=`. */
export type Pair = readonly [name: string, value: string | undefined];

/** What a request is aimed at, decoded once: what is judged, and what is written anew for the service. */
export type Aim = { segments: readonly string[]; query: readonly Pair[] };

/** Pairs of a query at most. */
const MOST_PAIRS = 200;

/** As RFC 3986 lets a segment be written, but for `;`, which some servers cut a segment at. */
const segmentText = /^(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})*$/;

/** What no segment may hold once it is decoded: what another reader could split, end or decode it at, and what nobody sees. */
const unsafe = /[/\\%;?#\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Reads a path in origin form as strictly as it can be read, so that every server behind reads the same: each segment is decoded
 * once, as UTF-8. Refuses (`operation-unreadable`) empty segments but the last, dots, what is still encoded after one decoding,
 * slashes, backslashes, `;`, `?`, `#` and control characters in a segment however they are written, look-alikes of these that
 * Unicode folds to them (NFKC), and fragments.
 */
export function readPath(raw: string): Aim {
  if (raw.includes('#')) throw refused('a path has no fragment; leave out what begins with #');
  const mark = raw.indexOf('?');
  const path = mark < 0 ? raw : raw.slice(0, mark);
  if (!path.startsWith('/')) throw refused('a path begins with a slash');
  const segments = path.slice(1).split('/');
  return {
    segments: segments.map((segment, index) => readSegment(segment, index === segments.length - 1)),
    query: mark < 0 ? [] : readQuery(raw.slice(mark + 1)),
  };
}

function readSegment(raw: string, isLast: boolean): string {
  if (raw === '' && !isLast) throw refused('a path has no empty segments; write one slash');
  if (!segmentText.test(raw))
    throw refused('a segment of the path holds what no path may hold; percent-encode it as UTF-8');
  const segment = decoded(raw);
  const folded = segment.normalize('NFKC');
  if (unsafe.test(segment) || unsafe.test(folded)) {
    throw refused(
      'a segment of the path stands for a slash, a backslash, a percent sign, ;, ?, # or an invisible character',
    );
  }
  if (/^\.+$/.test(segment) || /^\.+$/.test(folded)) throw refused('a path has no segments of dots');
  return segment;
}

function readQuery(raw: string): Pair[] {
  const pairs = raw.split('&').filter((pair) => pair !== '');
  if (pairs.length > MOST_PAIRS) throw refused(`a query has at most ${MOST_PAIRS} parameters`);
  return pairs.map((pair) => {
    const sign = pair.indexOf('=');
    const name = readText(sign < 0 ? pair : pair.slice(0, sign));
    if (name === '') throw refused('a parameter of the query has no name');
    return [name, sign < 0 ? undefined : readText(pair.slice(sign + 1))];
  });
}

function readText(raw: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) throw refused('a percent sign in the query stands alone; write %25');
  const text = decoded(raw.replaceAll('+', ' '));
  if (/\p{Cc}/u.test(text)) throw refused('the query holds a control character');
  return text;
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw refused('what is percent-encoded is not UTF-8');
  }
}

/** The path as it is sent on: the same for all ways to write it. */
export function writePath(segments: readonly string[]): string {
  return `/${segments.map((segment) => encode(segment)).join('/')}`;
}

/** The query as it is sent on, with its mark; empty where there is none. */
export function writeQuery(query: readonly Pair[]): string {
  if (query.length === 0) return '';
  return `?${query.map(([name, value]) => (value === undefined ? encode(name, inQuery) : `${encode(name, inQuery)}=${encode(value, inQuery)}`)).join('&')}`;
}

const inPath: Readonly<Record<string, string>> = {
  '%3A': ':',
  '%40': '@',
  '%24': '$',
  '%26': '&',
  '%2B': '+',
  '%2C': ',',
  '%3D': '=',
};
const inQuery: Readonly<Record<string, string>> = { '%3A': ':', '%40': '@', '%2C': ',', '%2F': '/' };

function encode(text: string, plain: Readonly<Record<string, string>> = inPath): string {
  return encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => plain[code] ?? code);
}

const refused = (detail: string) => unreadable('path', `The path cannot be read in one way only: ${detail}.`);
