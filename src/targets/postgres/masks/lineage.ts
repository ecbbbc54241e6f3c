import { type Fields, fieldsOf, namesOf, nodesOf, ofType, textOf } from '../language/syntax.ts';
import type { Cover } from './masks.ts';

/** One column of what a FROM item or a query gives. */
type Output = { name: string; className: string | undefined };
type Source = { alias: string; outputs: Output[] };
type Ctes = ReadonlyMap<string, Output[]>;

/** Something here is not followed; then nothing is said, which is no loss of safety: masks do not rest on this. */
class Lost extends Error {}

/**
 * Which columns of a query's result are masks, by position, so that the caller can be told. Follows plain columns and stars
 * through subqueries, CTEs and joins; empty where it cannot.
 */
export function outputClasses(
  query: Fields,
  coverOf: (reference: Fields) => Cover | undefined,
): (string | undefined)[] {
  const select = ofType(query, 'SelectStmt');
  if (select === undefined) return [];
  try {
    return outputsOf(select, new Map(), coverOf).map(({ className }) => className);
  } catch (error) {
    if (error instanceof Lost) return [];
    throw error;
  }
}

type CoverOf = (reference: Fields) => Cover | undefined;

function outputsOf(select: Fields, outer: Ctes, coverOf: CoverOf): Output[] {
  const ctes = new Map(outer);
  const clause = fieldsOf(select['withClause']);
  if (clause['recursive'] === true) throw new Lost();
  for (const cte of nodesOf(clause['ctes']).map((node) => ofType(node, 'CommonTableExpr') ?? {})) {
    const outputs = renamed(subquery(cte['ctequery'], ctes, coverOf), cte['aliascolnames']);
    ctes.set(textOf(cte['ctename']) ?? '', outputs);
  }
  if (select['op'] !== 'SETOP_NONE') return union(select, ctes, coverOf);
  if (select['valuesLists'] !== undefined) throw new Lost();
  const sources = nodesOf(select['fromClause']).flatMap((item) => sourcesOf(item, ctes, coverOf));
  return nodesOf(select['targetList']).flatMap((node) => targetOutputs(ofType(node, 'ResTarget') ?? {}, sources));
}

/** A set operation masks where both sides do. */
function union(select: Fields, ctes: Ctes, coverOf: CoverOf): Output[] {
  const left = outputsOf(fieldsOf(select['larg']), ctes, coverOf);
  const right = outputsOf(fieldsOf(select['rarg']), ctes, coverOf);
  return left.map(({ name, className }, index) => ({ name, className: className ?? right[index]?.className }));
}

function subquery(node: unknown, ctes: Ctes, coverOf: CoverOf): Output[] {
  const select = ofType(node, 'SelectStmt');
  if (select === undefined) throw new Lost();
  return outputsOf(select, ctes, coverOf);
}

function sourcesOf(item: Fields, ctes: Ctes, coverOf: CoverOf): Source[] {
  const table = ofType(item, 'RangeVar');
  if (table !== undefined) {
    const cover = coverOf(table);
    const name = textOf(table['relname']) ?? '';
    const outputs =
      cover === undefined
        ? ctes.get(name)
        : cover.relation.columns.map((column) => ({ name: column.name, className: cover.masked.get(column.name) }));
    if (outputs === undefined) throw new Lost();
    return [aliased(table, name, outputs)];
  }
  const nested = ofType(item, 'RangeSubselect');
  if (nested !== undefined) return [aliased(nested, '', subquery(nested['subquery'], ctes, coverOf))];
  const join = ofType(item, 'JoinExpr');
  if (
    join === undefined ||
    join['usingClause'] !== undefined ||
    join['isNatural'] === true ||
    join['alias'] !== undefined
  )
    throw new Lost();
  return [...sourcesOf(fieldsOf(join['larg']), ctes, coverOf), ...sourcesOf(fieldsOf(join['rarg']), ctes, coverOf)];
}

function aliased(fields: Fields, name: string, outputs: Output[]): Source {
  const alias = fieldsOf(fields['alias']);
  return { alias: textOf(alias['aliasname']) ?? name, outputs: renamed(outputs, alias['colnames']) };
}

function renamed(outputs: Output[], names: unknown): Output[] {
  const given = namesOf(names);
  return outputs.map((output, index) => ({ ...output, name: given[index] ?? output.name }));
}

function targetOutputs({ name, val }: Fields, sources: Source[]): Output[] {
  const column = ofType(val, 'ColumnRef');
  if (column === undefined) return [{ name: textOf(name) ?? '', className: undefined }];
  const path = namesOf(column['fields']);
  const last = path.at(-1) ?? '';
  const named = path.length > 1 ? sources.filter(({ alias }) => alias === path.at(-2)) : sources;
  if (last === '*') return named.flatMap(({ outputs }) => outputs);
  const hit = named.flatMap(({ outputs }) => outputs).find((output) => output.name === last);
  return [{ name: textOf(name) ?? last, className: hit?.className }];
}
