import { type Condition, disjunctsOf, type FieldCondition, isEquality } from './conditions.ts';
import { failedPrecondition } from './errors.ts';
import { NAME } from './field-paths.ts';
import { lastSegment } from './names.ts';
import type { Order } from './orders.ts';
import type { Range } from './ranges.ts';

type Scope = 'COLLECTION' | 'COLLECTION_GROUP';

interface IndexMode {
  order?: 'ASCENDING' | 'DESCENDING';
  arrayConfig?: 'CONTAINS';
}

/** The content of `firestore.indexes.json`. */
export interface IndexConfig {
  indexes?: { collectionGroup: string; queryScope?: string; fields: ({ fieldPath: string } & IndexMode)[] }[];
  fieldOverrides?: { collectionGroup: string; fieldPath: string; indexes: ({ queryScope?: string } & IndexMode)[] }[];
}

interface IndexQuestion {
  parent: string;
  range: Range;
  condition: Condition | undefined;
  orders: readonly Order[];
  /** Fields that sums and averages read. */
  aggregated: readonly string[];
}

/** Throws FAILED_PRECONDITION when no index, or merge of indexes, serves the query. */
export type IndexCheck = (question: IndexQuestion) => void;

/** What one disjunct asks of an index: these fields fixed, then these in order, then these in any order. */
interface Need {
  scope: Scope;
  collectionId: string;
  fixed: { path: string; contains: boolean }[];
  sorted: Order[];
  nameDescending: boolean;
  loose: string[];
}

/** An index as far as a need can use it: `fixed` fields, then what was asked to be sorted. */
interface Serving {
  fixed: { path: string; contains: boolean }[];
}

const AUTOMATIC: ({ queryScope?: string } & IndexMode)[] = [
  { order: 'ASCENDING' },
  { order: 'DESCENDING' },
  { arrayConfig: 'CONTAINS' },
];

/**
 * Demands the indexes production would: single fields are indexed automatically within a collection (unless a field
 * override says otherwise), equalities merge, everything else needs a composite index from the configuration.
 */
export function createIndexCheck(config: IndexConfig): IndexCheck {
  return ({ parent, range, condition, orders, aggregated }) => {
    if (range.kind !== 'collection' && range.kind !== 'group') return;
    const scope = range.kind === 'group' ? 'COLLECTION_GROUP' : 'COLLECTION';
    const collectionId = range.kind === 'group' ? range.collectionId : lastSegment(range.path);
    for (const branch of disjunctsOf(condition)) {
      const need = { scope, collectionId, ...needOf(branch, orders, aggregated) } satisfies Need;
      if (!isServed(need, config)) throw missing(need, parent);
    }
  };
}

function needOf(branch: FieldCondition[], orders: readonly Order[], aggregated: readonly string[]) {
  const pinned = new Set(branch.filter(isEquality).map(({ path }) => path));
  const sorted = orders.filter(({ path }) => path !== NAME && !pinned.has(path));
  const inOrder = new Set([NAME, ...sorted.map(({ path }) => path)]);
  const fixed = branch
    .filter((one) => (isEquality(one) || one.op === 'IN') && !inOrder.has(one.path))
    .map(({ path }) => ({ path, contains: false }));
  const contained = branch
    .filter(({ op }) => op === 'ARRAY_CONTAINS' || op === 'ARRAY_CONTAINS_ANY')
    .map(({ path }) => ({ path, contains: true }));
  const taken = new Set([...inOrder, ...fixed.map(({ path }) => path)]);
  return {
    fixed: [...fixed, ...contained],
    sorted,
    nameDescending: orders.find(({ path }) => path === NAME)?.descending ?? false,
    loose: aggregated.filter((path) => !taken.has(path)),
  };
}

/** Served when the indexes that end in the asked order together fix every fixed field. */
function isServed(need: Need, config: IndexConfig): boolean {
  if (need.fixed.length + need.sorted.length + need.loose.length === 0) return true;
  const servings = [...compositeServings(need, config), ...singleServings(need, config)];
  return (
    servings.length > 0 &&
    need.fixed.every((wanted) => servings.some(({ fixed }) => fixed.some((offered) => isSame(offered, wanted))))
  );
}

