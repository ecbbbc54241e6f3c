import type { Transform } from '../../../model/documents.ts';
import type { Mask } from '../../../model/operation.ts';
import { type Catalog, type Column, isSystem, nameOf, type Relation } from '../catalog/catalog.ts';
import { type Fields, type Node, quoted } from '../language/syntax.ts';
import { hiddenColumns } from '../rules/allowed-catalog.ts';
import type { Protection, Protections } from '../rules/protections.ts';
import type { TokenKeys } from './tokens.ts';
import { nullFor, type Replacement, replacementOf } from './transforms.ts';

/** What of a relation must not be read as it stands. */
export type Cover = {
  relation: Relation;
  /** Column → the class that hides it. */
  masked: ReadonlyMap<string, string>;
  /** By the column's name; a column without one is given in the clear. */
  replacements: ReadonlyMap<string, Replacement>;
};

/** The covers that are made already: as long as the catalog and the classification are those they were made for. */
const made = new WeakMap<Protections, Map<string, Map<Relation, Cover>>>();

/** The masks of a relation for an identity that may see `unmask` in the clear. Made once, as each statement and each result asks for it often. */
export function coverOf(
  relation: Relation,
  protections: Protections,
  unmask: readonly string[],
  catalog: Catalog,
): Cover {
  const ofProtections = made.get(protections) ?? new Map<string, Map<Relation, Cover>>();
  made.set(protections, ofProtections);
  const key = JSON.stringify(unmask);
  const covers = ofProtections.get(key) ?? new Map<Relation, Cover>();
  ofProtections.set(key, covers);
  const cover = covers.get(relation) ?? makeCover(relation, protections, unmask, catalog);
  covers.set(relation, cover);
  return cover;
}

function makeCover(relation: Relation, protections: Protections, unmask: readonly string[], catalog: Catalog): Cover {
  const protection = protections(relation);
  const masked = new Map<string, string>();
  const replacements = new Map<string, Replacement>();
  for (const column of relation.columns) {
    const hiding = (protection.classes.get(column.name) ?? []).filter((className) => !unmask.includes(className));
    const [className] = hiding;
    if (className === undefined) continue;
    masked.set(column.name, className);
    const transform = transformOf(column, hiding, protection);
    replacements.set(column.name, replacementOf(column, transform, className, catalog));
  }
  const hidden = isSystem(relation) ? (hiddenColumns(relation) ?? []) : [];
  for (const column of hidden) replacements.set(column.name, nullFor(column, catalog));
  return { relation, masked, replacements };
}

/**
 * How a column is masked. Token and partial are only for what the author of the classification spoke of: values of one class as
 * they stand. What is made of several, or computed from one, could tell more than that it is equal, and is redacted.
 */
function transformOf({ name }: Column, hiding: readonly string[], { transforms, genuine }: Protection): Transform {
  const chosen = hiding.map((className) => transforms?.get(className) ?? 'redact');
  if (chosen.includes('null')) return 'null';
  const [only = 'redact'] = chosen;
  return chosen.length === 1 && genuine?.has(name) === true ? only : 'redact';
}

export function maskOf(cover: Cover, column: string, className: string): Mask {
  const transform = cover.replacements.get(column)?.transform ?? 'redact';
  return { resource: `${nameOf(cover.relation)}.${column}`, class: className, transform };
}

const expressionOf = ({ constant, value }: Replacement, keys: TokenKeys | undefined) =>
  value === undefined || keys === undefined ? constant : value(keys);

/** `SELECT id, '[EMAIL_ADDRESS]'::… AS email FROM …`: what stands in the place of a relation, as text. */
export function coverText(cover: Cover, only: boolean, keys: TokenKeys | undefined): string {
  const columns = cover.relation.columns.map(({ name }) => {
    const replaced = cover.replacements.get(name);
    return replaced === undefined ? quoted(name) : `${expressionOf(replaced, keys).text} AS ${quoted(name)}`;
  });
  const { schema, name } = cover.relation;
  return `SELECT ${columns.join(', ')} FROM ${only ? 'ONLY ' : ''}${quoted(schema)}.${quoted(name)}`;
}

/** The tree of `coverText`, made by hand: what the parser then makes of the text must equal it. */
export function coverTree(cover: Cover, only: boolean, keys: TokenKeys | undefined): Node {
  const word = (sval: string) => ({ String: { sval } });
  const { schema, name } = cover.relation;
  const target = (column: Column): Fields => {
    const replaced = cover.replacements.get(column.name);
    if (replaced === undefined) return { val: { ColumnRef: { fields: [word(column.name)] } } };
    return { name: column.name, val: expressionOf(replaced, keys).tree };
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
