import type { Choices } from './choices.ts';
import { query } from './queries.ts';
import { type Family, sampleOf, type Type, typeOf, types } from './types.ts';

export type Column = {
  name: string;
  type: Type;
  /** Its values differ between the databases: it is classified, or made of what is. */
  secret: boolean;
  /** The server makes its values. */
  given?: true;
};
export type Relation = { name: string; columns: readonly Column[]; kind: 'table' | 'view' };
type Table = Relation & { kind: 'table' };

/** A step of setting up. What is optional is left out of both databases where either refuses it. */
export type Step = { sql: readonly [string, string]; optional?: { drop: string; relation?: Relation } };

export type Schema = {
  steps: Step[];
  relations: Relation[];
  classification: Record<string, Record<string, string>>;
  unclassified: 'allow' | 'mask' | 'deny';
  unmask: string[];
  features: Set<string>;
};

const names = ['a', 'b', 'c', 'email', 'code', 'n', 'note', 'x', 'length', 'name'] as const;
const both = (sql: string): readonly [string, string] => [sql, sql];

/** A schema full of what copies, orders, counts and refuses, with rows that differ in classified values only. */
export function schemaFrom(choices: Choices): Schema {
  const schema: Schema = {
    steps: [],
    relations: [],
    classification: {},
    unclassified: choices.of(['allow', 'allow', 'deny', 'mask']),
    unmask: choices.chance(20) ? ['OPEN'] : [],
    features: new Set(),
  };
  for (const index of Array.from({ length: 2 + choices.below(3) }).keys()) addTable(choices, schema, `t${index}`);
  if (choices.chance(60)) schema.steps.push({ sql: both('ANALYZE') });
  for (const index of Array.from({ length: choices.below(5) }).keys()) addView(choices, schema, `v${index}`);
  if (choices.chance(15)) {
    const columns = Object.assign({}, ...Object.values(schema.classification));
    schema.classification = { 'public.t*': columns, ...(schema.unclassified === 'deny' && { 'public.*': {} }) };
    for (const { columns: all } of schema.relations)
      for (const column of all) if (column.name in columns && !column.secret) schema.features.add('glob');
  }
  return schema;
}

