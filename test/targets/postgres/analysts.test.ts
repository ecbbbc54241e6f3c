import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { asProblem } from '../../../src/model/problem.ts';
import { type Agent, agentAt } from './agent.ts';
import { type CorpusStatement, companyClassification, companySql, statementsOf } from './corpus/corpus.ts';
import { createValueReader } from './read-value.ts';

let server: Server;
let agent: Agent;
let straight: pg.Client;
let readValue: (oid: number, text: string) => unknown;

beforeAll(async () => {
  server = await startPostgres({ database: 'company', initSql: companySql });
  agent = agentAt(
    { port: server.port, database: 'company', user: server.user, password: server.password },
    { classification: companyClassification },
  );
  straight = new pg.Client({ connectionString: server.url, types: { getTypeParser: () => (text: string) => text } });
  await straight.connect();
  readValue = await createValueReader(straight);
  for (const setting of ["TimeZone = 'UTC'", "IntervalStyle = 'iso_8601'"]) await straight.query(`SET ${setting}`);
}, 60_000);

afterAll(async () => {
  await straight?.end();
  await agent?.target.close();
  await server?.stop();
});

/** Rows as they come, in the order of the statement where it gives one. */
const comparable = (sql: string, rows: readonly (readonly unknown[])[]) => {
  const lines = rows.map((row) => JSON.stringify(row));
  return /ORDER BY/i.test(sql) ? lines : lines.sort();
};

async function ask({ sql, parameters }: CorpusStatement) {
  const answer = await straight.query<unknown[]>({ text: sql, values: parameters, rowMode: 'array' });
  const read = (value: unknown, index: number) =>
    typeof value === 'string' ? readValue(answer.fields[index]?.dataTypeID ?? 0, value) : value;
  return {
    names: answer.fields.map(({ name }) => name),
    rows: comparable(
      sql,
      answer.rows.map((row) => row.map(read)),
    ),
  };
}

describe('what analysts write is answered as the server answers it, where nothing classified is spoken of', () => {
  const statements = statementsOf('analysts.sql');

  test(`${statements.length} statements`, { timeout: 60_000 }, async () => {
    const different: string[] = [];

    for (const statement of statements) {
      const expected = await ask(statement).catch((error: unknown) => String(error));
      const operation = await agent.understand(statement.sql, statement.parameters).catch(() => undefined);
      const answer = await agent.run(statement.sql, statement.parameters).catch(asProblem);
      const found =
        'code' in answer
          ? (answer.detail ?? answer.code)
          : { names: answer.columns.map(({ name }) => name), rows: comparable(statement.sql, answer.rows) };
      if (operation?.verb !== 'read') different.push(`${statement.sql}\n    is a ${operation?.verb}`);
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        different.push(
          `${statement.sql}\n    ${JSON.stringify(found).slice(0, 300)}\n    ${JSON.stringify(expected).slice(0, 300)}`,
        );
      }
    }

    expect(different).toEqual([]);
  });
});
