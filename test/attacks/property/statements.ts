import type { Choices } from './choices.ts';
import { condition, expression } from './expressions.ts';
import { query, type Scope } from './queries.ts';
import type { Column, Relation, Schema } from './schema.ts';
import { sampleOf } from './types.ts';

/** `ordered` says whether SQL promises an order of the rows; `shape` is what is counted. */
export type Statement = { sql: string; ordered: boolean; writes: boolean; shape: string };

/** A statement of any shape that the gateway may accept. */
export function statementFrom(choices: Choices, schema: Schema, writes: boolean): Statement {
  const relations = schema.relations;
  if (writes) return write(choices, relations);
  const careful = choices.chance(40);
  const around = { relations, ctes: [], outer: [], depth: 1 + choices.below(2), careful };
  const reads: readonly [() => Statement, ...(() => Statement)[]] = [
    () => {
      const made = query(choices, around);
      return {
        sql: made.sql,
        ordered: made.ordered,
        writes: false,
        shape: /^WITH/.test(made.sql)
          ? 'WITH'
          : /^\(/.test(made.sql)
            ? 'set operation'
            : /GROUP BY/.test(made.sql)
              ? 'grouped'
              : /OVER \(/.test(made.sql)
                ? 'window'
                : 'SELECT',
      };
    },
    () => wholeTable(choices, relations),
    () => ({
      sql: `EXPLAIN ${choices.of(['', '(COSTS OFF) ', '(VERBOSE, FORMAT JSON) '])}${query(choices, { ...around, careful: true }).sql}`,
      ordered: true,
      writes: false,
      shape: 'EXPLAIN',
    }),
    () => ({ sql: choices.of(catalogs), ordered: true, writes: false, shape: 'catalog' }),
  ];
  const [plain, whole, explain, catalog] = [reads[0], reads[1] ?? reads[0], reads[2] ?? reads[0], reads[3] ?? reads[0]];
  return choices.of([
    plain,
    plain,
    plain,
    plain,
    plain,
    plain,
    plain,
    plain,
    plain,
    plain,
    whole,
    whole,
    explain,
    catalog,
  ])();
}

const catalogs = [
  "SELECT relname, relkind FROM pg_class WHERE relname LIKE 't_' ORDER BY 1",
  "SELECT relname, relpages, reltuples FROM pg_class WHERE relname LIKE 't%' ORDER BY 1, 2, 3",
  "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
  "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass('public.t0') ORDER BY 1",
  "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
  "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
] as const;

function wholeTable(choices: Choices, relations: readonly Relation[]): Statement {
  const { name = 't0', columns = [] } = choices.any(relations) ?? {};
  const column = choices.any(columns)?.name ?? 'id';
  const [sql, ordered = false] = choices.of<[string, boolean?]>([
    [`TABLE ${name}`],
    [`SELECT * FROM ${name} ORDER BY 1`],
    [`SELECT count(*) FROM ${name}`, true],
    [`SELECT * FROM ${name} LIMIT 2`],
    [`SELECT ${column} FROM ${name}`],
    [`SELECT count(DISTINCT ${column}::text), count(${column}) FROM ${name}`, true],
    [`SELECT ${name} FROM ${name}`],
    [`SELECT row_to_json(${name}) FROM ${name}`],
    [`SELECT DISTINCT ON (${column}::text) * FROM ${name} ORDER BY ${column}::text`],
    [`SELECT tableoid::regclass::text, count(*) FROM ${name} GROUP BY 1 ORDER BY 1`, true],
    [`SELECT ctid FROM ${name}`],
    [`SELECT count(*) FROM ${name} TABLESAMPLE BERNOULLI (50) REPEATABLE (3)`, true],
    [`VALUES ((SELECT max(${column}::text) FROM ${name})), ('x')`],
    [`SELECT * FROM ONLY ${name}`],
    [`SELECT public.${name}.${column} FROM public.${name} WHERE public.${name}.${column} IS NOT NULL`],
  ]);
  return { sql, ordered, writes: false, shape: 'whole table' };
}

function write(choices: Choices, relations: readonly Relation[]): Statement {
  const tables = relations.filter(({ kind, columns }) => kind === 'table' && columns.length > 0);
  const target = choices.any(tables) ?? { name: 't0', columns: [], kind: 'table' as const };
  const careful = choices.chance(80);
  const own = (alias: string): Scope => ({
    relations,
    ctes: [],
    outer: [],
    depth: careful ? 0 : 1,
    plain: careful,
    careful,
    sources: [{ alias, columns: target.columns }],
  });
  const settable = target.columns.filter(({ given, name }) => given === undefined && name !== 'id');
  const sets = (alias: string): string => {
    const columns = [...new Set(choices.list(1, 2, () => choices.any(settable)))].filter(
      (column) => column !== undefined,
    );
    const list = columns.map((column) => `${column.name} = ${newValue(choices, column, own(alias))}`);
    return list.length > 0 ? list.join(', ') : 'id = 1';
  };
  const where = (alias: string) =>
    `${alias}.id ${choices.of(['= 1', '< 3', '= 50', 'IN (2, 4)'])}${choices.chance(50) ? ` AND ${condition(choices, own(alias))}` : ''}`;
  const returning = (alias: string) => {
    const open = careful ? target.columns.filter(({ secret }) => !secret) : target.columns;
    const name = choices.any(open)?.name ?? 'id';
    return choices.of([
      '',
      ` RETURNING ${alias}.id`,
      ` RETURNING ${alias}.${name}`,
      careful ? ` RETURNING ${alias}.id + 1` : ` RETURNING ${alias}.*`,
      ` RETURNING ${careful ? `${alias}.${name}` : `${choices.of(['old', 'new'])}.${name}`}`,
    ]);
  };
  const given = settable.filter(() => choices.chance(50));
  const row = () => [String(100 + choices.below(5)), ...given.map((column) => sampleOf(choices, column.type, true))];
  const columns = ['id', ...given.map(({ name }) => name)].join(', ');
  const source = choices.any(tables) ?? target;
  const from: Scope = {
    ...own('x'),
    sources: [
      { alias: 'x', columns: target.columns },
      { alias: 'y', columns: source.columns },
    ],
  };
  const ways: readonly [readonly [string, () => string], ...(readonly [string, () => string])[]] = [
    [
      'INSERT',
      () =>
        `INSERT INTO ${target.name} AS x (${columns}) VALUES (${row().join(', ')})${choices.chance(30) ? `, (${row().join(', ')})` : ''}${returning('x')}`,
    ],
    ['UPDATE', () => `UPDATE ${target.name} x SET ${sets('x')} WHERE ${where('x')}${returning('x')}`],
    ['DELETE', () => `DELETE FROM ${target.name} x WHERE ${where('x')}${returning('x')}`],
    [
      'ON CONFLICT',
      () =>
        `INSERT INTO ${target.name} AS x (${columns}) VALUES (1${row()
          .slice(1)
          .map((value) => `, ${value}`)
          .join(
            '',
          )}) ON CONFLICT ${choices.of(['DO NOTHING', '(id) DO NOTHING', `(id) DO UPDATE SET ${sets('x')}`])}${returning('x')}`,
    ],
    [
      'INSERT SELECT',
      () =>
        `INSERT INTO ${target.name} (id) SELECT y.id + 200 FROM ${source.name} y WHERE ${condition(choices, { ...from, sources: [{ alias: 'y', columns: source.columns }] })}`,
    ],
    [
      'UPDATE FROM',
      () =>
        `UPDATE ${target.name} x SET ${sets('x')} FROM ${source.name} y WHERE y.id = x.id AND ${condition(choices, from)}${returning('x')}`,
    ],
    [
      'DELETE USING',
      () =>
        `DELETE FROM ${target.name} x USING ${source.name} y WHERE y.id = x.id AND ${condition(choices, from)}${returning('x')}`,
    ],
    [
      'MERGE',
      () =>
        `MERGE INTO ${target.name} x USING ${source.name} y ON x.id = y.id AND y.id < 4 WHEN MATCHED${choices.chance(50) ? ` AND ${condition(choices, from)}` : ''} THEN ${choices.of(['DO NOTHING', `UPDATE SET ${sets('x')}`, 'DELETE'])}${choices.of(['', ' WHEN NOT MATCHED THEN DO NOTHING', ' WHEN NOT MATCHED THEN INSERT (id) VALUES (y.id + 300)'])}${choices.of(['', returning('x')])}`,
    ],
    [
      'CTE that writes',
      () =>
        `WITH w AS (${choices.of([`UPDATE ${target.name} x SET ${sets('x')} WHERE ${where('x')}`, `DELETE FROM ${target.name} x WHERE ${where('x')}`, `INSERT INTO ${target.name} AS x (${columns}) VALUES (${row().join(', ')})`])} RETURNING x.id) SELECT count(*) FROM w${choices.chance(40) ? `, ${source.name} y WHERE ${condition(choices, { ...from, sources: [{ alias: 'y', columns: source.columns }] })}` : ''}`,
    ],
  ];
  const [shape, make] = choices.of(ways);
  return { sql: make(), ordered: true, writes: true, shape };
}

function newValue(choices: Choices, column: Column, scope: Scope): string {
  const plain = ['text', 'int', 'bool', 'date', 'jsonb', 'numeric'].includes(column.type.sql);
  if (plain && choices.chance(50)) return expression(choices, column.type.family, scope);
  return choices.chance(10) ? 'DEFAULT' : sampleOf(choices, column.type, true);
}
