import { insteadOfPart } from '../advice.ts';
import type { Catalog, Relation } from '../catalog/catalog.ts';
import { type Fields, fieldsOf, isFields, isPlace, namesOf, ofType, textOf, typeOf } from '../language/syntax.ts';
import { Refusal, type Rule } from '../refusal.ts';
import { asksOpenSetting, checkAttribute, checkFunction } from './allowed-functions.ts';
import { allowedNodes } from './allowed-nodes.ts';
import { extensionSchema } from './extension-functions.ts';

/** What the walk met on its way. */
export type Seen = {
  /** Calls of audited functions of extensions, with the schema they are in. */
  calls: { fields: Fields; schema: string }[];
  columnRefs: Fields[];
  /** Column names that decide which rows there are, or their order. */
  predicates: Set<string>;
  /** Types outside `pg_catalog`, to be written with their schema. */
  types: { fields: Fields; schema: string }[];
};

const predicateFields = new Set([
  'whereClause',
  'havingClause',
  'quals',
  'sortClause',
  'groupClause',
  'distinctClause',
  'agg_filter',
  'agg_order',
  'partitionClause',
  'orderClause',
]);

/**
 * R2, R3, R6, R7 and R8 for a query: refuses every node, field, function, operator, cast and attribute that is not known to be
 * safe, the first one it meets.
 */
export function gate(statement: unknown, catalog: Catalog, searchPath: readonly string[]): Seen {
  const seen: Seen = { calls: [], columnRefs: [], predicates: new Set(), types: [] };

  const node = (value: Fields, predicate: boolean) => {
    const type = typeOf(value);
    if (type === undefined) throw new Refusal('R3', 'The statement holds something that is not known', value);
    visit(type, fieldsOf(value[type]), predicate);
  };

  const visit = (type: string, fields: Fields, predicate: boolean) => {
    const allowed = allowedNodes.get(type);
    checks[type]?.(fields, seen, catalog, searchPath);
    if (allowed === undefined) throw unproven(spoken(type), fields);
    if (type === 'ColumnRef' && predicate) seen.predicates.add(namesOf(fields['fields']).at(-1) ?? '*');
    if (type === 'JoinExpr') for (const name of namesOf(fields['usingClause'])) seen.predicates.add(name);
    if (type === 'CTECycleClause') for (const name of namesOf(fields['cycle_col_list'])) seen.predicates.add(name);
    if (type === 'A_Const') return;

    for (const [name, value] of Object.entries(fields)) {
      if (isPlace(name)) continue;
      if (!allowed.has(name)) throw unproven(`${spoken(type)} with ${name}`, fields);
      const below = predicate || predicateFields.has(name);
      const holds = allowed.get(name);
      for (const child of Array.isArray(value) ? value : [value]) {
        if (!isFields(child) || Object.keys(child).length === 0) continue;
        if (holds !== undefined) visit(holds, child, below);
        else node(child, below);
      }
    }
  };

  if (isFields(statement)) node(statement, false);
  return seen;
}

const unproven = (part: string, fields: Fields) =>
  new Refusal('R3', `${part} is not among what can be proven yet; ${insteadOfPart(part)}`, fields);

/** `JoinExpr` → `JOIN EXPR`: something for a caller to go by. */
const spoken = (type: string) =>
  type
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toUpperCase();

type Check = (fields: Fields, seen: Seen, catalog: Catalog, searchPath: readonly string[]) => void;

const builtInOnly =
  (rule: Rule, field: string, what: string): Check =>
  (fields) => {
    const path = namesOf(fields[field]);
    if (path.length > 1 && path[0] !== 'pg_catalog') {
      throw new Refusal(
        rule,
        `${what} ${path.join('.')} did not come with the server; use one that did, without a schema`,
        fields,
      );
    }
  };

