import fc from 'fast-check';
import { loadModule, parseSync, scanSync } from 'libpg-query';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres as Server, startPostgres } from '../../../emulators/postgres/postgres.ts';
import { createTokenKey } from '../../../src/model/seal.ts';
import { readCatalog } from '../../../src/targets/postgres/catalog/catalog-reader.ts';
import type { Snapshot } from '../../../src/targets/postgres/catalog/snapshots.ts';
import { outlineOf } from '../../../src/targets/postgres/language/outline.ts';
import { createParser } from '../../../src/targets/postgres/language/parser.ts';
import { protectionsOf } from '../../../src/targets/postgres/rules/protections.ts';
import { createShapes } from '../../../src/targets/postgres/shapes.ts';
import type { Ground } from '../../../src/targets/postgres/subject.ts';
import { type Understanding, understand } from '../../../src/targets/postgres/understand.ts';
import { choicesFrom } from '../../attacks/property/choices.ts';
import { schemaFrom } from '../../attacks/property/schema.ts';
import { statementFrom } from '../../attacks/property/statements.ts';
import { typesSql } from '../../attacks/property/types.ts';
import { crmClassification, crmSql } from './crm.ts';
import { withOtherConstants } from './other-constants.ts';

/** By hand more: `SALLYPORT_PROPERTY_RUNS=100`, and `SALLYPORT_PROPERTY_SEED` for others. */
const randomSchemas = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 2);
const byHand = process.env['SALLYPORT_PROPERTY_RUNS'] !== undefined;
const seed = Number(process.env['SALLYPORT_PROPERTY_SEED'] ?? 20_261_122);

await loadModule();
const parser = createParser();

describe('an outline is had only by a statement that cannot be read in two ways', () => {
  const without = [
    "SELECT E'a'",
    "SELECT e'a\\'b'",
    "SELECT B'01'",
    "SELECT x'1F'",
    "SELECT U&'a'",
    'SELECT U&"a" FROM t WHERE b = \'c\'',
    "SELECT N'a'",
    "SELECT 'a\\'",
    "SELECT $$a$$, 'b'",
    "SELECT $x$'$x$, 'b'",
    'SELECT 1 WHERE a = $1',
    "SELECT 'a'\n'b'",
    "SELECT 'a' 'b'",
    "SELECT 'a' -- 'b'\n'c'",
    'SELECT 1 -- 2',
    'SELECT 1 /* 2 */',
    'SELECT 1.',
    'SELECT .5',
    'SELECT 1e5',
    'SELECT 1.5e5',
    'SELECT 0x1F',
    'SELECT 0b1',
    'SELECT 0o7',
    'SELECT 1_000',
    'SELECT 1..2',
    'SELECT 1a',
    'SELECT 1234567890123456789',
    "SELECT date'2026-01-01'",
    "SELECT 1'a'",
    "SELECT 'a\nb'",
    "SELECT 'a\tb'",
    "SELECT 'a\u007f'",
    "SELECT 'open",
    'SELECT "open',
    'SELECT "é", 1',
    'SELECT é, 1',
    'SELECT a\u00a0= 1',
    'SELECT a\u000b= 1',
    'SELECT `1`',
    'SELECT {d 1}',
    `SELECT ${'1 + '.repeat(1500)}1`,
  ];

  for (const statement of without) {
    test(`not ${statement.slice(0, 40)}`, () => {
      const outline = outlineOf(statement);

      expect(outline).toBeUndefined();
    });
  }

  test('two statements have one only where they differ in nothing but constants of one kind', () => {
    const distinct = [
      'SELECT 1',
      "SELECT '1'",
      'SELECT 1.0',
      'SELECT 2147483648',
      'SELECT -1',
      'SELECT - 1',
      'SELECT  1',
      'SELECT "1"',
      'SELECT 1;',
      'SELECT 1::text',
      'select 1',
      'SELECT a1',
    ];

    const keys = distinct.map((statement) => outlineOf(statement)?.key);

    expect(new Set(keys).size).toBe(distinct.length);
    expect(outlineOf('SELECT 2147483647')?.key).toBe(outlineOf('SELECT 0')?.key);
    expect(outlineOf("SELECT 'it''s'")?.key).toBe(outlineOf("SELECT ''")?.key);
  });

  test('PostgreSQL finds the same tokens and the same tree in all statements of one outline', () => {
    const word = fc.constantFrom(
      ...[
        'SELECT ',
        'a',
        ' FROM t',
        ' WHERE ',
        ' AND ',
        ' = ',
        '=',
        '-',
        '- ',
        '<',
        '>',
        '+',
        '::',
        'text',
        ' IN (',
        ')',
      ],
      ...[
        ', ',
        ' ',
        '\n',
        '"',
        "'",
        "''",
        '.',
        ';',
        '1',
        '42',
        "'x'",
        "'it''s'",
        '1.5',
        '9999999999',
        'e',
        'E',
        'date ',
      ],
      ...[
        'interval ',
        '/',
        '*',
        '&',
        'U',
        '$',
        '\\',
        '_',
        ' LIMIT ',
        '[',
        ']',
        ':',
        '!',
        '~',
        '@',
        '#',
        '|',
        '?',
        ' OR ',
      ],
    );
    const text = fc.array(word, { minLength: 1, maxLength: 14 }).map((words) => words.join(''));
    const statements = fc.oneof(
      text,
      text.map((rest) => `SELECT a FROM t WHERE a = 1${rest}`),
    );
    let outlined = 0;
    let parsed = 0;

    const property = fc.property(statements, fc.infiniteStream(fc.nat()), (statement, choice) => {
      const outline = outlineOf(statement);
      if (outline === undefined || outline.constants.length === 0) return;
      const other = withOtherConstants(statement, outline, (_, count) => choice.next().value % count);
      outlined += 1;
      expect(outlineOf(other)?.key).toBe(outline.key);
      expect(tokenNames(other)).toEqual(tokenNames(statement));
      const [one, two] = [treeOf(statement), treeOf(other)];
      if (one !== undefined && two !== undefined) parsed += 1;
      expect(blank(two)).toEqual(blank(one));
    });
    fc.assert(property, { seed, numRuns: 6000 });

    expect(outlined).toBeGreaterThan(1000);
    expect(parsed).toBeGreaterThan(100);
  });
});

