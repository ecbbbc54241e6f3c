import type { Choices } from './choices.ts';
import { query, type Scope } from './queries.ts';
import type { Column } from './schema.ts';
import type { Family, Type } from './types.ts';
import { typeOf } from './types.ts';

/** One column that an expression may speak of, and what it goes by. */
type Spoken = Column & { of: string };

const literals: Readonly<Record<Family, readonly [string, ...string[]]>> = {
  int: ['1', '0', '42', '-7', '3'],
  number: ['1.5', '0', '5'],
  text: ["'alpha'::text", "'beta'::text", "''::text", "'1'::text", "'never'::text"],
  bool: ['true', 'false'],
  date: ["date '2020-02-29'", "date '1999-12-31'"],
  time: ["timestamptz '2024-05-05 10:00+00'"],
  json: [`'{"k": 1}'::jsonb`, `'[1]'::jsonb`],
  list: ["'{1,2}'::int[]", 'ARRAY[3]'],
  other: ["'x'::text"],
};

const resultTypes: Readonly<Record<Family, string>> = {
  int: 'int',
  number: 'numeric',
  text: 'text',
  bool: 'bool',
  date: 'date',
  time: 'timestamptz',
  json: 'jsonb',
  list: 'int[]',
  other: 'text',
};

/** What stands for a family where an expression makes a value of its own. */
export const typeOfFamily = (family: Family): Type => typeOf(resultTypes[family]);

const spokenOf = ({ sources, careful }: Scope): Spoken[] => {
  const all = sources.flatMap(({ alias, columns }) => columns.map((column) => ({ ...column, of: alias })));
  return careful ? all.filter(({ secret }) => !secret) : all;
};

/** A column in one of the ways SQL has of naming one. */
function reference(choices: Choices, { of, name }: Spoken, plain = false): string {
  if (plain) return `${of}.${name}`;
  return choices.of([
    `${of}.${name}`,
    `${of}.${name}`,
    `${of}.${name}`,
    `(${of}).${name}`,
    `(${of}.*).${name}`,
    `"${of}"."${name}"`,
  ]);
}

/** A column of any type, with its type. */
export function anyColumn(choices: Choices, scope: Scope): { sql: string; type: Type } | undefined {
  const column = choices.any(spokenOf(scope));
  return column && { sql: reference(choices, column, scope.plain), type: column.type };
}

/** An expression of a family. */
export function expression(choices: Choices, family: Family, scope: Scope): string {
  const own = spokenOf(scope).filter(({ type }) => type.family === family);
  const column = choices.any(own);
  const base =
    choices.chance(12) || spokenOf(scope).length === 0
      ? choices.of(literals[family])
      : column === undefined
        ? made(choices, family, scope)
        : cast(family, column, reference(choices, column, scope.plain));
  if (scope.depth <= 0 || choices.chance(45)) return base;
  const deeper = { ...scope, depth: scope.depth - 1 };
  const of = (wanted: Family) => expression(choices, wanted, deeper);
  const general = [
    () => base,
    () => `CASE WHEN ${condition(choices, deeper)} THEN ${base} ELSE ${of(family)} END`,
    () => `coalesce(${base}, ${of(family)})`,
    () => `nullif(${base}, ${of(family)})`,
    () => `(SELECT ${aggregateFor(family)}(q.v) FROM (${one(choices, family, deeper)}) q (v))`,
    () => `(ARRAY[${base}, ${of(family)}])[1]`,
  ] as const;
  const special = specials(choices, family, deeper, of);
  return choices.chance(45) ? choices.of(general)() : choices.of([() => base, ...special])();
}

/** Something of the family made of a column of another. */
function made(choices: Choices, family: Family, scope: Scope): string {
  const { sql = '1' } = anyColumn(choices, scope) ?? {};
  if (family === 'text' || family === 'other') return `${sql}::text`;
  if (family === 'int') return `length(${sql}::text)`;
  if (family === 'number') return `num_nulls(${sql})::numeric`;
  if (family === 'bool') return `(${sql} IS NULL)`;
  if (family === 'json') return `to_jsonb(${sql})`;
  if (family === 'list') return `ARRAY[length(${sql}::text)]`;
  return choices.of(literals[family]);
}

/** Of the family's plain type, so that both branches of whatever follows are alike. */
const cast = (family: Family, { type }: Spoken, sql: string) =>
  type.sql === resultTypes[family] ? sql : `${sql}::${resultTypes[family]}`;

const aggregateFor = (family: Family) =>
  family === 'bool' ? 'bool_or' : family === 'json' ? 'jsonb_agg' : family === 'list' ? 'max' : 'max';

/** A subquery of one column, which may speak of what is around it. */
function one(choices: Choices, family: Family, scope: Scope): string {
  return query(choices, { ...scope, outer: scope.sources, want: [family] }).sql;
}

