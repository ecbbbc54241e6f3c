import type { Fields } from './syntax.ts';
import { locationOf } from './syntax.ts';

/** The rules of the PostgreSQL target, by the numbers the threat model gives them. */
export type Rule = 'R1' | 'R2' | 'R3' | 'R4' | 'R5' | 'R6' | 'R7' | 'R8' | 'R9' | 'R10' | 'R11' | 'R12' | 'R13';

/** Why it cannot be proven that nothing classified leaves, and what to write instead. Holds names the caller wrote, never data. */
export class Refusal extends Error {
  readonly rule: Rule;
  /** Byte offset in the statement, where one is known. */
  readonly at: number | undefined;

  constructor(rule: Rule, detail: string, at?: Fields) {
    super(detail);
    this.rule = rule;
    this.at = at === undefined ? undefined : locationOf(at);
  }
}

/** `line 2, column 7`: characters, from 1. */
export function placeOf(statement: string, byteOffset: number): string {
  const before = Buffer.from(statement).subarray(0, byteOffset).toString();
  const lines = before.split('\n');
  return `line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}`;
}

/** The refusal as an operation carries it. */
export function unprovable(refusal: Refusal, statement: string): { rule: string; detail: string } {
  const place = refusal.at === undefined ? '' : ` (${placeOf(statement, refusal.at)})`;
  return { rule: refusal.rule, detail: `${refusal.message}${place}` };
}
