import type { Transform } from '../../model/documents.ts';
import type { Mask } from '../../model/operation.ts';
import { hiddenColumns } from './allowed-catalog.ts';
import { type Catalog, type Column, isSystem, nameOf, type Relation, type Type } from './catalog.ts';
import type { Protections } from './protections.ts';
import { constant, type Fields, type Node, quoted } from './syntax.ts';

/** How one column of a relation is given: in the clear (undefined), or as a constant of its own type. */
type Replacement = { text: string | null; type: Type };

/** What of a relation must not be read as it stands. */
export type Cover = {
  relation: Relation;
  /** Column → the class that hides it. */
  masked: ReadonlyMap<string, string>;
  /** By the column's name. */
  replacements: ReadonlyMap<string, Replacement>;
};

/** The masks of a relation for an identity that may see `unmask` in the clear. */
export function coverOf(
  relation: Relation,
  protections: Protections,
  unmask: readonly string[],
  catalog: Catalog,
): Cover {
  const masked = new Map<string, string>();
  for (const [column, classes] of protections(relation).classes) {
    const hiding = classes.find((className) => !unmask.includes(className));
    if (hiding !== undefined) masked.set(column, hiding);
  }
  const hidden = isSystem(relation) ? (hiddenColumns(relation) ?? []) : [];
  const replacements = new Map<string, Replacement>();
  for (const column of relation.columns) {
    const className = masked.get(column.name);
    if (className !== undefined) replacements.set(column.name, replacement(column, `[${className}]`, catalog));
  }
  for (const column of hidden) replacements.set(column.name, replacement(column, null, catalog));
  return { relation, masked, replacements };
}

export function maskOf(cover: Cover, column: string, className: string): Mask {
  const transform: Transform = cover.replacements.get(column)?.text === null ? 'null' : 'redact';
  return { resource: `${nameOf(cover.relation)}.${column}`, class: className, transform };
}

const texts = new Set(['pg_catalog.text', 'pg_catalog.varchar', 'pg_catalog.bpchar', 'pg_catalog.name']);

/** The same for every row, NULL or not, so that nothing of the value is left. */
function replacement(column: Column, label: string | null, catalog: Catalog): Replacement {
  const text = catalog.typesByName.get('pg_catalog.text');
  let type = catalog.types.get(column.type);
  // A domain's checks are code: its base type holds the constant as well.
  for (let depth = 0; type?.kind === 'd' && depth < 32; depth += 1) type = catalog.types.get(type.base);
  if (text === undefined) throw new Error('The catalog has no type text.');
  if (type === undefined || type.kind === 'p') return { text: null, type: text };
  const holdsText = texts.has(`${type.schema}.${type.name}`) || (type.extension && type.name === 'citext');
  return { text: holdsText ? label : null, type };
}

/** `SELECT id, '[EMAIL_ADDRESS]'::… AS email FROM …`: what stands in the place of a relation, as text. */
export function coverText(cover: Cover, only: boolean): string {
  const columns = cover.relation.columns.map(({ name }) => {
    const replaced = cover.replacements.get(name);
    if (replaced === undefined) return quoted(name);
    const { text, type } = replaced;
    return `${text === null ? 'NULL' : constant(text)}::${quoted(type.schema)}.${quoted(type.name)} AS ${quoted(name)}`;
  });
  const { schema, name } = cover.relation;
  return `SELECT ${columns.join(', ')} FROM ${only ? 'ONLY ' : ''}${quoted(schema)}.${quoted(name)}`;
}

/** The tree of `coverText`, made by hand: what the parser then makes of the text must equal it. */
export function coverTree(cover: Cover, only: boolean): Node {
  const word = (sval: string) => ({ String: { sval } });
  const { schema, name } = cover.relation;
  const target = (column: Column): Fields => {
    const replaced = cover.replacements.get(column.name);
    if (replaced === undefined) return { val: { ColumnRef: { fields: [word(column.name)] } } };
    const { text, type } = replaced;
    const arg = { A_Const: text === null ? { isnull: true } : { sval: { sval: text } } };
    const typeName = { names: [word(type.schema), word(type.name)], typemod: -1 };
    return { name: column.name, val: { TypeCast: { arg, typeName } } };
  };
  return {
    SelectStmt: {
      targetList: cover.relation.columns.map((column) => ({ ResTarget: target(column) })),
      fromClause: [
        { RangeVar: { schemaname: schema, relname: name, ...(only ? {} : { inh: true }), relpersistence: 'p' } },
      ],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
}
