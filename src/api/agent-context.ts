import type { Trace } from '../model/call.ts';
import type { AgentClaims } from '../model/identity.ts';
import { Problem } from '../model/problem.ts';

/** The keys of OpenTelemetry's GenAI semantic conventions that say who asked the model, and which model. */
export const agentKeys = {
  'gen_ai.agent.name': 'name',
  'gen_ai.agent.version': 'version',
  'gen_ai.request.model': 'model',
  'gen_ai.conversation.id': 'conversation',
} as const satisfies Record<string, keyof AgentClaims>;

const fieldsOfKeys = Object.entries(agentKeys) as [keyof typeof agentKeys, keyof AgentClaims][];

const MOST_CHARACTERS = 200;
const MOST_REASON = 1000;

/** Self-reported agent context: W3C `baggage`, and over it the same keys of the body's `agent`. */
export function readAgent(
  headers: Headers,
  body: Partial<Record<keyof typeof agentKeys, string | undefined>> = {},
): AgentClaims {
  const baggage = headers.get('baggage');
  const told = baggage === null ? undefined : readBaggage(baggage);
  const agent: AgentClaims = {};
  for (const [key, field] of fieldsOfKeys) {
    const value = body[key] ?? told?.[key];
    if (value !== undefined) agent[field] = value.slice(0, MOST_CHARACTERS).toWellFormed();
  }
  return agent;
}

/** W3C Baggage: `key=value;properties, …`, percent-encoded. A member that is not well formed is passed over, as the standard says. */
function readBaggage(header: string): Partial<Record<keyof typeof agentKeys, string>> {
  const known: Partial<Record<keyof typeof agentKeys, string>> = {};
  for (const member of header.slice(0, 8192).split(',')) {
    const [pair = ''] = member.split(';');
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals).trim();
    if (equals > 0 && isAgentKey(key)) known[key] = percentDecode(pair.slice(equals + 1).trim());
  }
  return known;
}

function isAgentKey(key: string): key is keyof typeof agentKeys {
  return Object.hasOwn(agentKeys, key);
}

/** The value as it stands where it is not well-formed percent-encoding. */
function percentDecode(text: string) {
  return /%(?![0-9a-fA-F]{2})/.test(text) ? text : new TextDecoder().decode(Uint8Array.from(bytesOf(text)));
}

function* bytesOf(text: string) {
  for (const part of text.match(/%[0-9a-fA-F]{2}|[^%]+/g) ?? []) {
    if (part.startsWith('%')) yield Number.parseInt(part.slice(1), 16);
    else yield* Buffer.from(part);
  }
}

/** `Sallyport-Session`: letters, digits and `._:-`, at most 128. */
export function readSession(headers: Headers): string | undefined {
  const session = headers.get('sallyport-session') ?? undefined;
  if (session === undefined || /^[\w.:-]{1,128}$/.test(session)) return session;
  throw new Problem('bad-request', {
    detail: 'Sallyport-Session: letters, digits, dot, colon, dash and underscore; at most 128.',
  });
}

export function readReason(headers: Headers, body: string | undefined): string | undefined {
  return (body ?? headers.get('sallyport-reason') ?? undefined)?.slice(0, MOST_REASON).toWellFormed();
}

/** `traceparent` (W3C Trace Context, version 00). What is not well formed is passed over, as the standard says. */
export function readTrace(headers: Headers): Trace | undefined {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(headers.get('traceparent') ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** `Prefer: wait=60` (RFC 7240), seconds, at most `most`. */
export function readWait(headers: Headers, most: number): number {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,5})"?/i.exec(headers.get('prefer') ?? '') ?? [];
  return Math.min(Number(seconds ?? 0), most);
}

const tokenParameters = new Set(['access_token', 'token', 'id_token', 'auth', 'authorization', 'bearer', 'jwt', 'key']);

/**
 * A token in a URL ends in logs along the way: refused whether good or bad (RFC 9700, 4.3.2). `byName`: so are parameters that by their name
 * hold one; not where the URL is another service's, which may mean something else by it.
 */
export function refuseTokenInUrl({ pathname, searchParams }: URL, { byName = true }: { byName?: boolean } = {}) {
  const isNamed = byName && [...searchParams.keys()].some((name) => tokenParameters.has(name.toLowerCase()));
  const isThere = [...searchParams.values(), ...pathname.split(/[/;=]/)].some((text) =>
    /^(bearer\s+)?eyJ[\w-]+\.[\w-]+\./i.test(text),
  );
  if (isNamed || isThere) {
    throw new Problem('token-in-url', {
      detail: 'Send it as: Authorization: Bearer <token>. Treat the token as leaked.',
    });
  }
}

/** The bearer token (RFC 6750), or nothing. Two Authorization headers arrive joined by a comma, which no token holds. */
export function readBearer(headers: Headers): { bearer?: string } {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  return bearer === undefined ? {} : { bearer };
}
