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

describe('what analysts write over classified columns', () => {
  const statements = statementsOf('masked.sql');

  test(`is answered with masks: ${statements.length} statements`, { timeout: 60_000 }, async () => {
    const unanswered: string[] = [];
    const raw: string[] = [];

    for (const { sql, parameters } of statements) {
      const answer = await agent.run(sql, parameters).catch(asProblem);
      if ('code' in answer) unanswered.push(`${sql}\n    ${answer.detail ?? answer.code}`);
      else if (/@example|4111|123-45-|\+49 30/.test(JSON.stringify(answer.rows))) raw.push(sql);
    }

    expect(unanswered).toEqual([]);
    expect(raw).toEqual([]);
  });

  const grouped = [
    'SELECT c.customer_id, c.name, c.email, count(*) FROM customers c JOIN orders o USING (customer_id) GROUP BY c.customer_id ORDER BY 1',
    'SELECT customer_id, c.email, count(*) FROM customers c LEFT JOIN orders USING (customer_id) GROUP BY customer_id ORDER BY 1',
    'SELECT c.email, c.customer_id, sum(freight) AS f FROM customers AS c JOIN orders o ON o.customer_id = c.customer_id GROUP BY 2 ORDER BY f DESC, 2',
    'SELECT c.*, count(o.order_id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.customer_id GROUP BY c.customer_id ORDER BY c.customer_id',
    'SELECT name, email, max(country) FROM customers GROUP BY customer_id ORDER BY customer_id',
    'SELECT e.last_name, e.salary, d.name, count(r.emp_id) FROM hr.employees e JOIN hr.departments d ON d.dept_id = e.dept_id LEFT JOIN hr.employees r ON r.manager_id = e.emp_id GROUP BY e.emp_id, d.dept_id ORDER BY e.last_name',
    'SELECT o.order_id, p.card_number, p.amount, sum(i.total) FROM orders o JOIN payments p ON p.order_id = o.order_id JOIN order_items i ON i.order_id = o.order_id GROUP BY o.order_id, p.payment_id HAVING p.amount > 50 ORDER BY p.amount, 1',
    'SELECT q.email, n FROM (SELECT c.customer_id, c.email, count(*) AS n FROM customers c JOIN orders o ON o.customer_id = c.customer_id GROUP BY c.customer_id) q ORDER BY q.customer_id',
    'SELECT o.order_id, c.customer_id, c.phone, count(*) FROM orders o LEFT JOIN customers c ON c.customer_id = o.customer_id + 20 GROUP BY o.order_id, c.customer_id ORDER BY 1',
  ];
  for (const sql of grouped) {
    test(`has the same groups: ${sql}`, async () => {
      const expected = await ask({ sql, parameters: [] });
      const answer = await agent.run(sql);

      const hidden = new Set(Object.values(companyClassification).flatMap((columns) => Object.keys(columns)));
      const open = (row: readonly unknown[]) =>
        row.filter((_, index) => !hidden.has(answer.columns[index]?.name ?? ''));
      const seen = expected.rows.map((line) => JSON.stringify(open(JSON.parse(line))));
      expect(answer.rows.map((row) => JSON.stringify(open(row)))).toEqual(seen);
    });
  }
});
