import type { AuditFacts } from '../model/audit-event.ts';

/** A Firestore document holds 1 MiB; an outbox document holds two rows. */
const most = 400_000;
const kept = 100_000;

export const isTooLarge = (facts: AuditFacts) =>
  longest(facts) > most && Buffer.byteLength(JSON.stringify(facts)) > most;

/** Bytes that the facts cannot exceed: of each character at most six, and for all that has a bound 64 KiB. */
function longest({ statement, parameters, note, masks, ...more }: AuditFacts): number {
  const { resources, classes, principal, decision, approval } = more;
  const ruled = [...(decision?.policies ?? []), ...(decision?.overridden ?? []), ...(decision?.unmask ?? [])];
  const people = [...(principal?.groups ?? []), ...(approval?.approvers ?? []), approval?.reason];
  const texts = [statement, parameters, note, ...resources, ...classes, ...ruled, ...people];
  const named = masks.map(({ resource, class: name, transform }) => resource.length + name.length + transform.length);
  const characters = [...texts.map((text) => text?.length ?? 0), ...named].reduce(
    (sum, length) => sum + length + 16,
    0,
  );
  return 6 * characters + 64 * 1024 + 64 * masks.length;
}

/**
 * The facts, cut to what fits, with a note of what is missing. Only for what did not run: what is to run is recorded
 * whole or not run. `statement_sha256` is still that of the whole.
 */
export function cut(facts: AuditFacts): AuditFacts {
  if (!isTooLarge(facts)) return facts;
  const bytes = Buffer.byteLength(facts.statement ?? '');
  return {
    ...facts,
    statement: facts.statement && `${facts.statement.slice(0, kept / 4).toWellFormed()}… (${bytes} bytes)`,
    parameters: null,
    resources: within(facts.resources),
    masks: facts.masks.slice(0, 200),
    note: `Cut from ${Buffer.byteLength(JSON.stringify(facts))} bytes. ${(facts.note ?? '').slice(0, kept / 4).toWellFormed()}`,
  };
}

function within(texts: readonly string[]): string[] {
  let bytes = 0;
  return texts.filter((text) => {
    bytes += Buffer.byteLength(text);
    return bytes <= kept;
  });
}
