/**
 * The rules of the BigQuery target: R1 form · R2 statements · R3 constructs · R4 names and places · R5 what a classification means for tables and
 * views · R6 functions · R8 what the warehouse tells of itself · R9 writes.
 */
export type Rule = 'R1' | 'R2' | 'R3' | 'R4' | 'R5' | 'R6' | 'R8' | 'R9';

/** What to write instead, where a refusal itself does not say; it does so after a semicolon. */
const instead: Readonly<Record<Rule, string>> = {
  R1: 'send less in one statement, and long lists as one parameter (IN UNNEST(@list))',
  R2: 'send one SELECT, INSERT, UPDATE, DELETE or MERGE',
  R3: 'write the same with plain SELECT, JOIN, UNNEST and WHERE',
  R4: 'write tables as dataset.table, each with an alias of its own',
  R5: 'name the tables it is made of, or ask for its columns to be classified',
  R6: 'compute it with GoogleSQL’s own functions',
  R8: 'GET /v1/connections/{connection}/schema tells of tables, columns and classes',
  R9: 'name only unclassified columns in what is written and in its conditions, or ask whoever owns the data',
};

/** Why it cannot be proven that nothing classified leaves, and what to write instead. Holds names the caller wrote, never data. */
export class Refusal extends Error {
  readonly rule: Rule;
  /** Offset in the statement, where one is known. */
  readonly at: number | undefined;

  constructor(rule: Rule, detail: string, at?: number) {
    super(detail);
    this.rule = rule;
    this.at = at;
  }
}

/** The refusal as an operation carries it: what is refused, what to write instead, and the place in the statement. */
export function unprovable({ rule, message, at }: Refusal, statement: string): { rule: string; detail: string } {
  const advice = message.includes(';') ? '' : `; ${instead[rule]}`;
  return { rule, detail: `${message}${advice}${at === undefined ? '' : ` (${placeOf(statement, at)})`}` };
}

/** `line 2, column 7`: characters, from 1. */
function placeOf(statement: string, at: number): string {
  const lines = statement.slice(0, at).split('\n');
  return `line ${lines.length}, column ${[...(lines.at(-1) ?? '')].length + 1}`;
}
