import { createHmac } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { maskResult } from '../../../src/masking/masking.ts';
import { createTokenKey } from '../../../src/model/seal.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { batchOf } from '../../fakes/batches.ts';
import { type Agent, type AgentOptions, agentAt, type Database } from './agent.ts';

const extremes = {
  as_text: ['', 'a@x.test', "it's \\ a \\\\ back\\slash \\000", 'ü€😀', ' spaced ', 'x'.repeat(1_000_000), null],
  as_varchar: ['', 'a@x.test', '12345678', '1234567', null],
  as_char: ['', 'a@x.test', 'a', null],
  as_citext: ['A@x.test', 'a@x.test', 'abcdefgH', null],
  as_name: ['', 'a@x.test', 'n'.repeat(63), null],
  as_int2: ['-32768', '0', '32767', null],
  as_int4: ['-2147483648', '0', '10000042', '2147483647', null],
  as_int8: ['-9223372036854775808', '9999999', '10000000', '9223372036854775807', null],
  as_numeric: ['NaN', 'Infinity', '-Infinity', '-0', '1.0', '1.00', '12345678.25', '9'.repeat(1000), '1e-1000', null],
  as_uuid: ['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-ffff-ffff-ffff-ffffffffffff', null],
  as_float: ['NaN', '-Infinity', '-0', '1e308', null],
  as_date: ['-infinity', '4713-01-01 BC', '5874897-12-31', null],
  as_timestamptz: ['infinity', '294276-12-31 23:59:59Z', null],
  as_interval: ['-178000000 years', null],
  as_bool: ['t', 'f', null],
  as_bytea: ['\\x', '\\x00ff', null],
  as_json: ['null', '{"a": "\\u0000"}', null],
  as_jsonb: ['null', '[1e400]', null],
  as_enum: ['low', null],
  as_range: ['empty', '[1,)', null],
  as_multirange: ['{}', '{[1,2),[5,)}', null],
  as_composite: ['(1,a)', '(,)', null],
  as_email: ['a@x.test', 'b@x.test', null],
  as_money: ['-92233720368547758.08', null],
  as_inet: ['::1/0', null],
  as_bit: ['101', null],
  as_xml: ['<a/>', null],
  as_texts: ['{}', '{NULL}', '{"a@x.test",NULL,""}', '{{a,b},{c,d}}', '[5:6]={e,f}', null],
  as_ints: ['{}', '{10000042,NULL,-1}', null],
  as_numerics: ['{NaN,1.50}', null],
  as_uuids: ['{00000000-0000-0000-0000-000000000000,NULL}', null],
  as_emails: ['{"a@x.test",NULL}', null],
  as_citexts: ['{A,a}', null],
  as_enums: ['{low,NULL}', null],
  as_vector: ['1 2 3', null],
} as const;
type Name = keyof typeof extremes;
const names = Object.keys(extremes) as Name[];

const types: Readonly<Partial<Record<Name, string>>> = {
  as_varchar: 'varchar(20)',
  as_char: 'char(12)',
  as_float: 'float8',
  as_enum: 'grade',
  as_range: 'int4range',
  as_multirange: 'int4multirange',
  as_composite: 'pair',
  as_email: 'address',
  as_texts: 'text[]',
  as_ints: 'int4[]',
  as_numerics: 'numeric[]',
  as_uuids: 'uuid[]',
  as_emails: 'address[]',
  as_citexts: 'citext[]',
  as_enums: 'grade[]',
  as_vector: 'int2vector',
  as_bit: 'varbit',
};

/** Each value four times in a row, to be masked in four ways. */
const valuesSql = names
  .map((name) => {
    const type = types[name] ?? name.slice(3);
    const rows = extremes[name].map(
      (value, row) => `(${row}${`, ${value === null ? 'NULL' : quoted(value)}`.repeat(4)})`,
    );
    return `CREATE TABLE ${name} (row int, redacted ${type}, nothing ${type}, token ${type}, part ${type});
      INSERT INTO ${name} VALUES ${rows.join(', ')};`;
  })
  .join('\n');

function quoted(value: string) {
  return `'${value.replaceAll("'", "''")}'`;
}