const checks: Readonly<Record<string, Check>> = {
  FuncCall: (fields, seen, catalog, searchPath) => {
    const path = namesOf(fields['funcname']);
    if (asksOpenSetting(path, fields, catalog)) return;
    const builtIn = path.length === 1 && catalog.functions.has(path[0] ?? '');
    const schema = builtIn ? undefined : extensionSchema(path, catalog, searchPath);
    if (schema === undefined) checkFunction(path, catalog, fields);
    else seen.calls.push({ fields, schema });
  },
  A_Expr: builtInOnly('R7', 'name', 'The operator'),
  SubLink: builtInOnly('R7', 'operName', 'The operator'),
  SortBy: (fields) => {
    const path = namesOf(fields['useOp']);
    if (path.length > 1) {
      throw new Refusal(
        'R7',
        `ORDER BY … USING OPERATOR(${path.join('.')}) cannot be proven safe; write ASC or DESC`,
        fields,
      );
    }
  },
  CollateClause: builtInOnly('R7', 'collname', 'The collation'),

  ColumnRef: (fields, seen, catalog) => {
    const path = namesOf(fields['fields']);
    seen.columnRefs.push(fields);
    for (const name of path.slice(1)) checkAttribute(name, catalog, fields);
  },

  A_Indirection: (fields, _seen, catalog) => {
    const indirection = Array.isArray(fields['indirection']) ? fields['indirection'] : [];
    for (const step of indirection) {
      const name = textOf(ofType(step, 'String')?.['sval']);
      if (name !== undefined) checkAttribute(name, catalog, fields);
    }
  },

  CurrentOfExpr: () => {
    throw new Refusal('R2', 'There are no cursors here; instead of CURRENT OF, name the rows by a condition');
  },

  RangeTableSample: (fields) => {
    const [method, ...more] = namesOf(fields['method']);
    if (more.length > 0 || !['bernoulli', 'system'].includes(method ?? '')) {
      throw new Refusal(
        'R3',
        'Only BERNOULLI and SYSTEM may sample; take rows by a condition on a key, as in WHERE id % 100 = 0',
        fields,
      );
    }
  },

  SelectStmt: (fields) => {
    if (fields['lockingClause'] !== undefined)
      throw new Refusal('R2', 'Rows may not be locked; leave out FOR UPDATE and the like', fields);
    if (fields['intoClause'] !== undefined)
      throw new Refusal('R2', 'SELECT INTO makes a table; leave out INTO', fields);
  },

  CommonTableExpr: (fields) => {
    // Whatever becomes of scopes, a name that is left bare can then never be one of the system's relations.
    if (textOf(fields['ctename'])?.startsWith('pg_'))
      throw new Refusal('R4', 'A CTE may not have a name that begins with pg_; give it another', fields);
  },

  TypeName: (fields, seen, catalog, searchPath) => {
    const path = namesOf(fields['names']);
    const [name = ''] = path.slice(-1);
    if (fields['pct_type'] === true) throw new Refusal('R7', '%TYPE cannot be used here; name the type itself', fields);
    if (path.length > 2)
      throw new Refusal('R7', `The type ${path.join('.')} is not known; write it as schema.type`, fields);
    const builtIn =
      path.length === 1 || path[0] === 'pg_catalog' ? catalog.typesByName.get(`pg_catalog.${name}`) : undefined;
    if (builtIn?.userCast)
      throw new Refusal(
        'R7',
        `A cast to ${name} runs code of the database; leave the value as it is, or cast it to text`,
        fields,
      );
    if (builtIn !== undefined || (path.length === 2 && path[0] === 'pg_catalog')) return;

    const schemas = path.length === 2 ? path.slice(0, 1) : searchPath;
    const type = schemas.map((schema) => catalog.typesByName.get(`${schema}.${name}`)).find((hit) => hit !== undefined);
    const safe = type !== undefined && !type.userCast && (type.kind === 'e' || (type.extension && type.kind === 'b'));
    if (!safe)
      throw new Refusal('R7', `A cast to ${path.join('.')} may run code of its own; cast to a built-in type`, fields);
    if (path.length === 1) seen.types.push({ fields, schema: type.schema });
  },
};

/** R7 for values that are read: a relation with a column whose type has casts made by users may run them unseen. */
export function checkColumnTypes(relation: Relation, catalog: Catalog): void {
  for (const column of relation.columns) {
    const type = catalog.types.get(column.type);
    const inner = type?.element ? catalog.types.get(type.element) : type;
    if (inner?.userCast) {
      throw new Refusal(
        'R7',
        `The column ${relation.name}.${column.name} is of a type with casts of its own; ask for a view without that column`,
      );
    }
  }
}
