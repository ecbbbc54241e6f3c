import { isMethodOverride } from './header-names.ts';
import { isAmong, isEvents, isJsonLines, readMediaType } from './media-type.ts';
import { unreadable } from './refusal.ts';
import type { Response, Route } from './routes.ts';

export type Pairs = readonly (readonly [name: string, value: string])[];

/** What every service may be sent. */
const harmless = [
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'prefer',
];
/** Parts of a body make sense only where it passes as it is. */
const ofParts = ['range', 'if-range'];

const streams = ['text/event-stream', 'application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** Types that an answer of the operation may have. */
export const typesOf = ({ types, stream }: Response): readonly string[] => (stream ? [...types, ...streams] : types);

export type HeaderRules = {
  route: Route;
  /** What the connection lets through besides. */
  allowed: readonly string[];
  /** The header that holds the credential: never the caller's. */
  injected: string | undefined;
  hasBody: boolean;
  hidesAnything: boolean;
};

/**
 * The caller's headers that are sent on, in alphabetical order: those on the lists, and an `Accept` of what can be masked. Refuses
 * what would make another request of it: another method, a compressed body, or a `Connection` that takes away what was judged.
 */
export function headersFor(given: ReadonlyMap<string, string>, rules: HeaderRules): Pairs {
  refuseTricks(given);
  const { route, allowed, injected, hasBody, hidesAnything } = rules;
  const names = new Set([...harmless, ...allowed, ...(route.response.content === 'bytes' ? ofParts : [])]);
  if (injected !== undefined) names.delete(injected);
  if (hidesAnything) for (const name of ofState(given)) names.delete(name);
  refuseTakenAway(given, names);
  const kept = [...given].filter(([name]) => names.has(name));
  const type = given.get('content-type');
  const sent: [string, string][] = [...kept, ['accept', acceptFor(route.response, given.get('accept'))]];
  if (hasBody && type !== undefined) sent.push(['content-type', type]);
  return sent.map(plain).sort(([a], [b]) => (a < b ? -1 : 1));
}

function refuseTricks(given: ReadonlyMap<string, string>) {
  const override = [...given.keys()].find(isMethodOverride);
  if (override !== undefined)
    throw refused(`${override} would make it a request of another method; send that method itself`);
  const coding = given.get('content-encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw refused('its body is compressed; send it as it is');
}

/** A `Connection` may name what belongs to it alone, and nothing that was judged (RFC 9110, 7.6.1). */
function refuseTakenAway(given: ReadonlyMap<string, string>, names: ReadonlySet<string>) {
  const listed = (given.get('connection') ?? '').toLowerCase().split(/[ \t]*,[ \t]*/);
  const taken = listed.find((name) => names.has(name) || /^(content-|accept|authorization|host$)/.test(name));
  if (taken !== undefined) throw refused(`its Connection takes ${taken} away, which was meant for the service`);
}

/**
 * A tag of what is hidden would let its reader try values until one fits. A change that hangs on such a tag is refused, as it would
 * be made without it.
 */
function ofState(given: ReadonlyMap<string, string>): readonly string[] {
  if ((given.get('if-match') ?? '*') !== '*')
    throw refused('If-Match speaks of an answer in which something is masked; leave it out');
  return ['if-none-match'];
}

/** Of what the caller takes, what can be masked; all that can be where that is nothing. */
function acceptFor(response: Response, accept: string | undefined): string {
  const known = typesOf(response);
  const wanted = (accept ?? '')
    .split(',')
    .map((range) => readMediaType(range.trim())?.type)
    .filter((type) => type !== undefined && !type.includes('*') && isAmong(type, known));
  const named = known.filter((type) => !type.includes('*'));
  const usual = named.filter((type) => !isEvents(type) && !isJsonLines(type));
  return (wanted.length > 0 ? wanted : usual.length > 0 ? usual : named).join(', ') || '*/*';
}

function plain([name, value]: readonly [string, string]): readonly [string, string] {
  if (/^[\t\x20-\x7e]*$/.test(value)) return [name, value];
  throw refused(`its header ${name} holds more than plain ASCII`);
}

const refused = (detail: string) => unreadable('header', `The request is not sent on: ${detail}.`);
