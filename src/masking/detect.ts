import type { Span } from './classes.ts';
import { findEmails } from './emails.ts';
import { fold } from './folding.ts';
import { findIbans } from './ibans.ts';
import { findIpv6 } from './ipv6.ts';
import { hasLongRun } from './long-run.ts';
import { findNumbers } from './numbers.ts';
import { findSecrets } from './secrets.ts';

const nothing: readonly Span[] = [];
/** `a@b.cc` */
const shortest = 6;
/** Without one of these a text holds nothing but, perhaps, a key or token. */
const notable = /[\d@:\u0080-\uffff]/;

/**
 * All that is recognised in a text, in order and without overlaps: where two overlap, the later keeps its rest. Most
 * texts hold nothing, so each detector stands behind a look that is cheaper than it.
 */
export function detect(text: string): readonly Span[] {
  if (text.length < shortest) return nothing;
  const isPlain = !notable.test(text);
  if (isPlain && !mayHoldSecret(text)) return nothing;
  const folded = isPlain ? undefined : fold(text);
  if (folded === undefined) return apart(find(text));
  const original = (index: number) => folded.positions[index] ?? text.length;
  return apart(find(folded.text)).map((span) => ({
    class: span.class,
    start: original(span.start),
    end: original(span.end - 1) + 1,
  }));
}

function find(text: string): Span[] {
  const found: Span[] = [];
  if (text.includes('@')) findEmails(text, found);
  findNumbers(text, found);
  findIbans(text, found);
  if (text.includes(':')) findIpv6(text, found);
  if (mayHoldSecret(text)) findSecrets(text, found);
  return found;
}

function mayHoldSecret(text: string): boolean {
  return hasLongRun(text) || text.includes('-----BEGIN ');
}

function apart(spans: Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  let end = 0;
  return spans.flatMap((span) => {
    const rest = span.end > end ? [{ ...span, start: Math.max(span.start, end) }] : [];
    end = Math.max(end, span.end);
    return rest;
  });
}