const setUp = `
  CREATE EXTENSION citext;
  CREATE TYPE grade AS ENUM ('low', 'high'); CREATE TYPE pair AS (n int, t text);
  CREATE DOMAIN address AS varchar(30) CHECK (VALUE LIKE '%@%');
  ${valuesSql}
  CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, phone varchar(20), ssn text, account int8, country text,
    email_lower text GENERATED ALWAYS AS (lower(email)) STORED);
  INSERT INTO users SELECT i, 'User' || i % 7 || '@x.test' || CASE WHEN i >= 7 THEN i::text ELSE '' END, '+4915112345' || lpad(i::text, 3, '0'),
    'ssn' || i, 4000000000 + i, 'DE' FROM generate_series(0, 20) i;
  CREATE TABLE newsletter (email varchar(100), account numeric, opted bool);
  INSERT INTO newsletter VALUES ('User1@x.test', 4000000001.00, true), ('user1@x.test', 4000000009.5, false), ('nobody@x.test', NULL, true);
  CREATE TABLE consents (email text REFERENCES users (email)); INSERT INTO consents VALUES ('User2@x.test');
  CREATE TABLE events (id int, email text, at date) PARTITION BY RANGE (at);
  CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  INSERT INTO events VALUES (1, 'User3@x.test', '2026-02-03');
  CREATE VIEW contacts AS SELECT id, email AS contact, lower(email) AS folded, email || ssn AS mixed, md5(email) AS hashed,
    substr(email, 5, 1) AS digit FROM users;
  CREATE VIEW named AS SELECT id, substr(email, 1, 6) AS short FROM users;
  CREATE TABLE odd (element text[], place int, "each" text);
  INSERT INTO odd VALUES ('{a,b}', 1, 'c');
  CREATE TABLE notes (id int, body text);
`;

const classification: Record<string, Record<string, string>> = {
  'public.users': {
    email: 'EMAIL_ADDRESS',
    phone: 'PHONE_NUMBER',
    ssn: 'US_SOCIAL_SECURITY_NUMBER',
    account: 'ACCOUNT',
  },
  'public.newsletter': { email: 'EMAIL_ADDRESS', account: 'ACCOUNT' },
  'public.events': { email: 'EMAIL_ADDRESS' },
  'public.named': { short: 'EMAIL_ADDRESS' },
  'public.odd': { element: 'EMAIL_ADDRESS', place: 'ACCOUNT', each: 'EMAIL_ADDRESS' },
};
for (const name of names)
  Object.assign(classification, {
    [`public.${name}`]: { redacted: 'VALUE', nothing: 'NOTHING', token: 'TOKEN', part: 'PART' },
  });
const transforms = {
  EMAIL_ADDRESS: 'token',
  ACCOUNT: 'token',
  PHONE_NUMBER: 'partial',
  NOTHING: 'null',
  TOKEN: 'token',
  PART: 'partial',
} as const;

let server: Server;
let database: Database;
let target: ReturnType<typeof createPostgres>;
let agent: Agent;

beforeAll(async () => {
  server = await startPostgres({ database: 'crm', initSql: setUp });
  database = { port: server.port, database: 'crm', user: server.user, password: server.password };
  target = createPostgres({ allowPlaintext: false });
  agent = anAgent({});
});

afterAll(async () => {
  await target?.close();
  await server?.stop();
});

const anAgent = (options: AgentOptions) => agentAt(database, { classification, transforms, target, ...options });

/** As the documents tell: made here without the database. */
function tokenOf(className: string, text: string): string {
  const mac = createHmac('sha256', createTokenKey('a key for tests')(className)).update(text).digest('hex');
  return `tok_${mac.slice(0, 32).replace(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}`;
}

function numberTokenOf(className: string, text: string): string {
  const mac = createHmac('sha256', createTokenKey('a key for tests')(className)).update(text).digest();
  return String(8_000_000_000_000_000_000n + (mac.readBigUInt64BE() >> 4n));
}

/** What became of the values of one type, by what was done to them. */
async function valuesOf(name: Name, way: 'redacted' | 'nothing' | 'token' | 'part') {
  const { rows, columns } = await agent.run(`SELECT ${way} FROM ${name} ORDER BY row`);
  return { values: rows.map(([value]) => value), type: columns[0]?.type };
}

test.for(names)('every transform takes every value there can be: %s', async (name) => {
  const { rows, columns } = await agent.run(`SELECT redacted, nothing, token, part FROM ${name} ORDER BY row`);

  expect(columns.map(({ masked }) => masked)).toEqual(['VALUE', 'NOTHING', 'TOKEN', 'PART']);
  expect(rows).toHaveLength(extremes[name].length);
  expect(new Set(rows.map(([redacted]) => JSON.stringify(redacted))).size).toBe(1);
  expect(rows.filter(([, nothing]) => nothing !== null)).toEqual([]);
  expect(rows.at(-1)?.slice(2)).toEqual([null, null]);
});

