import { createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { rowsOf } from '../../fakes/batches.ts';
import { targetContract } from '../contract.ts';
import { type Agent, agentAt, type Database } from './agent.ts';
import { crmClassification, crmSql } from './crm.ts';

let server: Server;
let database: Database;
let admin: pg.Client;
let agent: Agent;

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: crmSql });
  database = { port: server.port, database: 'crm', user: server.user, password: server.password };
  admin = new pg.Client(server.url);
  await admin.connect();
  agent = agentAt(database, { classification: crmClassification, unclassified: 'deny' });
});

afterAll(async () => {
  await admin?.end();
  await agent?.target.close();
  await server?.stop();
});

const running = async () => {
  const { rows } = await admin.query(
    `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sum(g)%' AND pid <> pg_backend_pid()`,
  );
  return rows.length > 0;
};

describe('PostgreSQL as a target', () => {
  const statement = (text: string) => ({ statement: text, parameters: [] });
  targetContract(() => ({
    target: agent.target,
    connection: agent.connection,
    settings: agent.access().settings,
    secret: JSON.stringify({ username: server.user, password: server.password }),
    wrongSecret: JSON.stringify({ username: server.user, password: 'not the password' }),
    requests: {
      small: statement('SELECT id FROM orders WHERE id = 1'),
      almostSmall: statement('SELECT id FROM orders WHERE id = 2'),
      large: statement("SELECT g, repeat('x', 20) FROM generate_series(1, 5000) g"),
      slow: statement('SELECT sum(g) FROM generate_series(1, 100000000000) g'),
      failing: statement("SELECT ('secret of ' || id)::int FROM orders"),
      unreadable: statement('SELEC 1'),
    },
    leakedByTheTarget: 'secret of',
    isRunning: running,
  }));
});

test('a session that the server ends in the middle fails its call and nothing else', async () => {
  const slow = agent.run('SELECT sum(g) FROM generate_series(1, 100000000000) g');
  slow.catch(() => {});
  await expect.poll(running, { timeout: 10_000 }).toBe(true);

  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%sum(g)%' AND pid <> pg_backend_pid()`,
  );

  await expect(slow).rejects.toMatchObject({ code: 'target-unavailable' });
  expect((await agent.run('SELECT id FROM orders WHERE id = 1')).rows).toEqual([[1]]);
});

describe('answers', () => {
  test('values arrive as JSON can hold them faithfully', async () => {
    const { columns, rows } =
      await agent.run(`SELECT 1::int2 AS a, 9007199254740991::int8 AS b, 9007199254740993::int8 AS c, 1.10::numeric AS d,
      1.5::float8 AS e, 'NaN'::float8 AS f, '-Infinity'::float4 AS g, true AS h, null AS i, '{"x":[1,2]}'::jsonb AS j,
      '\\xdeadbeef'::bytea AS l, '2026-01-02 03:04:05.6+00'::timestamptz AS m,
      '2026-01-02 03:04:05'::timestamp AS n, date '2026-01-02' AS o, interval '1 day 2 hours' AS p,
      array[1,null,3] AS q, array['a "b"','c,d',null] AS r, array[array[1,2],array[3,4]] AS s, int4range(1,5) AS t`);

    expect(rows[0]).toEqual([
      ...[1, 9007199254740991, '9007199254740993', '1.10', 1.5, 'NaN', '-Infinity', true, null, { x: [1, 2] }],
      ...['3q2+7w==', '2026-01-02T03:04:05.6Z', '2026-01-02T03:04:05', '2026-01-02', 'P1DT2H'],
      ...[
        [1, null, 3],
        ['a "b"', 'c,d', null],
        [
          [1, 2],
          [3, 4],
        ],
        '[1,5)',
      ],
    ]);
    expect(columns.slice(0, 3).map(({ type }) => type)).toEqual(['int2', 'int8', 'int8']);
  });

  test('a masked column says what masks it, through subqueries and joins', async () => {
    const { columns, rows } = await agent.run(
      'WITH w AS (SELECT * FROM users) SELECT w.id, w.email AS mail, o.total FROM w JOIN orders o ON o.user_id = w.id ORDER BY o.id LIMIT 1',
    );

    expect(rows).toEqual([[2, '[EMAIL_ADDRESS]', '1.5']]);
    expect(columns.map(({ masked }) => masked)).toEqual([undefined, 'EMAIL_ADDRESS', undefined]);
  });

  test('parameters are values and nothing else', async () => {
    const { rows } = await agent.run('SELECT $1::text, $2::int + 1, $3::bool, $4::text', [
      "'; DROP TABLE users; --",
      41,
      true,
      null,
    ]);

    expect(rows).toEqual([["'; DROP TABLE users; --", 42, true, null]]);
  });

  test('too few and too many parameters are refused before anything is sent', async () => {
    await expect(agent.run('SELECT $1::int')).rejects.toMatchObject({ code: 'operation-unreadable' });
    await expect(agent.run('SELECT 1', [1])).rejects.toMatchObject({ code: 'operation-unreadable' });
  });

  test('a write says how many rows it changed, and is there afterwards', async () => {
    const { affected } = await agent.run("INSERT INTO notes (id, body) VALUES (1, 'kept'), (2, 'kept')");

    expect(affected).toBe(2);
    expect((await admin.query('SELECT body FROM notes')).rows).toEqual([{ body: 'kept' }, { body: 'kept' }]);
  });

  test('a write that fails leaves nothing behind', async () => {
    await expect(
      agent.run('INSERT INTO orders (id) SELECT g FROM generate_series(1000, 900, -1) g UNION ALL SELECT 1'),
    ).rejects.toMatchObject({
      code: 'target-rejected',
      detail: 'SQLSTATE 23505: a unique key is violated.',
    });

    expect((await admin.query('SELECT FROM orders WHERE id >= 900')).rows).toEqual([]);
  });

  test('what an agent may know of the structure names classes and masks', async () => {
    const { tables } = await agent.schema();

    expect(tables.find(({ name }) => name === 'public.users')?.columns).toContainEqual({
      name: 'email_lower',
      type: 'text',
      nullable: true,
      default: true,
      class: 'EMAIL_ADDRESS',
      mask: 'redact',
    });
    expect(tables.map(({ name }) => name)).not.toContain('public.picked');
  });
});

