import { Problem } from './problem.ts';
import type { StructureQuery } from './structure.ts';

/** Names that are looked at for one page: whether somebody may know of one takes time, and others wait. */
const mostLookedAt = 1000;

/**
 * The names that fit and are visible, as many as asked for, after those the token tells of. `names` are in order. There may be
 * more where a `next` is given, which is of use for nothing but the next page.
 */
export function pageOf(
  names: readonly string[],
  { table, match, page_size, page_token }: StructureQuery,
  isVisible: (name: string) => boolean,
): { page: string[]; next?: string } {
  const start = page_token === undefined ? 0 : firstAfter(names, nameIn(page_token));
  const fits = match === undefined ? () => true : fitting(match);
  const page: string[] = [];
  let lookedAt = 0;
  for (const name of table === undefined ? names.slice(start) : names.includes(table) ? [table] : []) {
    if (!fits(name)) continue;
    if (page.length === page_size || lookedAt === mostLookedAt) return { page, next: tokenFor(before(names, name)) };
    lookedAt += 1;
    if (isVisible(name)) page.push(name);
  }
  return { page };
}

const before = (names: readonly string[], name: string) => names[names.indexOf(name) - 1] ?? '';

function firstAfter(names: readonly string[], name: string): number {
  const found = names.findIndex((candidate) => candidate > name);
  return found < 0 ? names.length : found;
}

const tokenFor = (name: string) => Buffer.from(`after ${name}`).toString('base64url');

function nameIn(token: string): string {
  const [, name] = /^after (.*)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (name !== undefined && tokenFor(name) === token) return name;
  throw new Problem('bad-request', { detail: 'page_token is not one that this service gave.' });
}

/** Each part as early as possible leaves the most room for those after it, so no pattern is slow. */
function fitting(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === pattern;
  return (name) => {
    const end = name.length - last.length;
    if (first.length > end || !name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
