import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type AgentOptions, agentAt } from './agent.ts';
import { crmClassification, crmSql } from './crm.ts';

const roles = `
  INSERT INTO events VALUES (1, '4111111111111111', '2026-03-04');
  INSERT INTO newsletter VALUES ('person1@example.com', true);
  CREATE ROLE by_column LOGIN PASSWORD 'p';
  GRANT SELECT (id, name, country, mood, tags, age) ON users TO by_column;
  GRANT SELECT ON orders, notes TO by_column;
  GRANT SELECT (id, country) ON contacts TO by_column;
  GRANT SELECT (id, at) ON events TO by_column;
  GRANT SELECT (opted) ON newsletter TO by_column;
  CREATE ROLE by_table LOGIN PASSWORD 'p'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO by_table;
  CREATE ROLE by_view LOGIN PASSWORD 'p'; GRANT by_column TO by_view; GRANT SELECT ON contacts TO by_view;
  CREATE ROLE by_partition LOGIN PASSWORD 'p'; GRANT by_column TO by_partition; GRANT SELECT ON events_2026 TO by_partition;
  CREATE ROLE readers; GRANT SELECT ON ALL TABLES IN SCHEMA public TO readers;
  CREATE ROLE by_membership NOINHERIT LOGIN PASSWORD 'p'; GRANT readers TO by_membership;
  CREATE ROLE reads_all LOGIN PASSWORD 'p'; GRANT pg_read_all_data TO reads_all;
  CREATE ROLE revoked LOGIN PASSWORD 'p'; GRANT SELECT ON users TO revoked; REVOKE SELECT (email, ssn, born, email_lower) ON users FROM revoked;
  CREATE ROLE super LOGIN SUPERUSER PASSWORD 'p';
  CREATE ROLE owner LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA public TO owner;
  CREATE TABLE owned (id int, email text); ALTER TABLE owned OWNER TO owner; REVOKE ALL ON owned FROM owner;
`;
const classification = { ...crmClassification, 'public.owned': { email: 'EMAIL_ADDRESS' } };

let server: Postgres;
const target = createPostgres({ allowPlaintext: false });

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: crmSql + roles });
});
afterAll(async () => {
  await target.close();
  await server?.stop();
});

const agentOf = (user: string, options: AgentOptions = {}) =>
  agentAt({ port: server.port, database: 'crm', user, password: 'p' }, { classification, target, ...options });

async function protectionOf(user: string, statement: string, options: AgentOptions = {}) {
  return (await agentOf(user, options).understand(statement)).protection;
}

/** What the server answers the login itself, without the gateway. */
async function straight(user: string, sql: string): Promise<string> {
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, database: 'crm', user, password: 'p' });
  await client.connect();
  try {
    await client.query(sql);
    return 'answered';
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? '') : 'failed';
  } finally {
    await client.end();
  }
}

describe('protection', () => {
  test.each(['email', 'ssn', 'born', 'email_lower'])('is proven where the server refuses %s itself', async (column) => {
    expect(await protectionOf('by_column', `SELECT ${column} FROM users`)).toBe('proven');
    expect(await straight('by_column', `SELECT ${column} FROM users`)).toBe('42501');
  });

  test.each(['by_table', 'by_membership', 'reads_all', 'revoked', 'super'])(
    'of the login %s is rewritten, as it could read what is hidden',
    async (user) => {
      expect(await protectionOf(user, 'SELECT id FROM users')).toBe('rewritten');
      const [first = '', role = ''] = user === 'by_membership' ? ['SET ROLE readers;', ''] : [];
      expect(await straight(user, `${first}${role} SELECT email FROM users`)).toBe('answered');
    },
  );

  test('of an owner is rewritten even where nothing is granted, as an owner can grant', async () => {
    expect(await straight('owner', 'SELECT email FROM owned')).toBe('42501');
    expect(await protectionOf('owner', 'SELECT id FROM owned')).toBe('rewritten');
  });

  test('of a view counts what its owner’s rights would serve', async () => {
    expect(await protectionOf('by_column', 'SELECT contact FROM contacts')).toBe('proven');
    expect(await straight('by_column', 'SELECT contact FROM contacts')).toBe('42501');
    expect(await protectionOf('by_view', 'SELECT contact FROM contacts')).toBe('rewritten');
    expect(await straight('by_view', 'SELECT contact FROM contacts')).toBe('answered');
    expect(await protectionOf('by_view', 'SELECT id FROM users')).toBe('proven');
  });

  test('of a partitioned table counts its partitions', async () => {
    expect(await protectionOf('by_column', 'SELECT id FROM events')).toBe('proven');
    expect(await protectionOf('by_partition', 'SELECT id FROM events')).toBe('rewritten');
  });

  test('of several relations is that of the weakest', async () => {
    expect(await protectionOf('by_view', 'SELECT u.id FROM users u JOIN contacts c ON c.id = u.id')).toBe('rewritten');
    expect(await protectionOf('by_column', 'SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id')).toBe(
      'proven',
    );
  });

  test('is not spoken of where nothing is hidden', async () => {
    const unmask = ['EMAIL_ADDRESS', 'US_SOCIAL_SECURITY_NUMBER', 'DATE_OF_BIRTH'];

    expect(await protectionOf('by_column', 'SELECT id FROM orders')).toBeUndefined();
    expect(await protectionOf('by_column', 'SELECT id FROM users', { unmask })).toBeUndefined();
  });

  test('stands in the schema, for each table and for all', async () => {
    const schemaOf = async (user: string) => {
      const schema = await agentOf(user).schema();
      return schema as { protection?: string; tables: { name: string; protection?: string }[] };
    };
    const [column, view] = [await schemaOf('by_column'), await schemaOf('by_view')];
    const of = ({ tables }: typeof column, name: string) => tables.find((table) => table.name === name)?.protection;

    expect([of(column, 'public.users'), of(column, 'public.contacts'), of(column, 'public.orders')]).toEqual([
      'proven',
      'proven',
      undefined,
    ]);
    expect([of(view, 'public.users'), of(view, 'public.contacts')]).toEqual(['proven', 'rewritten']);
    expect([view.protection, (await schemaOf('super')).protection]).toEqual(['rewritten', 'rewritten']);
  });
});

test.each([
  'SELECT * FROM users',
  'SELECT u FROM users u LIMIT 3',
  'SELECT row_to_json(u) FROM users u LIMIT 3',
  'SELECT count(*) FROM users',
  'SELECT count(u) FROM users u',
  'SELECT email, count(*) FROM users GROUP BY email',
  'SELECT 1 FROM users',
  'SELECT EXISTS (SELECT FROM users)',
  'TABLE contacts',
  'SELECT card FROM events',
  'SELECT * FROM newsletter',
  'SELECT o.id, u.email FROM orders o JOIN users u ON u.id = o.user_id LIMIT 3',
  'WITH t AS (SELECT * FROM users) SELECT name FROM t ORDER BY name LIMIT 3',
])('a login that may not read what is hidden answers %s', async (statement) => {
  const { rows } = await agentOf('by_column').run(statement);

  expect(rows).not.toEqual([]);
  expect(JSON.stringify(rows)).not.toMatch(/person\d+@|123-45-|4111/);
});
