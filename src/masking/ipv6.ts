import type { Span } from './classes.ts';

/** Clocks have two colons. */
const gate = /::|:[0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}:/i;
const candidate = /(?<![\w:.])[0-9a-f:][0-9a-f:.]{2,}/gi;
const longest = 46;
const dottedQuad = /^\d{1,3}(\.\d{1,3}){3}$/;

/** IPv6 addresses (RFC 4291). Short ones such as `::1` and words such as `dead::beef` are none here: they are code more often. */
export function findIpv6(text: string, found: Span[]) {
  if (!gate.test(text)) return;
  for (const { index, 0: run } of text.matchAll(candidate)) {
    if (run.length > longest || /\w/.test(text.charAt(index + run.length))) continue;
    const address = run.replace(/(?<!:):$|\.$/, '');
    if (isAddress(address)) found.push({ class: 'IP_ADDRESS', start: index, end: index + address.length });
  }
}

/** Eight groups, or fewer where `::` stands for the rest, at most once; the last two may be written as a dotted quad. */
function isAddress(address: string): boolean {
  const halves = address.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const isQuad = dottedQuad.test(groups.at(-1) ?? '');
  const hex = isQuad ? groups.slice(0, -1) : groups;
  const count = hex.length + (isQuad ? 2 : 0);
  const isFull = halves.length === 1 ? count === 8 : halves.length === 2 && count >= 2 && count < 8;
  return isFull && /\d/.test(address) && hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
}
