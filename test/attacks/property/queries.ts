import type { Choices } from './choices.ts';
import { anyColumn, condition, expression, typeOfFamily } from './expressions.ts';
import type { Column, Relation } from './schema.ts';
import { type Family, type Type, typeOf } from './types.ts';

type Source = { alias: string; columns: readonly Column[] };

/** What a query is made in. */
export type Around = {
  relations: readonly Relation[];
  ctes: readonly Relation[];
  /** What a subquery may speak of around it. */
  outer: readonly Source[];
  depth: number;
  /** Speaks of nothing classified. */
  careful: boolean;
  /** Names columns in the plainest way only. */
  plain?: boolean;
  /** The families its columns must have. */
  want?: readonly Family[];
};

export type Scope = Around & { sources: readonly Source[] };
export type Query = { sql: string; columns: { type: Type }[]; ordered: boolean };

let aliases = 0;
function newAlias(): string {
  aliases += 1;
  return `s${aliases}`;
}

const families = ['int', 'text', 'text', 'number', 'bool', 'date', 'json', 'list', 'time'] as const;

/** What rows are grouped by; never a bare constant, which would be a place in the list. */
function keyOf(choices: Choices, scope: Scope): string {
  const family = choices.of(['text', 'int', 'date', 'bool'] as const);
  return `(${expression(choices, family, scope)})::${typeOfFamily(family).sql}`;
}

/** A query of any shape. Where it limits its rows, it orders them by all that it gives first. */
export function query(choices: Choices, around: Around): Query {
  if (around.depth > 0 && choices.chance(12)) return setOperation(choices, around);
  if (around.depth > 0 && choices.chance(12)) return withCtes(choices, around);
  return select(choices, around);
}

function select(choices: Choices, around: Around): Query {
  const from = fromClause(choices, around);
  const scope: Scope = { ...around, sources: [...from.sources, ...around.outer] };
  const inner: Scope = { ...scope, sources: from.sources, depth: Math.max(0, around.depth - 1) };
  const where = choices.chance(55)
    ? ` WHERE ${condition(choices, { ...scope, depth: Math.max(0, around.depth - 1) })}`
    : '';
  if (choices.chance(20)) return grouped(choices, inner, `${from.sql}${where}`);
  const items = itemsOf(choices, inner);
  const distinct = choices.chance(10) && items.every(({ type }) => type.unordered !== true) ? 'DISTINCT ' : '';
  return finished(choices, `SELECT ${distinct}${items.map(({ sql }) => sql).join(', ')}${from.sql}${where}`, items);
}

type Item = { sql: string; type: Type };

function itemsOf(choices: Choices, scope: Scope): Item[] {
  if (scope.want !== undefined)
    return scope.want.map((family) => ({
      sql: windowed(choices, scope, family) ?? expression(choices, family, scope),
      type: typeOfFamily(family),
    }));
  return choices.list(1, 4, () => {
    const column = choices.chance(35) ? anyColumn(choices, scope) : undefined;
    if (column !== undefined) return column;
    const family = choices.of(families);
    return { sql: windowed(choices, scope, family) ?? expression(choices, family, scope), type: typeOfFamily(family) };
  });
}

function windowed(choices: Choices, scope: Scope, family: Family): string | undefined {
  if (!choices.chance(12) || scope.sources.length === 0) return undefined;
  const shallow = { ...scope, depth: 0 };
  const order = `ORDER BY ${expression(choices, choices.of(['int', 'text', 'date']), shallow)}, ${scope.sources.map(({ alias, columns }) => (columns.some(({ name }) => name === 'id') ? `${alias}.id` : '1')).join(', ')}`;
  const over = `OVER (${choices.chance(50) ? `PARTITION BY ${expression(choices, 'text', shallow)} ` : ''}${order}${choices.of(['', ' ROWS BETWEEN 1 PRECEDING AND CURRENT ROW', ' RANGE UNBOUNDED PRECEDING'])})`;
  if (family === 'int')
    return `${choices.of(['rank()', 'dense_rank()', 'count(*)', 'ntile(2)'])} ${over}`.replace(/^(.*)$/s, '($1)::int');
  if (family === 'text')
    return `${choices.of(['lag', 'lead', 'first_value', 'max'])}(${expression(choices, 'text', shallow)}) ${over}`;
  return undefined;
}

const sums = [
  'count(*)::int',
  'count(DISTINCT %)::int',
  "string_agg(%::text, ',' ORDER BY %::text)",
  'max(%::text)',
  'min(%::text)',
  'count(*) FILTER (WHERE % IS NULL)::int',
  'jsonb_agg(to_jsonb(%) ORDER BY %::text)::text',
  'array_agg(%::text ORDER BY %::text)::text',
  'bool_and(% IS NULL)::text',
  'percentile_disc(0.5) WITHIN GROUP (ORDER BY %::text)',
] as const;

