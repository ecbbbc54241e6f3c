import { unreadable } from './refusal.ts';

/** Names and values in order, decoded. */
export type Query = readonly (readonly [name: string, value: string])[];

/** A path and its query, as they were parsed: the only form in which they are judged, and written anew to be sent. */
export type Address = { segments: readonly string[]; query: Query };

/**
 * Reads a target in origin form (RFC 9112, 3.2.1): each segment is decoded once. Refuses whatever two readers could read differently:
 * empty segments (but for a slash at the end of discovery), `.` and `..`, a slash, backslash, percent or control character in a segment, `;`, a fragment, and what is no
 * percent-encoded UTF-8.
 */
export function readAddress(raw: string): Address {
  if (!raw.startsWith('/')) throw unreadable('path', 'Write the path alone, beginning with a slash.');
  if (/[^\x21-\x7e]|#/.test(raw)) throw unreadable('path', 'Percent-encode spaces, `#` and all that is not ASCII.');
  const mark = raw.indexOf('?');
  const path = withoutSlash(mark < 0 ? raw : raw.slice(0, mark));
  return {
    segments: path === '/' ? [] : path.slice(1).split('/').map(readSegment),
    query: mark < 0 ? [] : readQuery(raw.slice(mark + 1)),
  };
}

/** Where a server tells what it serves, client libraries write a slash at the end, and every server takes both for the same. */
const discovery = /^\/(?:version|api(?:\/[a-z0-9]+)?|apis(?:\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:\/[a-z0-9]+)?)?)\/$/;
const withoutSlash = (path: string) => (discovery.test(path) ? path.slice(0, -1) : path);

/** The same, written in the one way that this gateway writes it. */
export function writeAddress({ segments, query }: Address): string {
  return joined(
    segments,
    query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`),
  );
}

/** For reading alone: values that are not as they were once they went through `seal` stand there as it left them. */
export function sealAddress({ segments, query }: Address, seal: (value: string) => string): string {
  return joined(
    segments,
    query.map(([name, value]) => {
      const sealed = seal(value);
      return `${encoded(name)}=${sealed === value ? encoded(value) : encodeURI(sealed).replace(/%C2%(AB|BB)/g, decodeURI)}`;
    }),
  );
}

function joined(segments: readonly string[], query: readonly string[]): string {
  const path = `/${segments.map(encoded).join('/')}`;
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** The value that counts: a server that is asked for one value takes the first. */
export function firstOf(query: Query, name: string): string | undefined {
  return query.find(([known]) => known === name)?.[1];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const unsafe = /[/\\%;\u0000-\u001f\u007f-\u009f]/;

function readSegment(raw: string): string {
  if (raw === '') throw unreadable('path', 'Write one slash between segments, and none at the end.');
  const segment = decoded(raw, 'path');
  if (segment === '.' || segment === '..') throw unreadable('path', 'Write the path without `.` and `..`.');
  if (unsafe.test(segment))
    throw unreadable(
      'path',
      'No segment of a path may hold a slash, backslash, percent, semicolon or control character.',
    );
  return segment;
}

/** As Go's `url.ParseQuery` reads it, which the API server uses; a semicolon, which older versions took for `&`, is refused. */
function readQuery(raw: string): Query {
  if (raw.includes(';')) throw unreadable('query', 'Write `&` between parameters, and `%3B` for a semicolon.');
  return raw
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
      return [wordOf(name), wordOf(value)] as const;
    });
}

function wordOf(raw: string): string {
  const word = decoded(raw.replaceAll('+', ' '), 'query');
  if (word.includes('\0')) throw unreadable('query', 'No parameter may hold a NUL.');
  return word;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(raw: string, rule: 'path' | 'query'): string {
  if (!raw.includes('%')) return raw;
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) throw unreadable(rule, 'Write `%25` for a percent sign.');
  try {
    return utf8.decode(
      Buffer.from(
        raw.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ),
    );
  } catch {
    throw unreadable(rule, 'Percent-encode text as UTF-8.');
  }
}

/** Everything but unreserved characters (RFC 3986, 2.3) and the colon that names of roles hold. */
function encoded(text: string): string {
  if (/^[\w.~:-]*$/.test(text)) return text;
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}
