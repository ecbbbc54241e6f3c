import type { Pair } from './path.ts';
import { unreadable } from './refusal.ts';
import type { Route } from './routes.ts';

/** Names by which some servers take a request for one of another method. */
const overrides = /^_?(x-http-)?method(-override)?$/i;

/** Refuses what of the query the operation does not take. */
export function refuseQuery(query: readonly Pair[], { name, query: allowed }: Route): void {
  if (allowed === '*') {
    if (!query.some(([given]) => overrides.test(given))) return;
    throw unreadable('query', 'The query would make it a request of another method; send that method itself.');
  }
  const isTaken = (given: string) => allowed.some((one) => fits(one, given));
  if (query.every(([given]) => isTaken(given))) return;
  const list = allowed.length === 0 ? 'takes none' : `takes ${allowed.join(', ')}`;
  throw unreadable('query', `The query has a parameter that ${name} does not take; it ${list}.`);
}

/** `filter[*]` stands for `filter` with anything in brackets. */
function fits(allowed: string, given: string): boolean {
  if (!allowed.endsWith('[*]')) return allowed === given;
  const stem = allowed.slice(0, -2);
  return given.startsWith(stem) && given.endsWith(']');
}
