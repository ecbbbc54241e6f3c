import { isIPv6 } from 'node:net';
import type { Span } from './classes.ts';

/** Clocks have two colons. */
const gate = /::|:[0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}:/i;
const candidate = /(?<![\w:.])[0-9a-f:][0-9a-f:.]{2,}/gi;
const longest = 45;

/** IPv6 addresses (RFC 4291). Short ones such as `::1` and words such as `dead::beef` are none here: they are code more often. */
export function findIpv6(text: string, found: Span[]) {
  if (!gate.test(text)) return;
  for (const { index, 0: run } of text.matchAll(candidate)) {
    const address = run.replace(/(?<!:):$|\.$/, '');
    const groups = address.split(':').filter((group) => group !== '');
    if (address.length > longest || groups.length < 2 || !/\d/.test(address)) continue;
    if (/\w/.test(text.charAt(index + run.length)) || !isIPv6(address)) continue;
    found.push({ class: 'IP_ADDRESS', start: index, end: index + address.length });
  }
}
