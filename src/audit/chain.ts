import { type AuditEvent, type AuditFacts, auditFactsSchema } from '../model/audit-event.ts';
import { canonicalJson, sha256 } from '../model/canonical.ts';

/** The end of a chain: what the next link continues. */
export type Head = { readonly chain: string; readonly seq: number; readonly hash: string };

/** An event with its place in the chain, and the exact text that is kept of it. */
export type Link = { event: AuditEvent; json: string };

const noHash = '0'.repeat(64);

/** Where a chain begins. Every boot of every instance begins its own, so nobody else ever writes to it. */
export const startOf = (chain: string): Head => ({ chain, seq: 0, hash: noHash });

/** Facts as canonical JSON, written once: what stands before, between and after the fields that their place in a chain gives them. */
export type Prepared = {
  facts: AuditFacts;
  parts: readonly string[];
  bytes: number;
};

const placeFields = ['chain', 'hash', 'prev_hash', 'seq'] as const;

/** Every event has every field, so their order, and between which of the chain's own they stand, is known before. */
const fields = Object.keys(auditFactsSchema.shape).sort();
const fieldsOfParts = [0, 1, 2, 3, 4].map((part) =>
  fields.filter((key) => placeFields.filter((place) => place < key).length === part),
);

/** Throws on what cannot be hashed. */
export function prepare(facts: AuditFacts): Prepared {
  if (Object.keys(facts).length !== fields.length) throw new TypeError('An event has the fields of its schema.');
  let bytes = 0;
  const parts = fieldsOfParts.map((keys) => {
    const text = partOf(facts, keys);
    bytes += Buffer.byteLength(text);
    return text;
  });
  return { facts, parts, bytes };
}

/** `"key":value,` of each of these fields, which are in their order. */
function partOf(facts: AuditFacts, keys: readonly string[]): string {
  const part: Record<string, unknown> = {};
  for (const key of keys) {
    const value: unknown = Reflect.get(facts, key);
    if (value === undefined) throw new TypeError('An event has the fields of its schema.');
    part[key] = value;
  }
  return `${canonicalJson(part).slice(1, -1)},`;
}

/** The facts as the next links of the chain, and the chain's new end. Nothing is written. */
export function linkAll(prepared: readonly Prepared[], start: Head): { links: Link[]; end: Head } {
  let end = start;
  const links = prepared.map((one) => {
    const link = linkOne(one, end);
    end = { chain: end.chain, seq: end.seq + 1, hash: link.event.hash };
    return link;
  });
  return { links, end };
}

/** SHA-256 over the canonical JSON (RFC 8785) of every field but `hash`. */
function linkOne({ facts, parts }: Prepared, { chain, seq, hash: prev_hash }: Head): Link {
  const [first, toHash, toPrevious, toSeq, last = ''] = parts;
  const before = `{${first}"chain":${JSON.stringify(chain)},${toHash}`;
  const after = `${toPrevious}"prev_hash":"${prev_hash}",${toSeq}"seq":${seq},${last.slice(0, -1)}}`;
  const hash = sha256(before + after);
  return { event: { ...facts, chain, seq, prev_hash, hash }, json: `${before}"hash":"${hash}",${after}` };
}
