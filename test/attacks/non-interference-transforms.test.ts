import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Postgres } from '../../emulators/postgres/postgres.ts';
import type { Transform } from '../../src/model/documents.ts';
import { createTokenKey } from '../../src/model/seal.ts';
import { createPostgres } from '../../src/targets/postgres/postgres.ts';
import { type Agent, agentAt } from '../targets/postgres/agent.ts';
import { observe, startTwoDatabases } from './two-databases.ts';

type Seed = 'a' | 'b';

/**
 * What one person has in each database. In `b` everything has another name: where two values are equal in `a`, they are in `b`,
 * and nowhere else; what is NULL is NULL in both. Order, length and what they look like have nothing in common.
 */
const values = {
  email: { a: (i: number) => `a${i}@x.test`, b: (i: number) => `${'b'.repeat(i % 50)}\\${999 - i}@y.example` },
  ssn: {
    a: (i: number) => (i % 4 ? `${i % 5}` : null),
    b: (i: number) => (i % 4 ? `${9 - (i % 5)}'ü`.repeat(9) : null),
  },
  income: { a: (i: number) => i % 6, b: (i: number) => 2_000_000_000 - (i % 6) * 7 },
  amount: { a: (i: number) => `${i % 3}.50`, b: (i: number) => ['NaN', '-1e500', 'Infinity'][i % 3] ?? null },
  code: {
    a: (i: number) => `00000000-0000-0000-0000-${String(i % 8).padStart(12, '0')}`,
    b: (i: number) => `${String(9 - (i % 8)).repeat(8)}-ffff-ffff-ffff-ffffffffffff`,
  },
  tags: {
    a: (i: number) => (i % 5 ? [`t${i % 3}`, null, `u${i % 2}`] : null),
    b: (i: number) => (i % 5 ? [`${'long '.repeat(9)}${5 - (i % 3)}`, null, `{"${i % 2}`] : null),
  },
  born: { a: (i: number) => `2000-01-0${1 + (i % 9)}`, b: (i: number) => (i % 2 ? 'infinity' : null) },
} as const;
type Column = keyof typeof values;
const columns = Object.keys(values) as Column[];
const people = Array.from({ length: 60 }, (_, i) => i);

function literal(value: string | number | readonly (string | null)[] | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'object') return `array[${value.map(literal).join(', ')}]`;
  return `'${String(value).replaceAll("'", "''")}'`;
}

const rowsOf = (seed: Seed) =>
  people
    .map((i) => `(${i}, 'n${i}', ${columns.map((column) => literal(values[column][seed](i))).join(', ')})`)
    .join(', ');

const setUp = (seed: Seed) => `
  CREATE TABLE users (id int PRIMARY KEY, name text, email text UNIQUE, ssn varchar(100), income int, amount numeric, code uuid,
    tags text[], born date, email_rot text GENERATED ALWAYS AS (reverse(email)) STORED);
  INSERT INTO users (id, name, ${columns.join(', ')}) VALUES ${rowsOf(seed)};
  CREATE TABLE mails (id int PRIMARY KEY, email varchar(200) REFERENCES users (email), pay int8);
  INSERT INTO mails SELECT id, email, income FROM users WHERE id % 3 = 0;
  CREATE TABLE notes (id int, t text);
  CREATE VIEW v_plain AS SELECT id, email AS contact, ssn || 'x' AS s, left(email, 1) AS initial, income > 3 AS rich,
    CASE WHEN income > 3 THEN 'rich' ELSE 'poor' END AS kind, amount::text AS paid, length(email) AS n FROM users;
  CREATE MATERIALIZED VIEW m_rank AS SELECT id, rank() OVER (ORDER BY income) AS place FROM users;
  ANALYZE;`;

const classes = {
  email: 'EMAIL',
  ssn: 'SSN',
  income: 'INCOME',
  amount: 'AMOUNT',
  code: 'CODE',
  tags: 'TAG',
  born: 'BIRTH',
};
const classification = { 'public.users': classes, 'public.mails': { pay: 'INCOME' } };
const each = (transform: Transform) => Object.fromEntries(Object.values(classes).map((name) => [name, transform]));

