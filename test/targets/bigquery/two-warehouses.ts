import { startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import type { DryRun, Facts, Field, Statement, Table } from '../../../src/targets/bigquery/plan.ts';
import { emptiedOf, hiddenOf, namedTables } from '../../../src/targets/bigquery/texts.ts';
import { contextOf, orders, project, settings, staff, users } from './known.ts';

/** What one of two warehouses holds where the other holds something else: all that is classified, and nothing else. */
export type Secrets = {
  email: string;
  born: string;
  score: number;
  card: number;
  phone: string;
  text: string;
  alias: string;
  profile: string;
  salary: number;
};

export const one: readonly Secrets[] = [
  {
    email: 'ada@lovelace.test',
    born: '1815-12-10',
    score: 0,
    card: 4111111111111111,
    phone: '+44 1',
    text: 'owes 5',
    alias: 'Ada',
    profile: '{"a":1}',
    salary: 100,
  },
  {
    email: 'bob@acme.test',
    born: '2000-01-01',
    score: -5.5,
    card: 7,
    phone: '',
    text: '',
    alias: 'B',
    profile: '{"b":"x"}',
    salary: 0,
  },
  {
    email: '',
    born: '1999-02-28',
    score: 1e9,
    card: 0,
    phone: '12345678',
    text: 'a',
    alias: '',
    profile: '[]',
    salary: 3,
  },
];
export const other: readonly Secrets[] = [
  {
    email: 'z',
    born: '0001-01-01',
    score: 3,
    card: 0,
    phone: 'none',
    text: "'; DROP",
    alias: 'Zed',
    profile: 'null',
    salary: 7,
  },
  {
    email: '12',
    born: '9999-12-31',
    score: 0,
    card: 5500000000000004,
    phone: '0',
    text: '9',
    alias: 'x',
    profile: '{"a":{"b":[1]}}',
    salary: 99999,
  },
  {
    email: 'a much longer address than before@somewhere.example',
    born: '2024-02-29',
    score: -0.001,
    card: 1,
    phone: '5',
    text: 'paid',
    alias: 'YY',
    profile: '0',
    salary: 0,
  },
];

const shown = [
  { id: 1, name: 'Ada', city: 'London', tags: ['new', 'vip'] },
  { id: 2, name: 'Bob', city: 'Paris', tags: [] },
  { id: 3, name: 'Cy', city: 'Bonn', tags: ['old'] },
];

type Answer = { status: number; body: Record<string, unknown> };

/** The warehouse of `known.ts` on the emulator, with these secrets. */
export async function aWarehouseWith(secrets: readonly Secrets[]) {
  const emulator = await startBigQuery();
  const ask = async (path: string, body: unknown): Promise<Answer> => {
    const response = await fetch(`${emulator.url}/bigquery/v2/projects/${project}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const query = (text: string, more: object = {}) => ask('/queries', { query: text, useLegacySql: false, ...more });
  for (const dataset of ['crm', 'hr'])
    await ask('/datasets', { datasetReference: { projectId: project, datasetId: dataset } });
  for (const table of [users, orders, staff]) {
    const [, datasetId, tableId] = table.name.split('.');
    const made = await ask(`/datasets/${datasetId}/tables`, {
      tableReference: { projectId: project, datasetId, tableId },
      schema: { fields: table.fields.map(restField) },
    });
    if (made.status !== 200) throw new Error(JSON.stringify(made.body));
  }
  for (const text of rowsOf(secrets)) {
    const done = await query(text);
    if (done.status !== 200) throw new Error(`${text}: ${JSON.stringify(done.body)}`);
  }
  return {
    query,
    async dryRun(text: string): Promise<DryRun | { error: string }> {
      const { status, body } = await ask('/jobs', {
        configuration: { dryRun: true, query: { query: text, useLegacySql: false } },
      });
      if (status !== 200) return { error: String((body['error'] as { message?: string })?.message) };
      return dryRunOf(body as never);
    },
    stop: emulator.stop,
  };
}

const restField = ({ name, type, mode, fields, policyTags }: Field): object => ({
  ...{ name, mode, type: type === 'STRUCT' ? 'RECORD' : type },
  ...(fields !== undefined && { fields: fields.map(restField) }),
  ...(policyTags !== undefined && { policyTags: { names: policyTags } }),
});

const text = (value: string) => JSON.stringify(value);

function rowsOf(secrets: readonly Secrets[]): string[] {
  return secrets.flatMap((secret, index) => {
    const seen = shown[index];
    if (seen === undefined) return [];
    const { id, name, city, tags } = seen;
    return [
      `INSERT INTO crm.users (id, name, email, born, score, card, contact, notes, aliases, tags, profile) VALUES (${id}, ${text(name)}, ${text(secret.email)}, DATE ${text(secret.born)},
        ${secret.score}, ${secret.card}, STRUCT(${text(city)} AS city, ${text(secret.phone)} AS phone),
        [STRUCT(TIMESTAMP "2026-01-0${id} 00:00:00+00" AS \`at\`, ${text(secret.text)} AS text)], [${text(secret.alias)}], ${tags.length === 0 ? 'ARRAY<STRING>[]' : JSON.stringify(tags)}, JSON ${text(secret.profile)})`,
      `INSERT INTO crm.orders (id, user_id, total, placed, status, items) VALUES (${id}0, ${id}, ${id}.5, TIMESTAMP "2026-02-0${id} 00:00:00+00", ${text(index === 0 ? 'new' : 'paid')}, [STRUCT("s${id}" AS sku, ${id} AS count)])`,
      `INSERT INTO hr.staff (id, team, salary) VALUES (${id}, "t${id % 2}", ${secret.salary})`,
    ];
  });
}

type Told = {
  statistics: {
    query?: {
      statementType?: string;
      schema?: { fields?: readonly RestField[] };
      totalBytesProcessed?: string;
      referencedTables?: readonly { projectId: string; datasetId: string; tableId: string }[];
      referencedRoutines?: readonly { projectId: string; datasetId: string; routineId: string }[];
    };
  };
};
type RestField = { name: string; type: string; mode?: Field['mode']; fields?: readonly RestField[] };

function dryRunOf({ statistics: { query = {} } }: Told): DryRun {
  return {
    statementType: query.statementType ?? '',
    referencedTables: (query.referencedTables ?? [])
      .map((each) => [each.projectId, each.datasetId, each.tableId].join('.'))
      .sort(),
    referencedRoutines: (query.referencedRoutines ?? [])
      .map((each) => [each.projectId, each.datasetId, each.routineId].join('.'))
      .sort(),
    schema: (query.schema?.fields ?? []).map(fieldOf),
    bytes: Number(query.totalBytesProcessed ?? 0),
  };
}

const fieldOf = ({ name, type, mode, fields }: RestField): Field => ({
  ...{ name, type, mode: mode ?? 'NULLABLE' },
  ...(fields !== undefined && { fields: fields.map(fieldOf) }),
});

export type Warehouse = Awaited<ReturnType<typeof aWarehouseWith>>;

/** What the emulator says of a statement; the error where it takes no such statement. */
export async function factsOf(
  statement: Statement,
  warehouse: Warehouse,
  tables: readonly Table[] = [users, orders, staff],
): Promise<Facts | { error: string }> {
  const dryRun = await warehouse.dryRun(statement.text);
  if ('error' in dryRun) return dryRun;
  const named = new Set([...dryRun.referencedTables, ...namedTables(statement, settings)]);
  const known = tables.filter(({ name }) => named.has(name));
  const tried = async (made: string | undefined) => {
    const told = made === undefined ? undefined : await warehouse.dryRun(made);
    return told === undefined || 'error' in told ? undefined : told;
  };
  const emptied = await tried(emptiedOf(statement, known, settings));
  const hidden = await tried(hiddenOf(statement, known, contextOf()));
  return { dryRun, tables: known, ...(emptied !== undefined && { emptied }), ...(hidden !== undefined && { hidden }) };
}
