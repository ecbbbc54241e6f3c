import { z } from 'zod';
import type { Limits } from '../../../model/connection.ts';
import type { Operation } from '../../../model/operation.ts';
import { Problem } from '../../../model/problem.ts';
import type { Rows } from '../../../model/result.ts';
import type { Access, Context } from '../../target.ts';
import { type Catalog, nameOf, type Relation } from '../catalog/catalog.ts';
import { runProblem } from '../errors.ts';
import { constant, quoted } from '../language/syntax.ts';
import { coverOf } from '../masks/masks.ts';
import type { Protections } from '../rules/protections.ts';
import type { Pools } from '../session/pool.ts';
import { tagSql } from '../session/tag.ts';
import { type Request, requestSchema, type Settings } from '../settings.ts';
import { classify, tablesToClassify } from './classify.ts';
import { readGrantFacts } from './grant-facts.ts';
import { grantsSql, relationsToGrant } from './grants.ts';
import { createOwnRows } from './own-rows.ts';

/** What may be asked beside SQL: questions of whoever administers the connection. */
const taskSchema = z.discriminatedUnion('task', [
  z.strictObject({
    task: z.literal('classify'),
    /** Values of each column that are looked at. */
    sample: z.int().min(0).max(1000).default(200),
    /** Globs over `schema.table`; all where there are none. */
    tables: z.array(z.string().min(1).max(200)).max(100).default([]),
  }),
  z.strictObject({
    task: z.literal('grants'),
    role: z
      .string()
      .min(1)
      .max(63)
      .refine(
        (name) => !name.startsWith('pg_') && !/\p{Cc}/u.test(name) && name.isWellFormed(),
        'no name for a role of users',
      ),
    /** With the rights to insert, update and delete. */
    write: z.boolean().default(false),
    /** Whether the role is to be made; else it is there. */
    create: z.boolean().default(true),
  }),
]);
export type Task = z.output<typeof taskSchema>;

/** SQL or a task; each is told what is wrong in the words of its own schema. */
export const askedSchema = z.unknown().transform((value, context): Request | Task => {
  const schema = typeof value === 'object' && value !== null && 'task' in value ? taskSchema : requestSchema;
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  for (const issue of read.error.issues) context.issues.push({ ...issue, input: undefined });
  return z.NEVER;
});

export type AdministerPlan = {
  access: 'administer';
  run: (access: Access<Settings> & { limits: Limits }, pools: Pools) => Promise<Rows>;
};

type Ground = { catalog: Catalog; protections: Protections; context: Context };

/** A task as an operation: it passes policy, approval and the trail like any other. Throws `not-found` where no table is meant. */
export function understandTask(task: Task, ground: Ground): Operation<AdministerPlan> {
  const { catalog, protections } = ground;
  const relations = task.task === 'grants' ? relationsToGrant(catalog) : tablesToClassify(catalog, task.tables);
  if (relations.length === 0) throw new Problem('operation-unreadable', { detail: 'No table is meant by that.' });
  const statement = statementOf(task);
  const classes = relations.flatMap((relation) => [...protections(relation).classes.values()].flat());
  return {
    kind: 'postgres',
    verb: 'administer',
    risks: [],
    resources: relations.map(nameOf).sort(),
    classes: [...new Set(classes)].sort(),
    statement,
    parameters: [],
    recorded: { statement, parameters: [] },
    masks: [],
    warnings: [],
    estimates: {},
    plan: {
      access: 'administer',
      run: task.task === 'grants' ? grants(task, ground) : proposal(task, relations, ground),
    },
  };
}

/** All that was asked for, as policy, approvers and the trail see it: no SQL, so that none can pass for it. */
function statementOf(task: Task): string {
  if (task.task === 'grants') {
    return `GRANTS FOR ${quoted(task.role)}${task.write ? ' WITH WRITE' : ''}${task.create ? '' : ' WITHOUT CREATE'}`;
  }
  const tables = task.tables.length === 0 ? '' : ` TABLES ${task.tables.map(constant).join(', ')}`;
  return `CLASSIFY SAMPLE ${task.sample}${tables}`;
}

type Classify = Extract<Task, { task: 'classify' }>;
type Grants = Extract<Task, { task: 'grants' }>;

function proposal({ sample }: Classify, tables: readonly Relation[], ground: Ground): AdministerPlan['run'] {
  const { catalog, context } = ground;
  const { classification } = context.connection;
  return (access, pools) => classify({ catalog, classification, tables, values: sample }, access, pools);
}

function grants(task: Grants, { catalog, protections, context }: Ground): AdministerPlan['run'] {
  const maskedIn = (relation: Relation, isRead: boolean) => {
    const { masked, replacements } = coverOf(relation, protections, [], catalog);
    return [...masked.keys()].filter((name) => (replacements.get(name)?.value !== undefined) === isRead);
  };
  const hiddenIn = (relation: Relation) => maskedIn(relation, false);
  const readIn = (relation: Relation) => maskedIn(relation, true);
  return async (access, pools) => {
    const facts = await readFacts(task.role, access, pools);
    const { database } = access.settings;
    const lines = grantsSql(
      { ...task, catalog, protections, hiddenIn, readIn, connection: context.connection.name, database },
      facts,
    );
    const answer = createOwnRows(access.limits);
    const batch = answer.take(lines.map((line) => [line]));
    async function* batches() {
      yield batch;
    }
    return {
      form: 'rows',
      columns: [{ name: 'sql', type: 'text' }],
      batches: batches(),
      summary: () => ({ truncated: answer.truncated() }),
    };
  };
}

async function readFacts(role: string, access: Access<Settings>, pools: Pools) {
  const client = await pools.take(access);
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${tagSql(access)}`);
    const facts = await readGrantFacts(async (sql) => (await client.query(sql)).rows, role);
    await client.query('COMMIT');
    client.release();
    return facts;
  } catch (error) {
    client.release(true);
    throw runProblem(error);
  }
}