function addTable(choices: Choices, schema: Schema, name: string) {
  const used = new Set(['id']);
  const columns: Column[] = [{ name: 'id', type: typeOf('int'), secret: false }];
  const definitions = ['id int'];
  const classes: Record<string, string> = {};
  const partitioned = choices.chance(20);
  const rows = 3 + choices.below(6);

  for (let count = 2 + choices.below(6); count > 0; count -= 1) {
    const column = choices.of(names);
    if (used.has(column)) continue;
    used.add(column);
    const type = choices.of(types);
    const classified = choices.chance(45);
    const open = classified && choices.chance(20) && schema.unmask.includes('OPEN');
    if (classified) classes[column] = open ? 'OPEN' : choices.of(['SECRET', 'EMAIL_ADDRESS']);
    columns.push({ name: column, type, secret: classified && !open });
    definitions.push(`${column} ${type.sql}${choices.chance(15) ? ` DEFAULT ${choices.of(type.values)}` : ''}`);
  }
  const values = columns.map((column): [string[], string[]] => rowsOf(choices, column, rows));
  const parent = choices.any(schema.relations.filter(({ kind }) => kind === 'table'));
  const key = partitioned ? undefined : keyOf(choices, schema, parent, name);
  if (key !== undefined) {
    columns.push(key.column);
    definitions.push(`${key.column.name} ${key.column.type.sql} REFERENCES ${key.to}${key.actions}`);
    values.push(
      Array.from({ length: rows }).reduce<[string[], string[]]>(
        ([a, b]) => {
          const row = choices.below(3);
          return [
            [...a, key.values[0][row] ?? 'NULL'],
            [...b, key.values[1][row] ?? 'NULL'],
          ];
        },
        [[], []],
      ),
    );
  }
  const made = generatedOf(choices, columns);
  if (made !== undefined) {
    schema.features.add('generated');
    columns.push(made.column);
    definitions.push(made.sql);
  }
  if (!partitioned) definitions.push('PRIMARY KEY (id)');

  const table: Table = { name, columns, kind: 'table' };
  const fit = columns.filter(({ given, type }) => given === undefined && type.unordered !== true);
  const open = fit.filter(({ secret }) => !secret || choices.chance(10));
  const by = partitioned ? choices.any(open) : undefined;
  schema.steps.push({
    sql: both(`CREATE TABLE ${name} (${definitions.join(', ')})${by ? partitionBy(choices, schema, by) : ''}`),
  });
  if (by !== undefined) schema.steps.push(...partitionsOf(schema, name, by));
  const stored = columns.filter(({ given }) => given === undefined);
  const insert = (side: 0 | 1) =>
    `INSERT INTO ${name} (${stored.map((column) => column.name).join(', ')}) VALUES ${Array.from({ length: rows }, (_, row) => `(${values.map((cells) => cells[side][row]).join(', ')})`).join(', ')}`;
  schema.steps.push({ sql: [insert(0), insert(1)], optional: { drop: `DROP TABLE IF EXISTS ${name} CASCADE` } });
  schema.relations.push(table);
  if (!partitioned)
    memory.set(table, Object.fromEntries(stored.map((column, index) => [column.name, values[index] ?? [[], []]])));
  if (Object.keys(classes).length > 0 || schema.unclassified !== 'mask' || choices.chance(70))
    schema.classification[`public.${name}`] = classes;
  else for (const column of columns) column.secret ||= column.name === '';
  addExtras(choices, schema, table);
}

/** What each table's rows were given, for keys that refer to them. */
const memory = new WeakMap<Relation, Record<string, [string[], string[]]>>();

function rowsOf(choices: Choices, { name, type, secret }: Column, rows: number): [string[], string[]] {
  if (name === 'id')
    return [1, 2].map(() => Array.from({ length: rows }, (_, row) => String(row + 1))) as [string[], string[]];
  const a = Array.from({ length: rows }, () => sampleOf(choices, type));
  return [a, secret ? a.map(() => sampleOf(choices, type)) : a];
}

type Key = { column: Column; to: string; actions: string; values: [string[], string[]] };

function keyOf(choices: Choices, schema: Schema, parent: Relation | undefined, name: string): Key | undefined {
  const rows = parent && memory.get(parent);
  if (parent === undefined || rows === undefined || choices.chance(40)) return undefined;
  // Only a column whose values are all different can be referred to.
  const fit = parent.columns.filter(({ name, type, given }) => {
    const [a, b] = rows[name] ?? [[], []];
    return (
      given === undefined &&
      type.unordered !== true &&
      type.family !== 'number' &&
      new Set(a).size === a.length &&
      new Set(b).size === b.length &&
      !a.includes('NULL') &&
      !b.includes('NULL')
    );
  });
  const column = choices.any(fit);
  if (column === undefined) return undefined;
  const [a, b] = rows[column.name] ?? [[], []];
  schema.features.add(column.secret ? 'key to a classified column' : 'foreign key');
  if (
    column.name !== 'id' ||
    !schema.steps.some(({ sql }) => sql[0].startsWith(`CREATE TABLE ${parent.name} `) && sql[0].includes('PRIMARY KEY'))
  )
    schema.steps.push({ sql: both(`CREATE UNIQUE INDEX ON ${parent.name} (${column.name})`) });
  return {
    column: { name: `${name}_ref`, type: column.type, secret: column.secret },
    to: `${parent.name} (${column.name})`,
    actions: choices.of([
      '',
      ' ON DELETE CASCADE',
      ' ON UPDATE CASCADE',
      ' ON DELETE SET NULL ON UPDATE CASCADE',
      ' DEFERRABLE INITIALLY DEFERRED',
    ]),
    values: [a, b],
  };
}