describe('redact and null', () => {
  test('text says its class, in arrays too, and what cannot hold text is NULL', async () => {
    const texts = await Promise.all(
      (['as_text', 'as_char', 'as_citext', 'as_name', 'as_email', 'as_texts', 'as_emails'] as const).map((name) =>
        valuesOf(name, 'redacted'),
      ),
    );
    const others = await Promise.all(
      (['as_int4', 'as_numeric', 'as_uuid', 'as_jsonb', 'as_enum', 'as_ints', 'as_enums'] as const).map((name) =>
        valuesOf(name, 'redacted'),
      ),
    );

    expect(texts.map(({ values }) => values[0])).toEqual([...Array(5).fill('[VALUE]'), ['[VALUE]'], ['[VALUE]']]);
    expect(others.flatMap(({ values }) => values.filter((value) => value !== null))).toEqual([]);
  });
});

describe('tokens', () => {
  test('the token of a text is its keyed MAC in letters, made from the text as it stands', async () => {
    const { values, type } = await valuesOf('as_text', 'token');

    expect(type).toBe('text');
    expect(values).toEqual(extremes.as_text.map((value) => (value === null ? null : tokenOf('TOKEN', value))));
  });

  test('one value has one token in every type of text; char(n) without its padding', async () => {
    const expected = tokenOf('TOKEN', 'a@x.test');
    const holding = ['as_text', 'as_varchar', 'as_char', 'as_citext', 'as_name'] as const;

    for (const name of holding) expect((await valuesOf(name, 'token')).values[1]).toBe(expected);
    expect((await valuesOf('as_email', 'token')).values[0]).toBe(expected);
  });

  test('a number has one token in every type of whole number, which all are bigint then, and in numeric', async () => {
    const small = await valuesOf('as_int2', 'token');
    const large = await valuesOf('as_int8', 'token');
    const numeric = await valuesOf('as_numeric', 'token');

    expect([small.type, large.type, numeric.type]).toEqual(['int8', 'int8', 'numeric']);
    expect(small.values).toEqual([
      ...extremes.as_int2.slice(0, -1).map((value) => numberTokenOf('TOKEN', String(value))),
      null,
    ]);
    expect(large.values[3]).toBe(numberTokenOf('TOKEN', '9223372036854775807'));
    expect(numeric.values.slice(0, 7)).toEqual(
      ['NaN', 'Infinity', '-Infinity', '0', '1', '1', '12345678.25'].map((value) => numberTokenOf('TOKEN', value)),
    );
  });

  test('a UUID becomes another, of version 8', async () => {
    const { values, type } = await valuesOf('as_uuid', 'token');

    expect(type).toBe('uuid');
    for (const value of values.slice(0, -1))
      expect(value).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(values[0]).not.toBe(values[1]);
  });

  test('arrays keep their order and their NULLs, in one dimension', async () => {
    const token = (text: string) => tokenOf('TOKEN', text);

    expect((await valuesOf('as_texts', 'token')).values).toEqual([
      [],
      [null],
      [token('a@x.test'), null, token('')],
      ['a', 'b', 'c', 'd'].map(token),
      ['e', 'f'].map(token),
      null,
    ]);
    expect((await valuesOf('as_ints', 'token')).values[1]).toEqual([
      numberTokenOf('TOKEN', '10000042'),
      null,
      numberTokenOf('TOKEN', '-1'),
    ]);
    expect((await valuesOf('as_emails', 'token')).values[0]).toEqual([token('a@x.test'), null]);
  });

  test('what cannot hold a token is NULL', async () => {
    const none = names
      .slice(names.indexOf('as_float'), names.indexOf('as_texts'))
      .filter((name) => name !== 'as_email');

    for (const name of [...none, 'as_enums', 'as_vector'] as const) {
      const { values } = await valuesOf(name, 'token');
      expect([name, values.filter((value) => value !== null)]).toEqual([name, []]);
    }
  });

  test('no detector takes a token for a card, a telephone number, a key or the like', async () => {
    const macs = Array.from({ length: 1000 }, (_, number) => String(number));
    const texts = macs.map((text) => tokenOf('TOKEN', text));
    const numbers = macs.map((text) => numberTokenOf('TOKEN', text));
    const column = { name: 'value', type: 'text' };
    const batches = (async function* () {
      const all = [...texts, ...numbers, ...numbers.map((token) => `{"a": ${token}, "b": "${token}"}`)];
      yield batchOf(all.map((text) => [text]));
    })();

    const result = maskResult(
      { form: 'rows', columns: [column], batches, summary: () => ({ truncated: false }) },
      { unmask: [] },
    );
    for await (const batch of result.batches) expect(batch.rows).toBe(3000);

    expect(result.findings()).toEqual([]);
  });
});

