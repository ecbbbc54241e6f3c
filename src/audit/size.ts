import type { AuditFacts } from '../model/audit-event.ts';

/** A Firestore document holds 1 MiB; an outbox document holds two rows. */
const most = 400_000;
const kept = 100_000;

export const isTooLarge = (facts: AuditFacts) =>
  longest(facts) > most && Buffer.byteLength(JSON.stringify(facts)) > most;

/** Bytes that the facts cannot exceed: of each character at most six, and for all that has a bound 64 KiB. */
function longest({ statement, parameters, note, masks, ...more }: AuditFacts): number {
  const { resources, classes, principal, decision, approval } = more;
  let characters = 64 + lengthOf(statement) + lengthOf(parameters) + lengthOf(note) + lengthOf(approval?.reason);
  for (const texts of [resources, classes, decision?.policies, decision?.overridden, decision?.unmask])
    characters += allOf(texts);
  characters += allOf(principal?.groups) + allOf(approval?.approvers);
  for (const { resource, class: name, transform } of masks)
    characters += resource.length + name.length + transform.length + 16;
  return 6 * characters + 64 * 1024 + 64 * masks.length;
}

const lengthOf = (text: string | null | undefined) => text?.length ?? 0;

function allOf(texts: readonly string[] = []): number {
  let characters = 0;
  for (const text of texts) characters += text.length + 16;
  return characters;
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
