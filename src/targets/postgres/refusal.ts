import type { Reference } from './language/references.ts';
import { everyNode, type Fields } from './language/syntax.ts';

/** The rules of the PostgreSQL target, by the numbers the threat model gives them. */
export type Rule = 'R1' | 'R2' | 'R3' | 'R4' | 'R5' | 'R6' | 'R7' | 'R8' | 'R9' | 'R10' | 'R11' | 'R12' | 'R13';

/** What to write instead, where a refusal itself does not say; it does so after a semicolon. */
const instead: Readonly<Record<Rule, string>> = {
  R1: 'send less in one statement, and long lists as one parameter (= ANY ($1))',
  R2: 'send one SELECT, INSERT, UPDATE or DELETE, or ask whoever owns the database',
  R3: 'write the same with plain SELECT, JOIN and WHERE, or plain columns in a definition',
  R4: 'write names as schema.table; GET /v1/connections/{connection}/schema lists them',
  R5: 'name the base tables it is made of, or ask for its columns to be classified',
  R6: 'compute it with functions that came with the server',
  R7: 'use types, casts and operators that came with the server',
  R8: 'GET /v1/connections/{connection}/schema tells of tables, columns and keys',
  R9: 'name only unclassified columns in what is written and in its conditions, or ask whoever owns the data',
  R10: 'send it again',
  R11: 'leave settings of the session out',
  R12: 'leave out what the gateway’s role may not read',
  R13: 'name tables in FROM in a plainer way, each with an alias',
};

/** Why it cannot be proven that nothing classified leaves, and what to write instead. Holds names the caller wrote, never data. */
export class Refusal extends Error {
  readonly rule: Rule;
  /** Byte offset in the statement, where one is known. */
  readonly at: number | undefined;

  constructor(rule: Rule, detail: string, at?: Fields) {
    super(detail);
    this.rule = rule;
    this.at = at === undefined ? undefined : offsetOf(at);
  }
}

/** Where a part of a statement begins; some parts do not say themselves, but what they hold does. */
function offsetOf(part: Fields): number | undefined {
  const own = part['location'];
  if (typeof own === 'number' && own >= 0) return own;
  for (const { fields } of everyNode(part)) {
    const { location } = fields;
    if (typeof location === 'number' && location >= 0) return location;
  }
  return undefined;
}

/** `line 2, column 7`: characters, from 1. */
export function placeOf(statement: string, byteOffset: number): string {
  const before = Buffer.from(statement).subarray(0, byteOffset).toString();
  const lines = before.split('\n');
  return `line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}`;
}

/** The refusal as an operation carries it: what is refused, what to write instead, and the place in the statement. */
export function unprovable(
  refusal: Refusal,
  statement: string,
  references: readonly Reference[],
): { rule: string; detail: string } {
  const { rule, message } = refusal;
  const advice = message.includes(';') ? '' : `; ${instead[rule]}`;
  return { rule, detail: `${message}${advice} (${placeOf(statement, placeFor(refusal, statement, references))})` };
}

/** A refusal that points nowhere speaks of a relation by its name, or else of the whole statement. */
function placeFor({ at, message }: Refusal, statement: string, references: readonly Reference[]): number {
  const named = references.find(({ name }) => message.includes(name));
  const whole = Buffer.byteLength(/^\s*/.exec(statement)?.[0] ?? '');
  return at ?? (named === undefined ? undefined : offsetOf(named.fields)) ?? whole;
}
