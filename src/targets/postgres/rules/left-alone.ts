import { systemColumns } from '../catalog/catalog.ts';
import type { Reference } from '../language/references.ts';
import { everyNode, type Fields, fieldsOf, isFields, namesOf, nodesOf, ofType, textOf } from '../language/syntax.ts';
import type { Cover } from '../masks/masks.ts';

/**
 * R4: those references to relations with hidden columns that a query may read as they stand, because it speaks of nothing
 * hidden in them, under no name and in no notation. Then a primary key still is one. Goes by names alone, wherever in the query
 * they stand, so that no scope can be got wrong; whatever is in doubt is left out.
 */
export function leftAlone(
  query: Fields,
  references: readonly Reference[],
  coverOf: (reference: Reference) => Cover | undefined,
): ReadonlySet<Reference> {
  const spoken = spokenIn(query);
  const alone = new Set<Reference>();
  if (spoken === undefined) return alone;
  for (const reference of references) {
    const cover = coverOf(reference);
    if (cover !== undefined && !mayRead(reference, cover, spoken)) alone.add(reference);
  }
  return alone;
}

type Spoken = {
  /** Every column reference, as its words. */
  paths: string[][];
  names: Set<string>;
  /** Tables right under a `SELECT *`. */
  starred: Set<Fields>;
};

/** What a query says of columns; undefined where it may speak of all. */
function spokenIn(query: Fields): Spoken | undefined {
  const spoken: Spoken = { paths: [], names: new Set(), starred: new Set() };
  for (const { type, fields } of everyNode(query)) {
    if (type === 'ColumnRef') {
      const path = namesOf(fields['fields']);
      spoken.paths.push(path);
      for (const name of path) spoken.names.add(name);
    }
    if (type === 'A_Indirection') for (const name of namesOf(fields['indirection'])) spoken.names.add(name);
    if (type === 'JoinExpr') {
      // The columns of a join that has a name of its own go by that name too.
      if (fields['isNatural'] === true || fields['alias'] !== undefined || fields['join_using_alias'] !== undefined)
        return undefined;
      for (const name of namesOf(fields['usingClause'])) spoken.names.add(name);
    }
  }
  let stars = spoken.paths.filter(isStar).length;
  for (const select of selectsIn(query)) {
    const own = nodesOf(select['targetList']).filter(isStarTarget).length;
    stars -= own;
    if (own > 0) addTables(select['fromClause'], spoken.starred);
  }
  // A star that is nobody's could be anybody's.
  return stars !== 0 || [...systemColumns].some((name) => spoken.names.has(name)) ? undefined : spoken;
}

/** Every SELECT, the sides of a set operation included, which the tree holds bare. */
export function selectsIn(query: Fields): Fields[] {
  const sides = (select: Fields): Fields[] =>
    select['larg'] === undefined ? [select] : [...sides(fieldsOf(select['larg'])), ...sides(fieldsOf(select['rarg']))];
  return [...everyNode(query)].filter(({ type }) => type === 'SelectStmt').flatMap(({ fields }) => sides(fields));
}

const isStar = (path: readonly string[]) => path.length === 1 && path[0] === '*';
const isStarTarget = (target: Fields) =>
  isStar(namesOf(ofType(ofType(target, 'ResTarget')?.['val'], 'ColumnRef')?.['fields']));

/** The tables of a FROM clause, those of its subqueries aside: these give what they select. */
function addTables(value: unknown, found: Set<Fields>): void {
  if (Array.isArray(value)) for (const item of value) addTables(item, found);
  if (!isFields(value) || ofType(value, 'RangeSubselect') !== undefined) return;
  const table = ofType(value, 'RangeVar');
  if (table !== undefined) found.add(table);
  for (const child of Object.values(value)) addTables(child, found);
}

function mayRead({ fields }: Reference, { relation, replacements }: Cover, { paths, names, starred }: Spoken): boolean {
  const alias = fieldsOf(fields['alias']);
  if (alias['colnames'] !== undefined || starred.has(fields)) return true;
  if ([...replacements.keys()].some((name) => names.has(name))) return true;
  const own = new Set([textOf(alias['aliasname']) ?? relation.name, relation.name]);
  const columns = new Set(relation.columns.map(({ name }) => name));
  // After its name only a column may stand: a name alone is the whole row, and any other word a function of it.
  return paths.some((path) => path.some((word, index) => own.has(word) && !columns.has(path[index + 1] ?? '')));
}
