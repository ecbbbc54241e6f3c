import { type JsonMask, PathError, type Rule, readPath, ruleOf } from '../../../masking/masking.ts';
import type { Classification, Connection } from '../../../model/connection.ts';
import { Problem } from '../../../model/problem.ts';
import type { RequestInfo } from '../request-info.ts';

/** What a connection's classification says of the objects that a request may be about. */
export type Classified = Pick<Connection, 'classification' | 'transforms'>;

/**
 * The rules of the classified paths, relative to an object. An entry counts for all that it could speak of: one for a single object also for the
 * lists that it may be in. Throws `policy-unavailable` at a path that cannot be read.
 */
export function classifiedRules(
  info: RequestInfo,
  { classification, transforms }: Classified,
  unmask: readonly string[],
) {
  return entriesFor(info, classification).flatMap(([entry, paths]) =>
    [...paths].flatMap(([path, className]): Rule<JsonMask>[] => {
      const steps = readOf(entry, path);
      if (unmask.includes(className)) return [];
      // What is null or cut short could not be told from a value when it is written back.
      const transform = transforms.get(className) === 'token' ? 'token' : 'redact';
      return [ruleOf(steps, { do: 'mask', mask: { path, class: className, transform } })];
    }),
  );
}

function readOf(entry: string, path: string) {
  try {
    return readPath(path);
  } catch (error) {
    if (error instanceof PathError)
      throw new Problem('policy-unavailable', { detail: `The classification of ${entry} is wrong. ${error.message}` });
    throw error;
  }
}

function entriesFor(info: RequestInfo, classification: Classification) {
  return [...classification].filter(([entry]) => speaksOf(entry, info)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `Secret`, `Widget.example.com`, or `<namespace>/<resource>[.<group>]/<name>` with `*` for any part of a name. */
function speaksOf(entry: string, info: RequestInfo): boolean {
  const parts = entry.split('/');
  if (parts.length === 1) return isKind(entry, info);
  const [namespace = '*', resource = '*', name = '*'] = parts;
  const own = info.group === '' ? info.resource : `${info.resource}.${info.group}`;
  const mayBe = (pattern: string, given: string) => given === '' || globbed(pattern).test(given);
  return (
    globbed(resource).test(own) &&
    mayBe(namespace, info.namespace || (info.name === '' ? '' : '_')) &&
    mayBe(name, info.name)
  );
}

const globbed = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[^\w]/g, '\\$&'))
      .join('.*')}$`,
  );

/** A kind's resource is its plural in lower case; kinds with another plural are named by their resource. */
function isKind(entry: string, { group, resource }: RequestInfo): boolean {
  const [kind = '', ...rest] = entry.toLowerCase().split('.');
  if (rest.length > 0 && rest.join('.') !== group) return false;
  if (kind.includes('*')) return globbed(kind).test(resource);
  return [kind, `${kind}s`, `${kind}es`, kind.replace(/y$/, 'ies')].includes(resource);
}
