import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { asProblem } from '../../../src/model/problem.ts';
import { type Agent, agentAt } from './agent.ts';
import { crmClassification, crmSql } from './crm.ts';

let server: Server;
let agent: Agent;

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: crmSql });
  agent = agentAt(
    { port: server.port, database: 'crm', user: server.user, password: server.password },
    { classification: crmClassification, unclassified: 'deny' },
  );
}, 60_000);

afterAll(async () => {
  await agent?.target.close();
  await server?.stop();
});

/** Each with its rule, the words it is refused for, and what it says to write instead. `^` stands before the part it points at. */
const refusals: [string, string, string][] = [
  ['SELECT ^email_of(1)', 'R6', 'functions that came with the server'],
  ['SELECT 1 FROM orders WHERE id > 0 AND\n ^pg_sleep(1) IS NULL', 'R6', 'leave the wait out'],
  ["SELECT ^nextval('s')", 'R6', 'RETURNING'],
  ["SELECT ^set_config('a', 'b', false)", 'R6', 'sessions are pinned'],
  ["SELECT ^ifnull(status, 'x') FROM orders", 'R6', 'coalesce(x, y)'],
  ["SELECT ^group_concat(status, ',') FROM orders", 'R6', 'string_agg'],
  ["SELECT ^strftime('%Y', created_at) FROM orders", 'R6', 'to_char'],
  ['SELECT ^year(created_at) FROM orders', 'R6', 'extract(year FROM x)'],
  ['SELECT ^median(total) FROM orders', 'R6', 'percentile_cont'],
  ["SELECT ^pg_total_relation_size('orders')", 'R6', '/schema'],
  ["SELECT * FROM ^crosstab('select 1') AS t(a int)", 'R6', 'FILTER'],
  ["SELECT ^query_to_xml('select 1', true, true, '')", 'R6', 'xmlagg'],
  ["SELECT ('x'^::text).pg_read_file", 'R7', 'give the column another name'],
  ['SELECT ^orders.pg_read_file FROM orders', 'R7', 'give the column another name'],
  ['SELECT 1 ^OPERATOR(public.+) 2', 'R7', 'without a schema'],
  ['SELECT id FROM orders ORDER BY id USING ^OPERATOR(pg_catalog.<)', 'R7', 'ASC or DESC'],
  ["SELECT 'x' ^COLLATE public.mine", 'R7', 'without a schema'],
  ["SELECT 'x'::^public.nothing", 'R7', 'built-in type'],
  ['SELECT * FROM ^pg_stats', 'R8', '/schema'],
  ['SELECT * FROM ^pg_settings', 'R8', 'not shown to agents'],
  ['SELECT * FROM orders JOIN ^pg_stat_activity ON true', 'R8', 'rows and sessions'],
  ['SELECT *\nFROM ^nosuch', 'R4', '/schema lists'],
  ['WITH ^pg_x AS (SELECT 1) SELECT * FROM pg_x', 'R4', 'give it another'],
  ['SELECT * FROM ^newsletter', 'R5', 'add "public.newsletter: {}"'],
  ['SELECT * FROM ^picked', 'R5', 'name the base tables'],
  ['SELECT * FROM ^deduplicated', 'R5', 'name the base tables'],
  ['SELECT * FROM ^renamed', 'R5', 'name the base tables'],
  ['SELECT * FROM ^by_function', 'R5', 'name the base tables'],
  ['SELECT id INTO ^copy FROM orders', 'R2', 'write CREATE TABLE … AS SELECT'],
  ['^BEGIN', 'R2', 'leave out BEGIN'],
  ['  ^VACUUM', 'R2', 'SELECT, INSERT, UPDATE or DELETE'],
  ["^COPY orders TO '/tmp/x'", 'R2', 'SELECT, INSERT, UPDATE or DELETE'],
  ['^EXPLAIN ANALYZE SELECT * FROM orders', 'R2', 'leave it out'],
  ['^EXPLAIN SELECT * FROM users', 'R8', 'relations without classified columns'],
  ['SELECT id FROM ^users TABLESAMPLE SYSTEM (10)', 'R3', 'id % 100 = 0'],
  ['UPDATE users SET name = ^email WHERE id = 1', 'R9', 'you may use id'],
  ['INSERT INTO notes SELECT id, ^email FROM users', 'R9', 'you may use id'],
  ["INSERT INTO users (id, name, ^email) VALUES (1, 'x', 'y')", 'R9', 'leave out the columns'],
  ["/* é */ UPDATE users SET name = 'x' WHERE ^ssn = '1'", 'R9', 'you may use id'],
];

describe('every refusal says its rule, the place, and what to write instead', () => {
  for (const [marked, rule, advice] of refusals) {
    test(`${rule}: ${marked}`, async () => {
      const before = marked.slice(0, marked.indexOf('^')).split('\n');
      const statement = marked.replace('^', '');

      const { unprovable } = await agent.understand(statement);

      expect(unprovable?.rule).toBe(rule);
      expect(unprovable?.detail).toContain(`(line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`);
      expect(unprovable?.detail).toMatch(/; .+ \(line/);
      expect(unprovable?.detail).toContain(advice);
    });
  }

  const unreadable: [string, string, string][] = [
    ['nested brackets', `SELECT ${'('.repeat(300)}1${')'.repeat(300)}`, 'write it flatter'],
    ['a chain of OR', `SELECT 1 WHERE ${'1 = 2 OR '.repeat(1600)}true`, '= ANY ($1)'],
    ['a long list', `SELECT 1 WHERE 1 IN (${'1, '.repeat(9000)}1)`, 'as one parameter'],
    ['more columns than the server takes', `SELECT ${'id, '.repeat(1664)}id FROM users`, 'the columns that you need'],
    ['a large text', `SELECT '${'x'.repeat(300_000)}'`, 'values as parameters'],
    ['NUL', 'SELECT 1\0', 'leave it out'],
  ];
  for (const [name, statement, advice] of unreadable) {
    test(`R1: ${name}`, async () => {
      const problem = asProblem(await agent.understand(statement).catch((error: unknown) => error));

      expect(problem).toMatchObject({ code: 'operation-unreadable', detail: expect.stringMatching(/^R1: .+; .+/) });
      expect(problem.detail).toContain(advice);
    });
  }
});
