import type { IncomingHttpHeaders } from 'node:http';

/** Headers by lower-case name; one that stands there several times is there several times. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** What belongs to one connection and never to the next (RFC 9110, 7.6.1), with what older software still sends. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Those of the named headers that are there; none that belongs to the connection, also by the connection's own word. */
export function pick(headers: Headers, allowed: ReadonlySet<string>): Headers {
  const own = headers
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  return headers.filter(([name]) => allowed.has(name) && !hopByHop.has(name) && !own.includes(name));
}

export function pairsOf(headers: IncomingHttpHeaders): Headers {
  return Object.entries(headers).flatMap(([name, value = []]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name.toLowerCase(), one] as const),
  );
}
