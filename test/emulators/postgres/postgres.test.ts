import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';

vi.setConfig({ testTimeout: 60_000 }); // a start is seconds of initdb on a busy machine

const psql = 'psql';
const hasPsql = spawnSync(psql, ['--version']).status === 0;

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({
    database: 'crm',
    initSql: `CREATE TABLE users (id int, email text); INSERT INTO users VALUES (7, 'ada@example.com')`,
  });
});
afterAll(() => postgres.stop());

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const dataDirectory = async (url: string): Promise<string> => {
  const [row] = await query<{ data_directory: string }>(url, 'SHOW data_directory');
  return row?.data_directory ?? '';
};

test('a real PostgreSQL 18 answers, with the initial SQL applied', async () => {
  const rows = await query(
    postgres.url,
    `SELECT email, current_setting('server_version') LIKE '18.%' AS is_18 FROM users`,
  );

  expect(rows).toEqual([{ email: 'ada@example.com', is_18: true }]);
});

test('nobody gets in without the password', async () => {
  const url = new URL(postgres.url);
  url.password = 'guessed';

  await expect(query(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

test.skipIf(!hasPsql)('psql connects with the same address', () => {
  const answer = execFileSync(psql, [postgres.url, '-XAtc', 'SELECT id, email FROM users'], { encoding: 'utf8' });

  expect(answer).toBe('7|ada@example.com\n');
});

test('nothing is left behind when it stops', async () => {
  const short = await startPostgres({ database: 'short' });
  const data = await dataDirectory(short.url);
  expect(existsSync(data)).toBe(true);

  await short.stop();

  expect(existsSync(join(data, '..'))).toBe(false);
  await expect(query(short.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('data kept in a directory survive a restart, and the initial SQL is not run again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kept-'));
  const options = { database: 'crm', dir, initSql: 'CREATE TABLE notes AS SELECT 1 AS id' };
  const first = await startPostgres(options);
  await query(first.url, 'INSERT INTO notes VALUES (2)');
  await first.stop();

  const second = await startPostgres(options);
  const rows = await query(second.url, 'SELECT id FROM notes ORDER BY id');
  await second.stop();
  await rm(dir, { recursive: true });

  expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
});

test('faulty initial SQL is reported in the words of PostgreSQL', async () => {
  await expect(startPostgres({ database: 'crm', initSql: 'SELECT * FROM missing' })).rejects.toThrow(
    'relation "missing" does not exist',
  );
});

test('a port in use is reported, not shared', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => occupant.once('listening', resolve));
  const address = occupant.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  await expect(startPostgres({ database: 'crm', port })).rejects.toThrow('Address already in use');

  occupant.close();
});

test('the server ends and its data go when the process that started it is killed', async () => {
  const module = new URL('../../../emulators/postgres/postgres.ts', import.meta.url).href;
  const program = `const { startPostgres } = await import('${module}');
    console.log((await startPostgres({ database: 'orphan' })).url);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) => createInterface(holder.stdout).once('line', resolve));
  const data = await dataDirectory(url);

  holder.kill('SIGKILL');

  await vi.waitFor(
    async () => {
      await expect(query(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(existsSync(join(data, '..'))).toBe(false);
    },
    { timeout: 10_000 },
  );
});
