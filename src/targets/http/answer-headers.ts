import { maskText } from '../../masking/masking.ts';
import type { Headers } from '../../proxy/proxy.ts';
import { pick } from '../../proxy/proxy.ts';
import type { Echoes } from './echoes.ts';
import { readPath, writePath, writeQuery } from './path.ts';

/** What every answer may say of itself. */
const harmless = [
  'allow',
  'content-language',
  'deprecation',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'sunset',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-request-id',
];
/** They tell one state of a document from another, so of hidden values, too. */
const ofState = ['etag', 'last-modified'];
const ofParts = ['accept-ranges', 'content-range', 'content-disposition'];

export type AnswerHeaderRules = {
  allowed: readonly string[];
  unmask: readonly string[];
  echoes: Echoes;
  hidesAnything: boolean;
  isBytes: boolean;
};

/** The headers of an answer that may leave, without the credential and what detectors recognise. */
export function leaving(headers: Headers, rules: AnswerHeaderRules): [string, string][] {
  const { allowed, unmask, echoes, hidesAnything, isBytes } = rules;
  const names = new Set([...harmless, ...(hidesAnything ? [] : ofState), ...(isBytes ? ofParts : []), ...allowed]);
  if (hidesAnything) for (const name of ofState) names.delete(name);
  return pick(headers, names)
    .filter(([, value]) => /^[\t\x20-\x7e]*$/.test(value))
    .map(([name, value]) => [name, maskText(echoes.strip(value), { unmask }).text]);
}

export type Whereabouts = Pick<AnswerHeaderRules, 'echoes' | 'unmask'> & {
  origin: URL;
  basePath: readonly string[];
  connection: string;
  path: string;
};

/**
 * Where a `Location` leads, as a path of this gateway: only within the connection, and only to a path that a caller could ask for. Undefined
 * for anything else, which nobody is told, and where it holds what nobody may see.
 */
export function locationWithin(
  headers: Headers,
  { origin, basePath, connection, path, echoes, unmask }: Whereabouts,
): string | undefined {
  const given = headers.filter(([name]) => name === 'location').map(([, value]) => value);
  const [location] = given;
  if (location === undefined || given.length > 1 || !/^[\x21-\x7e]+$/.test(location) || location.includes('\\'))
    return undefined;
  const url = URL.parse(location, new URL(path, origin).href);
  if (url === null || url.origin !== origin.origin || url.username !== '' || url.password !== '') return undefined;
  try {
    const { segments, query } = readPath(url.pathname + url.search);
    if (!basePath.every((segment, index) => segments[index] === segment)) return undefined;
    const within = `/http/${connection}${writePath(segments.slice(basePath.length))}${writeQuery(query)}`;
    return echoes.strip(maskText(within, { unmask }).text) === within ? within : undefined;
  } catch {
    return undefined;
  }
}