function specials(choices: Choices, family: Family, scope: Scope, of: (family: Family) => string): (() => string)[] {
  const any = () => anyColumn(choices, scope)?.sql ?? '1';
  const row = () => choices.any(scope.sources)?.alias;
  const whole = () => (scope.careful ? undefined : row());
  const ways: Readonly<Record<Family, readonly (() => string)[]>> = {
    int: [
      () => `${of('int')} ${choices.of(['+', '-', '%'])} 3`,
      () => `length(${of('text')})`,
      () => `ascii(${of('text')})`,
      () => `cardinality(${of('list')})`,
      () => `num_nulls(${any()}, ${any()})`,
      () => `extract(year FROM ${of('date')})::int`,
      () => `octet_length(${any()}::text)`,
      () => `strpos(${of('text')}, ${of('text')})`,
      () => `count_of.n`.replace('count_of.n', `(SELECT count(*)::int FROM (${one(choices, 'text', scope)}) q)`),
      () => `jsonb_array_length(CASE jsonb_typeof(${of('json')}) WHEN 'array' THEN ${of('json')} ELSE '[]' END)`,
      () => `100 / nullif(length(${of('text')}), 0)`,
    ],
    number: [
      () => `round(${of('number')}, 1)`,
      () => `${of('number')} * 2`,
      () => `greatest(${of('number')}, 1)`,
      () => `abs(${of('number')})`,
      () => `${of('int')}::numeric`,
    ],
    text: [
      () => `${any()}::text`,
      () => `upper(${of('text')})`,
      () => `md5(${any()}::text)`,
      () => `left(${of('text')}, 3)`,
      () => `concat(${any()}, '-', ${any()})`,
      () => `format('%s/%L', ${any()}, ${of('text')})`,
      () => `replace(${of('text')}, 'a', 'b')`,
      () => `${of('json')} ->> 'k'`,
      () => `encode(sha256(convert_to(${of('text')}, 'UTF8')), 'hex')`,
      () => `array_to_string(${of('list')}, ',')`,
      () => `pg_typeof(${any()})::text`,
      () => `quote_nullable(${any()}::text)`,
      () => `regexp_replace(${of('text')}, '[a-m]', '#')`,
      () => `to_char(${of('date')}, 'YYYY-MM')`,
      () => `${of('text')} || ${of('text')}`,
      () =>
        `string_agg_of`.replace(
          'string_agg_of',
          `(SELECT string_agg(q.v, ',' ORDER BY q.v) FROM (${one(choices, 'text', scope)}) q (v))`,
        ),
      ...(whole() === undefined
        ? []
        : [() => `${row()}::text`, () => `row_to_json(${row()})::text`, () => `ROW(${row()}.*)::text`]),
    ],
    bool: [() => condition(choices, scope)],
    date: [
      () => `${of('date')} + ${of('int')} % 9`,
      () => `date_trunc('month', ${of('date')})::date`,
      () => `greatest(${of('date')}, date '2001-01-01')`,
    ],
    time: [() => `date_trunc('hour', ${of('time')})`, () => `${of('time')} + interval '1 day'`],
    json: [
      () => `to_jsonb(${any()})`,
      () => `jsonb_build_object('v', ${any()}, 'w', ${of('text')})`,
      () => `jsonb_build_array(${any()})`,
      () => `jsonb_path_query_array(${of('json')}, '$.k')`,
      () => `${of('json')} -> 'k'`,
      () => `JSON_OBJECT('a': ${of('text')})::jsonb`,
      ...(whole() === undefined ? [] : [() => `to_jsonb(${row()})`]),
    ],
    list: [
      () => `ARRAY[${of('int')}, ${of('int')}]`,
      () => `array_append(CASE WHEN array_ndims(${of('list')}) = 1 THEN ${of('list')} END, 9)`,
      () => `ARRAY(SELECT q.v FROM (${one(choices, 'int', scope)}) q (v) ORDER BY 1)`,
    ],
    other: [() => `${any()}::text`],
  };
  return [...ways[family]];
}

/** Something that is true, false or unknown. */
export function condition(choices: Choices, scope: Scope): string {
  const deeper = { ...scope, depth: scope.depth - 1 };
  const of = (family: Family) => expression(choices, family, deeper);
  const family = choices.of<Family>(['int', 'text', 'number', 'date', 'bool', 'json', 'list', 'time']);
  const any = () => anyColumn(choices, scope)?.sql ?? 'NULL';
  const row = choices.any(scope.sources)?.alias;
  const simple = [
    () =>
      `${of(family)} ${choices.of(['=', '<>', '<', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'])} ${of(family)}`,
    () => `${any()} IS ${choices.of(['NULL', 'NOT NULL'])}`,
    () =>
      `${of('text')} ${choices.of(['LIKE', 'ILIKE', 'NOT LIKE', '~', 'SIMILAR TO'])} ${choices.of(["'%a%'", "'a%'", "'[a-z]'"])}`,
    () => `${of('int')} IN (1, 42, ${of('int')})`,
    () => `${of('int')} BETWEEN 0 AND ${of('int')}`,
    () => `(${of('int')}, ${of('text')}) ${choices.of(['=', '<'])} (${of('int')}, ${of('text')})`,
    () => `${of('int')} = ANY (${of('list')})`,
    () => `${of('json')} @> ${of('json')}`,
    () => of('bool'),
  ] as const;
  if (scope.depth <= 0) return choices.of(simple)();
  return choices.of([
    ...simple,
    () => `(${condition(choices, deeper)} ${choices.of(['AND', 'OR'])} ${condition(choices, deeper)})`,
    () => `NOT (${condition(choices, deeper)})`,
    () => `EXISTS (${one(choices, 'int', deeper)})`,
    () => `${of('int')} ${choices.of(['IN', 'NOT IN', '> ALL', '= ANY'])} (${one(choices, 'int', deeper)})`,
    () =>
      row === undefined || scope.careful
        ? 'true'
        : `${row} IS ${choices.of(['NULL', 'NOT NULL', 'DISTINCT FROM NULL'])}`,
  ])();
}