/** `%` is a column. Each has one order only, which no token decides. */
const templates = [
  'SELECT id, % FROM users ORDER BY id',
  'SELECT count(*) FROM users WHERE % IS NULL',
  'SELECT count(%), count(DISTINCT %) FROM users',
  'SELECT %, count(*), min(id) AS first FROM users GROUP BY % ORDER BY first',
  'SELECT first, n FROM (SELECT min(id) AS first, count(*) AS n FROM users GROUP BY % HAVING count(*) > 3) q ORDER BY first',
  'SELECT id, length(%::text) FROM users ORDER BY id LIMIT 9',
  'SELECT id, octet_length(%::text), %::text FROM users ORDER BY id LIMIT 9',
  'SELECT 1 / (length(%::text) - 36) FROM users WHERE id = 7',
  'SELECT id, (%::text)::int FROM users WHERE id = 7',
  'SELECT (%::text)::timestamp FROM users WHERE id = 7',
  'SELECT count(*) FROM users a JOIN users b ON a.% = b.%',
  'SELECT count(*) FROM users a JOIN users b USING (%)',
  'SELECT a.id FROM users a WHERE EXISTS (SELECT FROM users b WHERE b.% = a.% AND b.id > a.id) ORDER BY 1',
  'SELECT id FROM users WHERE % IN (SELECT % FROM users WHERE id < 5) ORDER BY id',
  'SELECT id FROM users WHERE % IS NOT DISTINCT FROM (SELECT % FROM users WHERE id = 8) ORDER BY id',
  'SELECT id FROM (SELECT DISTINCT ON (%) id FROM users ORDER BY %, id) q ORDER BY id',
  'SELECT id, count(*) OVER (PARTITION BY %) FROM users ORDER BY id',
  'SELECT id, rank() OVER (PARTITION BY % ORDER BY id) FROM users ORDER BY id',
  'SELECT id, lag(%) OVER (ORDER BY id) FROM users ORDER BY id LIMIT 9',
  'SELECT id, nullif(%, (SELECT % FROM users WHERE id = 9)) FROM users ORDER BY id',
  'SELECT (array_agg(% ORDER BY id))[2:5], string_agg(%::text, $$,$$ ORDER BY id) FROM users',
  'WITH RECURSIVE r AS (SELECT id, % FROM users WHERE id = 1 UNION SELECT u.id, u.% FROM users u JOIN r ON r.% = u.%) SELECT * FROM r ORDER BY id',
  'SELECT count(*) FROM (SELECT % FROM users EXCEPT SELECT % FROM users WHERE id > 10) q',
  'SELECT count(*) FROM (SELECT % FROM users ORDER BY % LIMIT 5) q',
  'SELECT count(*) FROM users WHERE % < %',
  "SELECT count(*) FROM users WHERE %::text LIKE '%@%' OR %::text ~ '^[0-9]{1,18}$'",
  "SELECT count(*) FROM users WHERE %::text IN ('a1@x.test', '1', '[EMAIL]', '0.50')",
  "UPDATE users SET name = 'x' WHERE % IS NULL AND id = 3",
  'UPDATE notes SET t = (SELECT %::text FROM users WHERE id = 1) WHERE id = 1',
  'INSERT INTO notes SELECT id, %::text FROM users WHERE id = 1',
  'EXPLAIN SELECT % FROM users',
];

