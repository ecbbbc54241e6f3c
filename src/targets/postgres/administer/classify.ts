import type { Classification, Limits } from '../../../model/connection.ts';
import { Problem } from '../../../model/problem.ts';
import type { Batch, Column, Rows } from '../../../model/result.ts';
import type { Access } from '../../target.ts';
import { type Catalog, isSystem, nameOf, type Relation } from '../catalog/catalog.ts';
import { entriesOf, globOf } from '../rules/entries.ts';
import type { Pools } from '../session/pool.ts';
import { defaultSeconds } from '../session/run.ts';
import type { Settings } from '../settings.ts';
import { createOwnRows, type OwnRow } from './own-rows.ts';
import { type Proposal, propose } from './propose.ts';
import { kindOf, type Sampled, sample } from './sample.ts';

/** What a proposal is made from, as understanding found it. */
export type Classifying = {
  catalog: Catalog;
  /** In force. */
  classification: Classification;
  tables: readonly Relation[];
  /** Values of a column that are looked at. */
  values: number;
};

/** One row for each column: names, class names and counts. Nothing of a value, and nothing made of one. */
const columns: readonly Column[] = [
  { name: 'table', type: 'text' },
  { name: 'column', type: 'text' },
  { name: 'type', type: 'text' },
  { name: 'current', type: 'text' },
  { name: 'proposed', type: 'text' },
  { name: 'confidence', type: 'text' },
  { name: 'reason', type: 'text' },
  /** Whether the classification in force speaks of the table. */
  { name: 'known', type: 'bool' },
  /** How many rows there will be. */
  { name: 'total', type: 'int4' },
];

/**
 * The tables that a classification speaks of: views follow what they read, and partitions their parents. Parents come
 * first, so that what refers to them is known by them.
 */
export function tablesToClassify(catalog: Catalog, globs: readonly string[]): Relation[] {
  const partitions = new Set(
    catalog.inheritance.filter(({ parent }) => catalog.byOid.get(parent)?.kind === 'p').map(({ child }) => child),
  );
  const fitting = globs.map(globOf);
  const tables = [...catalog.byOid.values()]
    .filter((relation) => ['r', 'p', 'f'].includes(relation.kind) && !isSystem(relation))
    .filter((relation) => !partitions.has(relation.oid))
    .filter((relation) => globs.length === 0 || fitting.some((fits) => fits(nameOf(relation))))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const wanted = new Set(tables);
  const ordered = new Set<Relation>();
  const reached = new Set<number>();
  const place = (relation: Relation) => {
    if (reached.has(relation.oid)) return;
    reached.add(relation.oid);
    for (const { child, parent } of catalog.foreignKeys) {
      const referred = catalog.byOid.get(parent);
      if (child === relation.oid && referred !== undefined && wanted.has(referred)) place(referred);
    }
    ordered.add(relation);
  };
  for (const table of tables) place(table);
  return [...ordered];
}

/** Samples table by table, as the reader asks for them. The first is there when it answers, so that what fails at once is thrown. */
export async function classify(
  work: Classifying,
  access: Access<Settings> & { limits: Limits },
  pools: Pools,
): Promise<Rows> {
  const { seconds = defaultSeconds } = access.limits;
  const deadline = performance.now() + seconds * 1000;
  const total = work.tables.reduce((sum, { columns: all }) => sum + all.length, 0);
  const found = new Map<string, string>();
  const answer = createOwnRows(access.limits);

  async function* batches(): AsyncGenerator<Batch> {
    for (const table of work.tables) {
      if (performance.now() > deadline) {
        throw new Problem('target-timeout', {
          detail: 'There was not time for every table; name fewer of them in `tables`, or sample fewer values.',
        });
      }
      const sampled = await sample(table, { ...work, pools, access, deadline });
      if (access.signal.aborted) throw new Problem('timeout', { detail: 'The call was given up.' });
      yield answer.take(rowsOf(table, sampled, work, found).map((row) => [...row, total]));
      if (answer.truncated()) return;
    }
  }

  const source = batches();
  const first = await source.next();
  async function* all() {
    try {
      if (first.done !== true) yield first.value;
      yield* source;
    } finally {
      await source.return(undefined);
    }
  }
  return { form: 'rows', columns, batches: all(), summary: () => ({ truncated: answer.truncated() }) };
}

/** `found` collects what is proposed, by `oid.number`, for what refers to it. */
function rowsOf(
  table: Relation,
  { comments, counts }: Sampled,
  work: Classifying,
  found: Map<string, string>,
): OwnRow[] {
  const { catalog, classification } = work;
  const entries = entriesOf(classification)(nameOf(table));
  const inForce = new Map(entries.flatMap((entry) => [...entry]));
  const weigh = (column: (typeof table.columns)[number]): Proposal => {
    const inherited = inheritedBy(table, column.number, catalog, found);
    const type = catalog.types.get(column.type)?.name ?? 'unknown';
    const evidence = {
      table: table.name,
      column: column.name,
      kind: kindOf(column, catalog),
      type,
      comment: comments.get(column.number),
      counts: counts.get(column.number),
    };
    return inherited ?? propose(evidence);
  };
  const weighed = new Map<number, Proposal>();
  // What is computed from other columns comes after them.
  for (const column of table.columns.toSorted((a, b) => Number(a.generated) - Number(b.generated))) {
    const proposal = weigh(column);
    const className = inForce.get(column.name) ?? proposal.className;
    if (className !== undefined) found.set(`${table.oid}.${column.number}`, className);
    weighed.set(column.number, proposal);
  }
  return table.columns.map((column) => {
    const proposal = weighed.get(column.number);
    return [
      nameOf(table),
      column.name,
      catalog.types.get(column.type)?.name ?? 'unknown',
      inForce.get(column.name) ?? null,
      proposal?.className ?? null,
      proposal?.confidence ?? null,
      proposal?.reason ?? '',
      entries.length > 0,
    ];
  });
}

/** A key that refers to a classified column holds its values, and so does what is generated from one. */
function inheritedBy(
  table: Relation,
  number: number,
  catalog: Catalog,
  found: ReadonlyMap<string, string>,
): Proposal | undefined {
  for (const key of catalog.foreignKeys) {
    const index = key.child === table.oid ? key.childColumns.indexOf(number) : -1;
    const className = index === -1 ? undefined : found.get(`${key.parent}.${key.parentColumns[index]}`);
    const parent = catalog.byOid.get(key.parent);
    if (className !== undefined && parent !== undefined) {
      return { className, confidence: 'inherited', reason: `it refers to ${nameOf(parent)}, whose class it has` };
    }
  }
  const source = catalog.generated.find(({ relation, column }) => relation === table.oid && column === number);
  const className = source && found.get(`${table.oid}.${source.source}`);
  const name = table.columns.find((column) => column.number === source?.source)?.name;
  if (className === undefined) return undefined;
  return { className, confidence: 'inherited', reason: `it is computed from ${name}, whose class it has` };
}