type Understood = { ground: Ground; snapshot: Snapshot };

/** Undefined where the scanner cannot read it. */
function tokenNames(text: string) {
  try {
    return scanSync(text).tokens.map(({ tokenName, text }) => (/CONST$/.test(tokenName) ? tokenName : text));
  } catch {
    return undefined;
  }
}

function treeOf(text: string): unknown {
  try {
    return parseSync(text).stmts;
  } catch {
    return undefined;
  }
}

/** A tree without places, and without the values of constants. */
function blank(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (key, inner) => {
      if (/location|stmt_len|_list_(start|end)/.test(key)) return undefined;
      return ['ival', 'fval', 'sval'].includes(key) && (typeof inner !== 'object' || inner.sval !== undefined)
        ? typeof inner
        : key === 'ival'
          ? 'number'
          : inner;
    }),
  );
}

describe('a statement is understood by its shape as it is in full', () => {
  let server: Server;
  let admin: pg.Client;
  let crm: Understood;

  beforeAll(async () => {
    server = await startPostgres({ database: 'crm', initSql: crmSql });
    admin = new pg.Client(server.url);
    await admin.connect();
    crm = await groundFor({ classification: crmClassification, unclassified: 'deny' });
  }, 60_000);

  afterAll(async () => {
    await admin?.end();
    await server?.stop();
    await parser.close();
  });

  async function groundFor(options: {
    classification: Record<string, Record<string, string>>;
    unclassified: 'deny' | 'allow' | 'mask';
    unmask?: readonly string[];
  }): Promise<Understood> {
    const fetch = async function* (sql: string) {
      yield (await admin.query(sql)).rows;
    };
    const catalog = await readCatalog(fetch, 'crm', parser);
    const { classification, unclassified, unmask = [] } = options;
    const connection = {
      name: 'crm',
      version: '1',
      document: {
        kind: 'postgres' as const,
        settings: {},
        credential: { secret: 'projects/p/secrets/s' },
        labels: {},
        unclassified,
        limits: {},
        record: 'masked' as const,
        approval_wait: 0,
      },
      classification: new Map(
        Object.entries(classification).map(([name, columns]) => [name, new Map(Object.entries(columns))]),
      ),
      transforms: new Map(),
    };
    const seal = (className: string, literal: string) => `«${className}:${Buffer.from(literal).toString('hex')}»`;
    const context = { connection, unmask, seal, tokenKey: createTokenKey('a key for tests') };
    const searchPath = ['public'];
    return {
      ground: { catalog, searchPath, parser, context, protections: protectionsOf(catalog, connection) },
      snapshot: { catalog, searchPath, number: 1 },
    };
  }

  /** Understands statements as the target does, and compares what shapes say with what is understood in full. */
  function follower({ ground, snapshot }: Understood) {
    const shapes = createShapes();
    const base = { snapshot, key: 'crm' };
    return async (statement: string): Promise<'by shape' | 'in full' | 'unreadable'> => {
      const outline = outlineOf(statement);
      const found = outline && shapes.find(statement, outline, base);
      const full = await understand({ statement, parameters: [] }, ground, outline).catch(() => undefined);
      if (found !== undefined) expect(said(found)).toEqual(full && said(full.understanding));
      if (full === undefined) return 'unreadable';
      if (found !== undefined) return 'by shape';
      if (outline !== undefined) shapes.learn(statement, outline, base, full);
      return 'in full';
    };
  }

  test.each([
    'SELECT * FROM users WHERE id = 1',
    "SELECT name FROM users WHERE email = 'x'",
    "SELECT name FROM users WHERE country = 'DE' AND id > 5 ORDER BY id LIMIT 10 OFFSET 5",
    "SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id AND o.status = 'open' WHERE NOT (u.id = 3 OR u.id = -4)",
    "SELECT count(*) FROM orders GROUP BY status HAVING status <> 'open'",
    "WITH found AS (SELECT * FROM users WHERE ssn LIKE '12%') SELECT * FROM found WHERE id BETWEEN 1 AND 5",
    'SELECT * FROM orders WHERE id IN (1, 2, 3) UNION ALL SELECT * FROM orders WHERE total > 1.5',
    "SELECT id FROM orders WHERE created_at >= '2026-01-01' AND 5 < id",
    "SELECT contact FROM contacts WHERE contact ILIKE 'a%' AND id < 99999999999",
    "SELECT * FROM users WHERE id = (SELECT user_id FROM orders WHERE id = 1 LIMIT 1) AND name = 'é'",
  ])('%s', async (statement) => {
    const follow = follower(crm);
    const outline = outlineOf(statement);
    if (outline === undefined) throw new Error('It has no outline.');
    const other = (by: number) => withOtherConstants(statement, outline, (index, count) => (by + 3 * index) % count);

    const first = [await follow(statement), await follow(other(0))];
    const later = [];
    for (let by = 1; by < 30; by++) later.push(await follow(other(by)));

    expect(first).toEqual(['in full', 'in full']);
    expect(new Set(later)).toEqual(new Set(['by shape']));
  });

  test.each<[what: string, statement: string, values: string[]]>([
    ['a position in ORDER BY', 'SELECT id, name, age FROM users ORDER BY ?', ['1', '2', '3']],
    ['a position in GROUP BY', 'SELECT id, name, age FROM users GROUP BY ?, id, name, age', ['1', '2', '3']],
    ['what is selected', 'SELECT ? FROM users', ['1', '2', '3']],
    ['a type', 'SELECT name::varchar(?) FROM users', ['1', '2', '3']],
    ['a float type', 'SELECT id::float(?) FROM users', ['1', '25', '2']],
    ['a cast', 'SELECT * FROM users WHERE born > ?::date', ["'2026-01-01'", "'now'", "'today'"]],
    ['a name', 'SELECT * FROM orders WHERE id = ?::regclass', ["'users'", "'notes'", "'orders'"]],
    ['a typed literal', 'SELECT * FROM users WHERE born > date ?', ["'2026-01-01'", "'now'", "'today'"]],
    ['an interval', 'SELECT born + interval ? day FROM users', ["'1'", "'2'", "'3'"]],
    ['a sample', 'SELECT id FROM orders TABLESAMPLE bernoulli (?)', ['1', '2', '3']],
    ['an argument', 'SELECT round(total, ?) FROM orders', ['1', '2', '3']],
    ['a setting', 'SELECT current_setting(?)', ["'a'", "'b'", "'c'"]],
    ['seconds', 'SELECT pg_sleep(?)', ['1', '2', '3']],
    ['a relation', 'SELECT to_regclass(?)', ["'users'", "'notes'", "'orders'"]],
    ['a path', "SELECT jsonb_path_query('{}', ?)", ["'$.a'", "'$.b'", "'$.c'"]],
    ['a pattern', 'SELECT * FROM orders WHERE status ~ ?', ["'a'", "'b'", "'c'"]],
    ['a format', 'SELECT to_char(created_at, ?) FROM orders', ["'YYYY'", "'MM'", "'DD'"]],
    ['a unit', 'SELECT extract(? FROM born) FROM users', ["'year'", "'day'", "'month'"]],
    ['an array', 'SELECT * FROM orders WHERE id = ANY (?)', ["'{1}'", "'{2}'", "'{3}'"]],
    ['arithmetic', 'SELECT * FROM orders WHERE id = 1 + ?', ['1', '2', '3']],
    ['a comparison of constants', 'SELECT * FROM orders WHERE 1 = ?', ['1', '2', '3']],
  ])('%s is no free constant: %s', async (_what, statement, values) => {
    const follow = follower(crm);
    const ways = [];

    for (const value of values) ways.push(await follow(statement.replace('?', value)));

    expect(ways).toEqual(['in full', 'in full', 'in full']);
  });

  test.each([
    "UPDATE orders SET status = 'x' WHERE id = 1",
    'DELETE FROM orders WHERE id = 1',
    "INSERT INTO notes VALUES (1, 'x')",
    'WITH gone AS (DELETE FROM orders WHERE id = 1 RETURNING id) SELECT * FROM gone',
    'SELECT * FROM orders WHERE id = 1 FOR UPDATE',
    'EXPLAIN SELECT * FROM orders WHERE id = 1',
    'SELECT prosrc FROM pg_proc WHERE oid = 1',
    'SELECT * FROM nowhere WHERE id = 1',
    'CREATE TABLE made AS SELECT * FROM orders WHERE id = 1',
  ])('what is more than a read, or is refused, has no shape: %s', async (statement) => {
    const follow = follower(crm);

    const ways = [
      await follow(statement),
      await follow(statement.replace('1', '2')),
      await follow(statement.replace('1', '3')),
    ];

    expect(ways).toEqual(['in full', 'in full', 'in full']);
  });

  test('a value that was never tried is understood in full', async () => {
    const follow = follower(crm);
    const statement = (status: string, id: number) => `SELECT * FROM orders WHERE status = '${status}' AND id = ${id}`;

    const ways = [
      await follow(statement('open', 1)),
      await follow(statement('open', 2)),
      await follow(statement('open', 3)),
      await follow(statement('done', 3)),
      await follow(statement('gone', 4)),
    ];

    expect(ways).toEqual(['in full', 'in full', 'by shape', 'in full', 'by shape']);
  });

  test('nothing is served by a shape that was once found wrong', async () => {
    const { ground, snapshot } = crm;
    const shapes = createShapes();
    const base = { snapshot, key: 'crm' };
    const learn = async (id: number, change: (understood: Understanding) => Understanding = (same) => same) => {
      const statement = `SELECT * FROM users WHERE id = ${id}`;
      const outline = outlineOf(statement);
      if (outline === undefined) throw new Error('It has no outline.');
      const full = await understand({ statement, parameters: [] }, ground, outline);
      const found = shapes.find(statement, outline, base);
      shapes.learn(statement, outline, base, { ...full, understanding: change(full.understanding) });
      return found !== undefined;
    };
    const otherwise = (same: Understanding) => ({
      ...same,
      operation: { ...same.operation, risks: ['opaque' as const] },
    });

    await learn(1);
    await learn(2, otherwise);
    const found = [await learn(3), await learn(4), await learn(5)];

    expect(found).toEqual([false, false, false]);
  });

  test('schemas and statements at random, thousands with exchanged constants', { timeout: 3_600_000 }, async () => {
    const numbers = (most: number) => fc.noBias(fc.array(fc.nat(0xffff), { maxLength: most, size: 'max' }));
    const cases = fc.record({
      schema: fc.noBias(fc.array(fc.nat(0xffff), { maxLength: 600, size: 'max' })),
      reads: fc.noBias(fc.array(numbers(200), { minLength: 30, maxLength: 40, size: 'max' })),
    });
    const ways = { 'by shape': 0, 'in full': 0, unreadable: 0 };

    for (const { schema: choices, reads } of fc.sample(cases, { seed, numRuns: randomSchemas })) {
      const schema = schemaFrom(choicesFrom(choices));
      await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${typesSql}
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`);
      for (const { sql } of schema.steps) await admin.query(sql[0]).catch(() => undefined);
      const made = await groundFor({ ...schema, unclassified: schema.unclassified ?? 'allow' });
      const follow = follower(made);
      for (const read of reads) {
        const { sql } = statementFrom(choicesFrom(read), schema, false);
        const outline = outlineOf(sql);
        if (outline === undefined) continue;
        const first = await understand({ statement: sql, parameters: [] }, made.ground, outline).catch(() => undefined);
        let choice = read[0] ?? 0;
        const next = (count: number) => {
          choice += 7919;
          return choice % count;
        };
        // Most of the time only what is free is another, as anything else is another shape.
        for (let times = 0; times < 8; times++) {
          const other = withOtherConstants(sql, outline, (index, count) =>
            times > 5 || first?.shape?.free[index] ? next(count) : -1,
          );
          ways[await follow(times === 0 ? sql : other)] += 1;
        }
      }
    }

    if (byHand) console.log(ways);
    expect(ways['by shape']).toBeGreaterThan(50 * randomSchemas);
  });
});

/** All that an understanding says, its functions asked. */
function said({ operation, recorded, ...rest }: Understanding) {
  const { plan, ...of } = operation;
  const { statement, parameters, returns } = recorded;
  const run =
    plan.access === 'read' || plan.access === 'write'
      ? { ...plan, bindings: plan.bindings(), typeOf: typeof plan.typeOf, maskedOrigin: typeof plan.maskedOrigin }
      : plan.access;
  return { ...rest, of, run, recorded: [statement, parameters([]), returns([])] };
}