function compositeServings(need: Need, config: IndexConfig): Serving[] {
  return (config.indexes ?? [])
    .filter((index) => index.collectionGroup === need.collectionId && (index.queryScope ?? 'COLLECTION') === need.scope)
    .flatMap(({ fields }) => asServing(fields, need) ?? []);
}

function asServing(fields: readonly ({ fieldPath: string } & IndexMode)[], need: Need): Serving | undefined {
  const named = fields.filter(({ fieldPath }) => fieldPath !== NAME);
  const tail = need.sorted.length + need.loose.length;
  if (named.length < tail) return undefined;
  const fixed = named
    .slice(0, named.length - tail)
    .map(({ fieldPath, arrayConfig }) => ({ path: fieldPath, contains: arrayConfig === 'CONTAINS' }));
  if (!fixed.every((offered) => need.fixed.some((wanted) => isSame(offered, wanted)))) return undefined;
  const nameOrder = fields.find(({ fieldPath }) => fieldPath === NAME)?.order ?? named.at(-1)?.order ?? 'ASCENDING';
  const sorted = named.slice(named.length - tail, named.length - need.loose.length);
  const loose = named.slice(named.length - need.loose.length).map(({ fieldPath }) => fieldPath);
  if (need.loose.length > 0 && !need.loose.every((path) => loose.includes(path))) return undefined;
  return runsInOrder(sorted, nameOrder, need) ? { fixed } : undefined;
}

/** An index can be read forwards or backwards: all directions as asked, or all the other way round. */
function runsInOrder(offered: readonly ({ fieldPath: string } & IndexMode)[], nameOrder: string, need: Need): boolean {
  if (!need.sorted.every(({ path }, i) => offered[i]?.fieldPath === path && offered[i]?.order !== undefined))
    return false;
  if (need.sorted.length === 0) return true;
  const flips = need.sorted.map(({ descending }, i) => (offered[i]?.order === 'DESCENDING') !== descending);
  const flipName = (nameOrder === 'DESCENDING') !== need.nameDescending;
  return flips.every((flip) => flip === flipName);
}

function singleServings(need: Need, config: IndexConfig): Serving[] {
  const available = (path: string, contains: boolean) =>
    singleField(config, need.collectionId, path).some(
      ({ queryScope = 'COLLECTION', arrayConfig }) =>
        queryScope === need.scope && (arrayConfig === 'CONTAINS') === contains,
    );
  const tail = [...need.sorted.map(({ path }) => path), ...need.loose];
  if (tail.length === 0)
    return need.fixed.filter(({ path, contains }) => available(path, contains)).map((field) => ({ fixed: [field] }));
  const [only, ...more] = tail;
  const direct = need.sorted.every(({ descending }) => descending === need.nameDescending);
  return only !== undefined && more.length === 0 && direct && available(only, false) ? [{ fixed: [] }] : [];
}

/** How a field is indexed on its own: by the override for it, else by the collection's `*`, else automatically. */
function singleField(config: IndexConfig, collectionId: string, path: string) {
  const overrides = (config.fieldOverrides ?? []).filter(({ collectionGroup }) => collectionGroup === collectionId);
  const override =
    overrides.find(({ fieldPath }) => fieldPath === path) ?? overrides.find(({ fieldPath }) => fieldPath === '*');
  return override?.indexes ?? AUTOMATIC;
}

const isSame = (a: { path: string; contains: boolean }, b: { path: string; contains: boolean }): boolean =>
  a.path === b.path && a.contains === b.contains;

function missing(need: Need, parent: string) {
  const fields = [
    ...need.fixed.map(({ path, contains }) =>
      contains ? { fieldPath: path, arrayConfig: 'CONTAINS' } : { fieldPath: path, order: 'ASCENDING' },
    ),
    ...need.sorted.map(({ path, descending }) => ({
      fieldPath: path,
      order: descending ? 'DESCENDING' : 'ASCENDING',
    })),
    ...need.loose.map((path) => ({ fieldPath: path, order: 'ASCENDING' })),
  ];
  const [, project, , database] = parent.split('/');
  const index = { collectionGroup: need.collectionId, queryScope: need.scope, fields };
  return failedPrecondition(
    `The query requires an index. You can create it here: https://console.firebase.google.com/project/${project}/firestore/databases/${database}/indexes, or in firestore.indexes.json: ${JSON.stringify(index)}`,
  );
}