function grouped(choices: Choices, scope: Scope, rest: string): Query {
  const shallow = { ...scope, depth: 0 };
  const wanted = scope.want;
  const aggregate = (family: Family): string => {
    const { sql = '1', type = undefined } = anyColumn(choices, scope) ?? {};
    const way = choices.of(sums);
    const safe =
      type?.unordered === true || type === undefined ? way.replaceAll('DISTINCT %', 'DISTINCT %::text') : way;
    const value = safe.replaceAll('%', sql);
    if (family === 'int') return `(${value.endsWith('::int') ? value : `length(${value})`})`.replace('WHERE', 'WHERE');
    return `(${value})::text`;
  };
  if (wanted !== undefined) {
    const items = wanted.map((family) => ({
      sql:
        family === 'int' || family === 'text'
          ? aggregate(family)
          : `max(${expression(choices, 'text', shallow)}) IS NULL`,
      type: typeOfFamily(family),
    }));
    if (wanted.every((family) => family === 'int' || family === 'text' || family === 'bool'))
      return finished(choices, `SELECT ${items.map(({ sql }) => sql).join(', ')}${rest}`, items);
    const plain = itemsOf(choices, scope);
    return finished(choices, `SELECT ${plain.map(({ sql }) => sql).join(', ')}${rest}`, plain);
  }
  const keys = choices.list(1, 2, () => ({
    sql: keyOf(choices, shallow),
    type: typeOf('text'),
  }));
  const way = choices.of(['%', 'ROLLUP (%)', 'CUBE (%)', 'GROUPING SETS ((%), ())']);
  const list = keys.map(({ sql }) => sql).join(', ');
  const having = choices.chance(30) ? ` HAVING ${choices.of(['count(*) > 1', 'count(*) < 3'])}` : '';
  const items = [...keys, ...choices.list(1, 2, () => ({ sql: aggregate('text'), type: typeOf('text') }))];
  const numbered = keys.map((_, index) => index + 1).join(', ');
  // Names in numbers, as the same expression twice with a subquery in it is not known to be the same.
  const group = way === '%' ? numbered : way.replace('%', list);
  return finished(choices, `SELECT ${items.map(({ sql }) => sql).join(', ')}${rest} GROUP BY ${group}${having}`, items);
}

function finished(choices: Choices, sql: string, items: readonly Item[]): Query {
  const columns = items.map(({ type }) => ({ type }));
  const sortable = items.every(({ type }) => type.unordered !== true);
  if (!sortable || !choices.chance(45)) return { sql, columns, ordered: false };
  const order = items.map((_, index) => `${index + 1}${choices.of(['', ' DESC', ' NULLS FIRST'])}`).join(', ');
  const limit = choices.chance(45) ? ` LIMIT ${1 + choices.below(4)}${choices.chance(30) ? ' OFFSET 1' : ''}` : '';
  return { sql: `${sql} ORDER BY ${order}${limit}`, columns, ordered: true };
}

