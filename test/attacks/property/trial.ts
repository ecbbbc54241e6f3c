import type pg from 'pg';
import type { Postgres } from '../../../emulators/postgres/postgres.ts';
import type { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from '../../targets/postgres/agent.ts';
import { compare, type Observation } from '../two-databases.ts';
import { choicesFrom } from './choices.ts';
import { type Schema, type Step, schemaFrom } from './schema.ts';
import { type Statement, statementFrom } from './statements.ts';
import { typesSql } from './types.ts';

/** Numbers that a schema and statements are made of. */
export type Case = { schema: number[]; hostile: boolean; reads: number[][]; writes: number[][] };

/** What was seen, over all cases. */
export type Tally = {
  cases: number;
  statements: number;
  answered: number;
  refused: number;
  failed: number;
  /** Rows that were the same, in another order, where SQL promises none. */
  reordered: number;
  shapes: Map<string, { sent: number; answered: number }>;
  features: Map<string, number>;
  details: Map<string, number>;
};

export const newTally = (): Tally => ({
  cases: 0,
  statements: 0,
  answered: 0,
  refused: 0,
  failed: 0,
  reordered: 0,
  shapes: new Map(),
  features: new Map(),
  details: new Map(),
});

export type Ground = {
  server: Postgres;
  target: ReturnType<typeof createPostgres>;
  admins: readonly [pg.Client, pg.Client];
  tally: Tally;
  /** Leaves classified columns in the clear, so that it can be shown that this is found. */
  spoil?: (classification: Schema['classification']) => Schema['classification'];
};

let cases = 0;

/** Sets both databases up as a case says, and answers the first difference that its statements find, in words. */
export async function difference(
  { schema: numbers, hostile, reads, writes }: Case,
  ground: Ground,
): Promise<string | undefined> {
  const { tally } = ground;
  const schema = schemaFrom(choicesFrom(numbers));
  const steps = await setUp(schema, hostile, ground);
  const agents = agentsFor(schema, ground);
  tally.cases += 1;
  for (const feature of schema.features) tally.features.set(feature, (tally.features.get(feature) ?? 0) + 1);

  for (const numbers of [...reads, ...writes]) {
    const statement = statementFrom(choicesFrom(numbers), schema, writes.includes(numbers));
    const { a, b, leak } = await compare(agents, statement.sql, statement.sql, ['bulk', 'unbounded']);
    count(tally, statement, a);
    const told =
      leak && !sameButForOrder(statement, a, b, tally)
        ? [a, b]
        : statement.writes && a.refused === undefined
          ? await apart(schema, ground)
          : undefined;
    if (told === undefined) continue;
    const [one, other] = told.map((seen) => JSON.stringify(seen, undefined, 1));
    return [
      `-- Schema (where two lines follow each other, the second is database b):`,
      typesSql,
      ...steps,
      `-- Classified: ${JSON.stringify(schema.classification)}, unclassified: ${schema.unclassified}, unmask: ${schema.unmask}`,
      `-- Statement:`,
      statement.sql,
      `-- a answers:`,
      one,
      `-- b answers:`,
      other,
    ].join('\n');
  }
  return undefined;
}

async function setUp(schema: Schema, hostile: boolean, { admins }: Ground): Promise<string[]> {
  const run: string[] = [];
  const reset = `DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO agent; ${typesSql}
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`;
  for (const admin of admins) {
    await admin.query(reset);
    // The planner of a large database takes indexes where that of a small one reads all.
    for (const scan of ['seqscan', 'hashjoin'])
      await admin.query(`ALTER ROLE agent SET enable_${scan} = ${hostile ? 'off' : 'on'}`);
  }
  for (const step of schema.steps) {
    const fine = await Promise.all(admins.map((admin, side) => attempt(admin, step, side)));
    if (fine.every(Boolean)) {
      run.push(...new Set(step.sql));
      if (step.optional?.relation !== undefined) schema.relations.push(step.optional.relation);
      continue;
    }
    if (step.optional?.drop) for (const admin of admins) await admin.query(step.optional.drop);
  }
  for (const admin of admins)
    await admin.query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO agent');
  // What could not be made is not there to be spoken of.
  const { rows } = await admins[0].query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace",
  );
  schema.relations = schema.relations.filter(({ name }) => rows.some((row) => row.name === name));
  return run;
}

async function attempt(admin: pg.Client, { sql, optional }: Step, side: number): Promise<boolean> {
  try {
    await admin.query(sql[side] ?? '');
    return true;
  } catch (error) {
    if (optional === undefined && process.env['SALLYPORT_VERBOSE'])
      console.log('not set up:', sql[side], error instanceof Error ? error.message : '');
    return false;
  }
}

function agentsFor(
  schema: Schema,
  { server, target, spoil = (classification) => classification }: Ground,
): [Agent, Agent] {
  cases += 1;
  const at = (database: string) =>
    agentAt(
      { port: server.port, database, user: 'agent', password: 'agent' },
      // A new version for every case, so that nothing is remembered of the one before.
      {
        classification: spoil(schema.classification),
        transforms: { [`CASE_${cases}`]: 'null' },
        unclassified: schema.unclassified,
        unmask: schema.unmask,
        target,
      },
    );
  return [at('a'), at('b')];
}

function count(tally: Tally, { shape, sql }: Statement, { refused }: Observation) {
  const known = tally.shapes.get(shape) ?? { sent: 0, answered: 0 };
  tally.shapes.set(shape, known);
  tally.statements += 1;
  known.sent += 1;
  if (refused === undefined) {
    tally.answered += 1;
    known.answered += 1;
    return;
  }
  if (refused.startsWith('target-')) tally.failed += 1;
  else tally.refused += 1;
  const detail = refused.replace(/public\.\w+|\(line.*|"[^"]*"/g, '…').slice(0, 90);
  tally.details.set(detail, (tally.details.get(detail) ?? 0) + 1);
  if (process.env['SALLYPORT_VERBOSE'] === '2') console.log(refused, '|', sql);
}

function sameButForOrder({ ordered, writes }: Statement, a: Observation, b: Observation, tally: Tally): boolean {
  if (ordered || writes) return false;
  const sorted = ({ seen }: Observation) =>
    JSON.stringify(seen, (key, value) =>
      key === 'rows' && Array.isArray(value)
        ? value.map((row) => JSON.stringify(row)).sort()
        : key === 'lines'
          ? undefined
          : value,
    );
  const same = sorted(a) === sorted(b);
  if (same) tally.reordered += 1;
  return same;
}

/** What is not classified must be the same in both databases after a write, or a later read could tell. */
async function apart(schema: Schema, { admins }: Ground): Promise<[unknown, unknown] | undefined> {
  for (const { name, columns, kind } of schema.relations) {
    const open = columns.filter(({ secret }) => !secret);
    if (kind !== 'table' || open.length === 0) continue;
    const [a, b] = await Promise.all(
      admins.map(
        async (admin) =>
          (
            await admin.query({
              text: `SELECT ${open.map((column) => `${column.name}::text`).join(', ')} FROM ${name} ORDER BY ${open.map((_, index) => index + 1).join(', ')}`,
              rowMode: 'array',
            })
          ).rows,
      ),
    );
    if (JSON.stringify(a) !== JSON.stringify(b)) return [{ [name]: a }, { [name]: b }];
  }
  return undefined;
}