describe('partial', () => {
  test('the last four characters of what has at least eight, at a length that does not tell', async () => {
    expect((await valuesOf('as_varchar', 'part')).values).toEqual(['[PART]', '****test', '****5678', '[PART]', null]);
    expect((await valuesOf('as_text', 'part')).values[5]).toBe('****xxxx');
    expect((await valuesOf('as_char', 'part')).values).toEqual(['[PART]', '****test', '[PART]', null]);
  });

  test('the last four digits of large numbers, and of UUIDs', async () => {
    expect((await valuesOf('as_int4', 'part')).values).toEqual([null, null, 42, 3647, null]);
    expect((await valuesOf('as_int8', 'part')).values).toEqual([null, null, 0, 5807, null]);
    expect((await valuesOf('as_int2', 'part')).values).toEqual([null, null, null, null]);
    expect((await valuesOf('as_numeric', 'part')).values).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
      '5678',
      '9999',
      null,
      null,
    ]);
    expect((await valuesOf('as_uuid', 'part')).values[1]).toBe('00000000-0000-0000-0000-00000000ffff');
  });

  test('each element of an array by itself', async () => {
    expect((await valuesOf('as_texts', 'part')).values[2]).toEqual(['****test', null, '[PART]']);
    expect((await valuesOf('as_ints', 'part')).values[1]).toEqual([42, null, null]);
  });
});

describe('working with tokens', () => {
  const token = (text: string) => tokenOf('EMAIL_ADDRESS', text);

  test('tables are joined by them, across types', async () => {
    const byText = await agent.run('SELECT u.id, n.opted FROM users u JOIN newsletter n ON n.email = u.email');
    const byNumber = await agent.run('SELECT u.id FROM users u JOIN newsletter n USING (account)');

    expect(byText.rows).toEqual([[1, true]]);
    expect(byNumber.rows).toEqual([[1]]);
  });

  test('another connection of the deployment has the same tokens', async () => {
    const elsewhere = anAgent({ classification: { 'public.newsletter': { email: 'EMAIL_ADDRESS' } } });

    const { rows } = await elsewhere.run('SELECT email FROM newsletter WHERE account = 4000000001');

    expect(rows).toEqual([[token('User1@x.test')]]);
  });

  test('conditions, grouping and order see the token', async () => {
    const found = await agent.run('SELECT id FROM users WHERE email = $1', [token('User4@x.test')]);
    const like = await agent.run(`SELECT count(*)::int FROM users WHERE email LIKE 'User%'`);
    const grouped = await agent.run('SELECT email, count(*)::int FROM newsletter GROUP BY email ORDER BY email');

    expect(found.rows).toEqual([[4]]);
    expect(like.rows).toEqual([[0]]);
    expect(grouped.rows).toEqual(
      ['User1@x.test', 'user1@x.test', 'nobody@x.test']
        .map(token)
        .sort()
        .map((email) => [email, 1]),
    );
  });

  test('the caller’s own parameters and constants keep their places', async () => {
    const { rows } = await agent.run(
      `SELECT $2::text, id, email, $1::int FROM users WHERE id = $1 AND country = $3 AND email <> '$4'`,
      [5, 'second', 'DE'],
    );

    expect(rows).toEqual([['second', 5, token('User5@x.test'), 5]]);
  });

  test('copies have the token of what they copy: foreign keys, partitions, views, in lower case too', async () => {
    const { rows } = await agent.run(`SELECT (SELECT email FROM consents), (SELECT email FROM events_2026),
      (SELECT contact FROM contacts WHERE id = 6), (SELECT folded FROM contacts WHERE id = 6)`);

    expect(rows).toEqual([
      [token('User2@x.test'), token('User3@x.test'), token('User6@x.test'), token('user6@x.test')],
    ]);
  });

  test('what is computed from a value is redacted, unless the classification names it', async () => {
    const computed = await agent.run('SELECT mixed, hashed, digit FROM contacts WHERE id = 1');
    const generated = await agent.run('SELECT email_lower FROM users WHERE id = 1');
    const named = await agent.run('SELECT short FROM named WHERE id = 1');

    expect(computed.rows).toEqual([Array(3).fill('[EMAIL_ADDRESS]')]);
    expect(generated.rows).toEqual([['[EMAIL_ADDRESS]']]);
    expect(named.rows).toEqual([[token('User1@')]]);
  });

  test('columns may have any name', async () => {
    const { rows } = await agent.run('SELECT element, "each" FROM odd');

    expect(rows).toEqual([[['a', 'b'].map(token), token('c')]]);
  });

  test('whoever may see a class sees it in the clear, and other classes as before', async () => {
    const { rows } = await anAgent({ unmask: ['EMAIL_ADDRESS'] }).run(
      'SELECT email, phone, ssn FROM users WHERE id = 1',
    );

    expect(rows).toEqual([['User1@x.test', '****5001', '[US_SOCIAL_SECURITY_NUMBER]']]);
  });

  test('the key stands in no text that the server sees', async () => {
    const { plan } = await agent.understand('SELECT email, account FROM users');
    if (plan.access !== 'read') throw new Error('It is understood.');

    const key = Buffer.from(createTokenKey('a key for tests')('EMAIL_ADDRESS')).toString('hex');
    expect(plan.text).not.toMatch(/[0-9a-f]{32}/);
    expect(JSON.stringify(plan)).not.toContain(key);
    expect(plan.bindings()).toHaveLength(4);
    expect(plan.text).toContain('$4');
  });

  test('a plan, which would show the key, is not told', async () => {
    await expect(agent.run('EXPLAIN SELECT email FROM users')).rejects.toMatchObject({ code: 'masking-unprovable' });
  });

  test.for([
    'UPDATE notes SET body = (SELECT email FROM users WHERE id = 1) WHERE id = 1',
    'INSERT INTO notes SELECT id, email FROM users WHERE id = 1',
  ])('a token is never written back: %s', async (statement) => {
    await expect(agent.run(statement)).rejects.toMatchObject({ code: 'masking-unprovable' });
  });

  test('what a write reads is covered without any token', async () => {
    const { plan } = await agent.understand('INSERT INTO notes (id) SELECT id FROM users WHERE id = 1');
    if (plan.access !== 'write') throw new Error('It is understood.');

    expect(plan.bindings()).toEqual([]);
  });

  test.for([
    "INSERT INTO newsletter (email) VALUES ('user1@x.test')",
    "INSERT INTO newsletter VALUES ('user1@x.test', 1, true)",
    "UPDATE newsletter SET email = 'user1@x.test' WHERE NOT opted",
    'UPDATE newsletter SET (opted, account) = (true, 5) WHERE NOT opted',
    "INSERT INTO events_2026 (id, email) VALUES (1, 'user1@x.test')",
    "MERGE INTO newsletter USING notes ON opted WHEN MATCHED THEN UPDATE SET email = 'user1@x.test'",
  ])('nobody chooses values to see their tokens: %s', async (statement) => {
    await expect(agent.run(statement)).rejects.toMatchObject({ detail: expect.stringContaining('by its token') });
  });

  test('other columns can be written, and those of a class that one may see', async () => {
    const open = anAgent({ unmask: ['EMAIL_ADDRESS', 'ACCOUNT'] });

    const other = await agent.run('UPDATE newsletter SET opted = true WHERE NOT opted');
    const seen = await open.run("INSERT INTO newsletter (email) VALUES ('new@x.test')");

    expect([other.affected, seen.affected]).toEqual([1, 1]);
  });
});