function setOperation(choices: Choices, around: Around): Query {
  const want = around.want ?? choices.list(1, 2, () => choices.of(['int', 'text', 'bool', 'date'] as const));
  const inner = { ...around, want, depth: around.depth - 1 };
  const operator = choices.of(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT ALL']);
  const sql = `(${query(choices, inner).sql}) ${operator} (${query(choices, inner).sql})`;
  return finished(
    choices,
    sql,
    want.map((family) => ({ sql: '', type: typeOfFamily(family) })),
  );
}

function withCtes(choices: Choices, around: Around): Query {
  const inner = { ...around, depth: around.depth - 1 };
  const { want: _want, ...free } = inner;
  const made = query(choices, { ...free, outer: [] });
  // A name that a table has as well is hidden by the query's own.
  const name = choices.of(['w1', 'w2', 't0', 't1']);
  const cte: Relation = {
    name,
    kind: 'view',
    columns: made.columns.map(({ type }, index) => ({ name: `c${index}`, type, secret: false })),
  };
  const body = query(choices, { ...inner, ctes: [...around.ctes.filter((known) => known.name !== name), cte] });
  const numbers = choices.chance(20) ? 'RECURSIVE ' : '';
  const kind = choices.of(['', 'MATERIALIZED ', 'NOT MATERIALIZED ']);
  // Under RECURSIVE the name would be its own, not the table's.
  const recursive =
    numbers !== '' && !name.startsWith('t')
      ? `RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 3), `
      : '';
  return {
    ...body,
    sql: `WITH ${recursive}${name} (${cte.columns.map((column) => column.name).join(', ')}) AS ${kind}(${made.sql}) ${body.sql.startsWith('WITH') ? `SELECT * FROM (${body.sql}) q` : body.sql}`,
    ordered: body.ordered && !body.sql.startsWith('WITH'),
  };
}

type From = { sql: string; sources: Source[] };

function fromClause(choices: Choices, around: Around): From {
  const first = fromItem(choices, around, []);
  const items = choices.chance(45) ? join(choices, around, first) : first;
  return { sql: ` FROM ${items.sql}`, sources: items.sources };
}

function join(choices: Choices, around: Around, left: From): From {
  const right = fromItem(choices, around, choices.chance(25) ? left.sources : []);
  const sources = [...left.sources, ...right.sources];
  const scope: Scope = { ...around, sources, depth: 0 };
  const [one, other] = [left.sources[0]?.columns ?? [], right.sources[0]?.columns ?? []];
  const common = one.filter(({ name, type }) =>
    other.some((column) => column.name === name && column.type.sql === type.sql && type.unordered !== true),
  );
  const clash = one.some(
    ({ name }) => other.some((column) => column.name === name) && !common.some((column) => column.name === name),
  );
  const lateral = right.sql.startsWith('LATERAL') || right.sql.startsWith('unnest');
  const ways: [() => string, ...(() => string)[]] = [
    () => `${left.sql} JOIN ${right.sql} ON ${condition(choices, scope)}`,
    () => `${left.sql} CROSS JOIN ${right.sql}`,
    () => `${left.sql} LEFT JOIN ${right.sql} ON ${condition(choices, scope)}`,
    () => `${left.sql}, ${right.sql}`,
    ...(lateral ? [] : [() => `${left.sql} RIGHT JOIN ${right.sql} ON ${condition(choices, scope)}`]),
    ...(lateral || common.length === 0
      ? []
      : [
          () =>
            `${left.sql} ${choices.of(['', 'LEFT ', 'FULL '])}JOIN ${right.sql} USING (${choices.any(common)?.name ?? 'id'})`,
        ]),
    ...(lateral || common.length === 0 || clash
      ? []
      : [() => `${left.sql} NATURAL ${choices.of(['', 'LEFT '])}JOIN ${right.sql}`]),
  ];
  return { sql: choices.of(ways)(), sources };
}

function fromItem(choices: Choices, around: Around, lateral: readonly Source[]): From {
  const alias = newAlias();
  const usable = around.relations.filter(
    ({ name, columns }) => columns.length > 0 && !around.ctes.some((cte) => cte.name === name),
  );
  const table = choices.any([...usable, ...around.ctes, ...around.ctes]);
  const list = lateral.flatMap((source) =>
    source.columns
      .filter(({ type, secret }) => type.sql === 'int[]' && !(secret && around.careful))
      .map((column) => `${source.alias}.${column.name}`),
  );
  if (lateral.length > 0 && list[0] !== undefined && choices.chance(50))
    return {
      sql: `unnest(${list[0]}) ${alias} (v)`,
      sources: [{ alias, columns: [{ name: 'v', type: typeOf('int'), secret: false }] }],
    };
  if (around.depth > 0 && (choices.chance(20) || lateral.length > 0)) {
    const { want: _want, ...free } = around;
    const made = query(choices, { ...free, outer: lateral, depth: around.depth - 1 });
    const columns = made.columns.map(({ type }, index) => ({ name: `c${index}`, type, secret: false }));
    return {
      sql: `${lateral.length > 0 ? 'LATERAL ' : ''}(${made.sql}) ${alias} (${columns.map(({ name }) => name).join(', ')})`,
      sources: [{ alias, columns }],
    };
  }
  if (table === undefined || choices.chance(8)) {
    const columns = [
      { name: 'id', type: typeOf('int'), secret: false },
      { name: 'a', type: typeOf('text'), secret: false },
    ];
    return {
      sql: choices.of([
        `(VALUES (1, 'alpha'), (2, 'beta')) ${alias} (id, a)`,
        `(SELECT g, 'alpha' FROM generate_series(1, 3) g) ${alias} (id, a)`,
      ]),
      sources: [{ alias, columns }],
    };
  }
  const schema = around.ctes.includes(table) ? '' : choices.of(['', 'public.']);
  const only = table.kind === 'table' && choices.chance(6) ? 'ONLY ' : '';
  return {
    sql: `${only}${schema}${table.name} ${choices.of(['', 'AS '])}${alias}`,
    sources: [{ alias, columns: table.columns }],
  };
}
