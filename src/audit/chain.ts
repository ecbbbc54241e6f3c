import type { AuditEvent, AuditFacts } from '../model/audit-event.ts';
import { canonicalJson, sha256 } from '../model/canonical.ts';

/** The end of a chain: what the next link continues. */
export type Head = { readonly chain: string; readonly seq: number; readonly hash: string };

/** An event with its place in the chain, and the exact text that is kept of it. */
export type Link = { event: AuditEvent; json: string };

const noHash = '0'.repeat(64);

/** Where a chain begins. Every boot of every instance begins its own, so nobody else ever writes to it. */
export const startOf = (chain: string): Head => ({ chain, seq: 0, hash: noHash });

/** The facts as the next links of the chain, and the chain's new end. Nothing is written. */
export function linkAll(facts: readonly AuditFacts[], start: Head): { links: Link[]; end: Head } {
  let end = start;
  const links = facts.map((fact) => {
    const link = linkOne(fact, end);
    end = { chain: end.chain, seq: end.seq + 1, hash: link.event.hash };
    return link;
  });
  return { links, end };
}

const blank = `"hash":"${noHash}",`;

/**
 * SHA-256 over the canonical JSON (RFC 8785) of every field but `hash`. It is written once, with a hash of noughts, which is then
 * taken out to be hashed and replaced: nothing in an event but that field is called so.
 */
function linkOne(facts: AuditFacts, { chain, seq, hash: prev_hash }: Head): Link {
  const event: AuditEvent = { ...facts, chain, seq, prev_hash, hash: noHash };
  const [before, after, ...more] = canonicalJson(event).split(blank);
  if (before === undefined || after === undefined || more.length > 0)
    throw new TypeError('An event has one hash, and fields after it.');
  event.hash = sha256(before + after);
  return { event, json: `${before}"hash":"${event.hash}",${after}` };
}