const generators: Readonly<Partial<Record<Family, readonly [string, string][]>>> = {
  text: [
    ['upper(%)', 'text'],
    ['length(%)', 'int'],
    ["coalesce(%, 'none')", 'text'],
  ],
  int: [
    ['% + 1', 'int'],
    ['% * 2000', 'int'],
    ['%::text', 'text'],
  ],
  list: [['cardinality(%)', 'int']],
  json: [['%::text', 'text']],
  bool: [['NOT %', 'bool']],
};

function generatedOf(choices: Choices, columns: readonly Column[]): { column: Column; sql: string } | undefined {
  if (!choices.chance(35)) return undefined;
  const source = choices.any(columns.filter(({ type }) => generators[type.family] !== undefined));
  const other = choices.any(columns.filter(({ type }) => type.family === 'int'));
  const way = source && choices.any(generators[source.type.family] ?? []);
  if (source === undefined || way === undefined) return undefined;
  const mixes = way[1] === 'int' && other !== undefined && choices.chance(40);
  const expression = way[0].replace('%', source.name) + (mixes ? ` + ${other.name}` : '');
  const secret = source.secret || (mixes && other.secret);
  // The server's own type: a domain could be too small for what comes out.
  const kind = /short|small_|pair/.test(source.type.sql + (other?.type.sql ?? ''))
    ? 'STORED'
    : choices.of(['STORED', 'VIRTUAL']);
  return {
    column: { name: 'made', type: typeOf(way[1]), secret, given: true },
    sql: `made ${way[1]} GENERATED ALWAYS AS (${expression}) ${kind}`,
  };
}

function partitionBy(choices: Choices, schema: Schema, by: Column): string {
  // The hash of an enum's value is that of its oid, which is another in the other database.
  const way = by.type.sql === 'mood' ? 'LIST' : choices.of(['HASH', 'LIST', 'RANGE']);
  schema.features.add(`${way.toLowerCase()} partitions${by.secret ? ' by a classified column' : ''}`);
  ways.set(by, way);
  return ` PARTITION BY ${way} (${by.name})`;
}
const ways = new WeakMap<Column, string>();

function partitionsOf(schema: Schema, name: string, by: Column): Step[] {
  const way = ways.get(by);
  const part = (suffix: string, bounds: string): Step => {
    schema.relations.push({ name: `${name}_${suffix}`, columns: [], kind: 'table' });
    return { sql: both(`CREATE TABLE ${name}_${suffix} PARTITION OF ${name} ${bounds}`) };
  };
  const value = by.type.values[0];
  if (way === 'HASH') return [0, 1].map((rest) => part(`p${rest}`, `FOR VALUES WITH (MODULUS 2, REMAINDER ${rest})`));
  const first =
    way === 'LIST' ? part('p0', `FOR VALUES IN (${value})`) : part('p0', `FOR VALUES FROM (${value}) TO (MAXVALUE)`);
  return [first, part('rest', 'DEFAULT')];
}

