import type { Catalog, Relation } from '../catalog/catalog.ts';
import { type Fields, fieldsOf, isFields, nodesOf, ofType, textOf } from './syntax.ts';

/** One place in a statement that names a relation. */
export type Reference = {
  /** The wrapped node, which a rewriting replaces; undefined where the tree holds the bare fields. */
  wrapper: Fields | undefined;
  fields: Fields;
  /** As resources are written: `schema.name`. */
  name: string;
  /** The schema it is in, or would be made in. */
  home: string;
  /** Undefined where there is no such relation, or it is in another database. */
  relation: Relation | undefined;
};

/**
 * R4: every reference to a relation in a statement, whatever its kind, as the server resolves it: names of CTEs in scope first
 * (those are left out), then `pg_catalog`, then the search path.
 */
export function referencesIn(statement: unknown, catalog: Catalog, searchPath: readonly string[]): Reference[] {
  const found: Reference[] = [];

  const look = (fields: Fields, ctes: ReadonlySet<string>, wrapper?: Fields) => {
    const relname = textOf(fields['relname']) ?? '';
    const schema = textOf(fields['schemaname']);
    if (schema === undefined && ctes.has(relname)) return;
    const schemas = schema === undefined ? ['pg_catalog', ...searchPath] : [schema];
    const relation = schemas
      .map((candidate) => catalog.relations.get(`${candidate}.${relname}`))
      // `a.b` + `c` and `a` + `b.c` read alike.
      .find((hit) => hit?.name === relname && schemas.includes(hit.schema));
    const home = relation?.schema ?? schema ?? searchPath[0] ?? 'public';
    const database = textOf(fields['catalogname']);
    const elsewhere = database !== undefined && database !== catalog.database;
    found.push({
      wrapper,
      fields,
      home,
      name: `${elsewhere ? `${database}.` : ''}${home}.${relname}`,
      relation: elsewhere ? undefined : relation,
    });
  };

  const walk = (value: unknown, ctes: ReadonlySet<string>) => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, ctes);
    } else if (isFields(value) && !('A_Const' in value)) {
      const wrapped = ofType(value, 'RangeVar');
      if (wrapped !== undefined) return look(wrapped, ctes, value);
      // A bare RangeVar is the target of a statement, which is never a CTE.
      if (textOf(value['relname']) !== undefined && 'relpersistence' in value) return look(value, new Set());
      const inner = withNames(value, ctes, walk);
      for (const [key, child] of Object.entries(value)) {
        // What FOR UPDATE OF names are aliases.
        if (key !== 'withClause' && key !== 'lockedRels') walk(child, inner);
      }
    }
  };

  walk(statement, new Set());
  return found;
}

/** Walks the CTEs of a statement, each with the names it can see, and answers those its body can see. */
function withNames(
  fields: Fields,
  outer: ReadonlySet<string>,
  walk: (value: unknown, ctes: ReadonlySet<string>) => void,
): ReadonlySet<string> {
  const clause = fieldsOf(fields['withClause']);
  const ctes = nodesOf(clause['ctes']).map((node) => ofType(node, 'CommonTableExpr') ?? {});
  const names = ctes.map((cte) => textOf(cte['ctename']) ?? '');
  const all = new Set([...outer, ...names]);

  // Without RECURSIVE a CTE sees those before it, and neither itself nor those after it.
  const visible = new Set(outer);
  ctes.forEach((cte, index) => {
    walk(cte, clause['recursive'] === true ? all : new Set(visible));
    visible.add(names[index] ?? '');
  });
  return all;
}