const statements = [
  ...templates.flatMap((template) =>
    [...columns, 'email_rot'].map((column) => template.replaceAll(/%(?!@|')/g, column)),
  ),
  'SELECT u.id, m.id FROM users u JOIN mails m USING (email) ORDER BY 1',
  'SELECT u.id, m.id FROM users u JOIN mails m ON m.pay = u.income ORDER BY 1, 2',
  'SELECT u.id FROM users u LEFT JOIN mails m USING (email) WHERE m.id IS NULL ORDER BY 1',
  'SELECT id, to_jsonb(users)::text, row_to_json(users)::text FROM users WHERE id IN (1, 4) ORDER BY id',
  'SELECT users FROM users WHERE id = 1',
  'SELECT * FROM v_plain ORDER BY id',
  'SELECT kind, rich, initial, n, s, count(*) FROM v_plain GROUP BY 1, 2, 3, 4, 5',
  'SELECT * FROM m_rank ORDER BY id',
  'SELECT id, tags[1], cardinality(tags), array_position(tags, NULL) FROM users ORDER BY id',
  'SELECT t, count(*), min(id) AS first FROM users, unnest(tags) t GROUP BY t ORDER BY first, 2',
  'SELECT a.id, b.id FROM users a JOIN users b ON a.tags && b.tags AND a.id < b.id WHERE a.id < 4 ORDER BY 1, 2',
  'SELECT sum(income) IS NULL, bool_or(income = 3) FROM users',
  'SELECT income + 9000000000000000000 FROM users WHERE id = 1',
  'SELECT id FROM users WHERE amount = $$NaN$$ OR income < 100 OR born > $$2000-01-01$$',
  "INSERT INTO users (id, email) VALUES (900, 'a1@x.test')",
  "UPDATE users SET email = 'a1@x.test' WHERE id = 3",
];

let server: Postgres;
const target = createPostgres({ allowPlaintext: false });

beforeAll(async () => {
  server = await startTwoDatabases(setUp);
}, 60_000);

afterAll(async () => {
  await target.close();
  await server?.stop();
});

function agentsFor(transforms: Record<string, Transform>): Record<Seed, Agent> {
  const at = (database: Seed) =>
    agentAt(
      { port: server.port, database, user: server.user, password: server.password },
      { classification, transforms, target },
    );
  return { a: at('a'), b: at('b') };
}

/** The name that each token of a database goes by in both. */
function namesIn(seed: Seed): ReadonlyMap<string, string> {
  const keyOf = createTokenKey('a key for tests');
  const names = new Map<string, string>();
  for (const i of people) {
    for (const column of columns) {
      const all = [values[column][seed](i)].flat();
      for (const [place, value] of all.entries()) {
        // `trim_scale`, as for numeric.
        const text = String(value)
          .replace(/^(\d)\.50$/, '$1.5')
          .replace(/^-1e500$/, `-1${'0'.repeat(500)}`);
        const mac = createHmac('sha256', keyOf(classes[column])).update(text).digest();
        const hex = mac.toString('hex').slice(0, 32);
        // Equal values meet here again, and keep the first name in both databases alike.
        const name = `«${column} ${i} ${place}»`;
        for (const token of [
          `tok_${hex.replace(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}`,
          String(8_000_000_000_000_000_000n + (mac.readBigUInt64BE() >> 4n)),
          `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`,
        ])
          if (!names.has(token)) names.set(token, name);
      }
    }
  }
  return names;
}

const tokens = /tok_[a-p]{32}|[89]\d{18}|[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}/g;

async function seenBy(agent: Agent, statement: string, names: ReadonlyMap<string, string>) {
  const { seen, refused } = await observe(agent, statement);
  const text = JSON.stringify(seen);
  return {
    text: text.replaceAll(tokens, (token) => names.get(token) ?? 'a token of nothing'),
    answered: refused === undefined,
  };
}

describe('two databases in which every classified value has another name', () => {
  test(`answer ${statements.length} statements alike but for the tokens, which are renamed as the values are`, {
    timeout: 240_000,
  }, async () => {
    const agents = agentsFor(each('token'));
    const names = { a: namesIn('a'), b: namesIn('b') };
    const leaks: string[] = [];
    let answered = 0;

    for (const statement of statements) {
      const [a, b] = [await seenBy(agents.a, statement, names.a), await seenBy(agents.b, statement, names.b)];
      if (a.text !== b.text || a.text.includes('a token of nothing'))
        leaks.push(`${statement}: ${a.text.slice(0, 600)} ≠ ${b.text.slice(0, 600)}`);
      if (a.answered) answered += 1;
    }

    expect(leaks).toEqual([]);
    expect(answered).toBeGreaterThan(statements.length / 2);
  });

  test.for(['null', 'redact'] as const)(
    'answer alike altogether where they are masked by %s',
    { timeout: 240_000 },
    async (transform) => {
      const agents = agentsFor(each(transform));
      const some = statements.filter((_, index) => index % 3 === 0);
      const leaks: string[] = [];

      for (const statement of some) {
        const [a, b] = [await observe(agents.a, statement), await observe(agents.b, statement)];
        if (JSON.stringify(a.seen) !== JSON.stringify(b.seen)) leaks.push(statement);
      }

      expect(leaks).toEqual([]);
    },
  );

  test('order and extremes are those of the tokens, not of the values', async () => {
    const { a } = agentsFor(each('token'));

    const [sorted, smallest] = [
      await a.run('SELECT income FROM users GROUP BY income ORDER BY income'),
      await a.run('SELECT min(income), max(income) FROM users'),
    ];

    const found = sorted.rows.map(([token]) => BigInt(String(token)));
    expect(found).toEqual(found.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(smallest.rows).toEqual([[String(found[0]), String(found.at(-1))]]);
  });
});