function addExtras(choices: Choices, schema: Schema, { name, columns }: Table) {
  const sortable = columns.filter(({ type, given }) => type.unordered !== true && given === undefined);
  const text = choices.any(columns.filter(({ type, given }) => type.family === 'text' && given === undefined));
  const some = choices.any(sortable);
  const other = choices.any(sortable);
  const optional = (feature: string, sql: string, drop = '') => {
    schema.steps.push({ sql: both(sql), optional: { drop } });
    schema.features.add(feature);
  };
  if (some !== undefined && other !== undefined && choices.chance(40))
    optional(
      'index',
      `CREATE INDEX ix_${name} ON ${name} (${some.name}, ${other.name})`,
      `DROP INDEX IF EXISTS ix_${name}`,
    );
  if (text !== undefined && choices.chance(20))
    optional(
      'expression index',
      `CREATE INDEX ie_${name} ON ${name} (lower(${text.name}), id)`,
      `DROP INDEX IF EXISTS ie_${name}`,
    );
  if (some !== undefined && choices.chance(20))
    optional(
      'partial index',
      `CREATE INDEX ip_${name} ON ${name} (id) WHERE ${some.name} IS NOT NULL`,
      `DROP INDEX IF EXISTS ip_${name}`,
    );
  if (some !== undefined && other !== undefined && choices.chance(25))
    optional(
      'unique',
      `CREATE UNIQUE INDEX iu_${name} ON ${name} (${some.name}, ${other.name})`,
      `DROP INDEX IF EXISTS iu_${name}`,
    );
  if (text !== undefined && other !== undefined && choices.chance(25))
    optional(
      'check',
      `ALTER TABLE ${name} ADD CONSTRAINT ck_${name} CHECK (${text.name} <> 'never' OR ${other.name} IS NULL)${choices.of(['', ' NOT VALID', ' NOT ENFORCED'])}`,
      `ALTER TABLE IF EXISTS ${name} DROP CONSTRAINT IF EXISTS ck_${name}`,
    );
  if (some !== undefined && choices.chance(12)) {
    optional('row-level security', `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`);
    optional(
      'row-level security',
      `CREATE POLICY pol ON ${name} USING (${choices.of(['true', 'id > 1', `${some.name} IS NOT NULL`, `EXISTS (SELECT FROM t0 WHERE t0.id = ${name}.id)`])})`,
    );
  }
  if (choices.chance(8))
    optional('trigger', `CREATE TRIGGER tr BEFORE INSERT OR UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION keep()`);
  if (choices.chance(4))
    optional('rule', `CREATE RULE ru AS ON DELETE TO ${name} WHERE old.id = 99 DO INSTEAD NOTHING`);
  if (choices.chance(10)) optional('comment', `COMMENT ON TABLE ${name} IS 'rows'`);
  if (choices.chance(15)) {
    const secret = choices.chance(50);
    const child: Relation = {
      name: `${name}_kid`,
      columns: [...columns, { name: 'extra', type: typeOf('text'), secret }],
      kind: 'table',
    };
    const load = (value: string) => `INSERT INTO ${child.name} (id, extra) VALUES (50, ${value})`;
    schema.steps.push({
      sql: [
        `CREATE TABLE ${child.name} (extra text) INHERITS (${name}); ${load("'one'")}`,
        `CREATE TABLE ${child.name} (extra text) INHERITS (${name}); ${load(secret ? "repeat('two', 90)" : "'one'")}`,
      ],
      optional: { drop: `DROP TABLE IF EXISTS ${child.name}`, relation: child },
    });
    if (secret || schema.unclassified === 'deny')
      schema.classification[`public.${child.name}`] = secret ? { extra: 'SECRET' } : {};
    schema.features.add('inheritance');
  }
}

function addView(choices: Choices, schema: Schema, name: string) {
  const { sql, columns } = query(choices, {
    relations: schema.relations,
    ctes: [],
    outer: [],
    depth: 1,
    careful: choices.chance(70),
  });
  const kind = choices.of(['VIEW', 'VIEW', 'MATERIALIZED VIEW']);
  const list = columns.map((_, index) => `c${index}`);
  // What it holds is not known here: whatever is made of classified values, the gateway is to find by itself.
  const view: Relation = {
    name,
    kind: 'view',
    columns: columns.map(({ type }, index) => ({ name: `c${index}`, type, secret: true })),
  };
  schema.steps.push({
    sql: both(`CREATE ${kind} ${name} (${list.join(', ')}) AS ${sql}`),
    optional: { drop: `DROP ${kind} IF EXISTS ${name}`, relation: view },
  });
  schema.features.add(kind.toLowerCase());
}