describe('a changing database', () => {
  test('a column that became another since it was understood is not read in its place', async () => {
    await admin.query("CREATE TABLE moving (id int, harmless text); INSERT INTO moving VALUES (1, 'before')");
    const moving = agentAt(database, { classification: { 'public.moving': {} }, unclassified: 'deny' });
    const operation = await moving.understand('SELECT harmless FROM moving');
    await admin.query(
      "ALTER TABLE moving RENAME harmless TO old; ALTER TABLE moving ADD harmless text DEFAULT 'after'",
    );

    const { batches } = await moving.execute(operation);

    const rows = [];
    for await (const batch of batches) rows.push(...rowsOf(batch));
    expect(rows).toEqual([['after']]);
    await moving.target.close();
  });

  test('a table made by an agent can be used at once', async () => {
    const maker = agentAt(database, { unclassified: 'allow' });

    await maker.run("CREATE TABLE made (id serial PRIMARY KEY, t text DEFAULT 'x')");
    await maker.run('INSERT INTO made (t) VALUES (DEFAULT)');

    expect((await maker.run('SELECT * FROM made')).rows).toEqual([[1, 'x']]);
    await maker.target.close();
  });
});

describe('a reply that nobody reads', () => {
  test('is given up at the target', async () => {
    const target = createPostgres({ allowPlaintext: false, stall: 50 });
    const idle = agentAt(database, { target, classification: crmClassification });
    const operation = await idle.understand('SELECT g AS stalled FROM generate_series(1, 1000000) g');
    const result = await idle.execute(operation, { seconds: 1 });
    const batches = result.batches[Symbol.asyncIterator]();
    await batches.next();

    const open = async () =>
      (await admin.query(`SELECT FROM pg_stat_activity WHERE query LIKE '%AS stalled%' AND pid <> pg_backend_pid()`))
        .rows.length;
    await expect.poll(open, { timeout: 5000 }).toBe(0);

    await expect(batches.next()).rejects.toMatchObject({ code: 'timeout' });
    await target.close();
  });
});

describe('reaching the target', () => {
  const failing = (settings: object, password = server.password) => {
    const away = agentAt({ ...database, password });
    return away.target.inspect({
      ...away.access(),
      settings: away.target.settings.parse({ host: '127.0.0.1', database: 'crm', ...settings }),
    });
  };

  test('a server that is not there is unavailable', async () => {
    const closed = createServer().listen(0);
    const address = closed.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => closed.close(resolve));

    await expect(failing({ port, tls: 'disable' })).rejects.toMatchObject({ code: 'target-unavailable' });
  });

  test('no plaintext leaves the machine unless the deployment says so', async () => {
    await expect(failing({ host: 'db.example.com', tls: 'disable' })).rejects.toMatchObject({
      code: 'target-unavailable',
    });
  });

  test('a server without TLS is not spoken to when TLS is asked for', async () => {
    await expect(failing({ port: server.port, tls: 'verify-full' })).rejects.toMatchObject({
      code: 'target-unavailable',
    });
  });

  test('a wrong password is a rejected credential', async () => {
    await expect(failing({ port: server.port, tls: 'disable' }, 'wrong')).rejects.toThrow(
      'does not accept the credential',
    );
  });
});