describe('the least-privilege role', () => {
  test('may read what tokens are made of, and nothing that is redacted', async () => {
    const { rows } = await agent.ask({ task: 'grants', role: 'narrow' });
    const sql = rows.map(([line]) => String(line)).join('\n');
    const admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query(`${sql}\nALTER ROLE narrow PASSWORD 'p'`);
    await admin.end();
    const narrow = agentAt({ ...database, user: 'narrow', password: 'p' }, { classification, transforms, target });

    const answer = await narrow.run('SELECT email, phone, ssn FROM users WHERE id = 1');

    expect(answer.rows).toEqual([
      [tokenOf('EMAIL_ADDRESS', 'User1@x.test'), '****5001', '[US_SOCIAL_SECURITY_NUMBER]'],
    ]);
    expect(sql).toContain('public.users.email is masked by what is made of its value');
    expect(sql).toMatch(/GRANT SELECT \((?!.*"ssn").*"email".*\) ON "public"."users"/);
  });
});

describe('what is told of masks', () => {
  test('an operation and the schema say what is done in truth', async () => {
    const { masks } = await agent.understand('SELECT email, phone, ssn FROM users');
    const schema = JSON.stringify(await agent.schema());

    expect(masks.map(({ resource, transform }) => [resource, transform])).toEqual([
      ['public.users.email', 'token'],
      ['public.users.phone', 'partial'],
      ['public.users.ssn', 'redact'],
    ]);
    expect(schema).toContain('"class":"EMAIL_ADDRESS","mask":"token"');
    expect(schema).toContain('"class":"PHONE_NUMBER","mask":"partial"');
  });
});
