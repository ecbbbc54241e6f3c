import { insteadOfCatalog, insteadOfUnknown } from './advice.ts';
import { isSystem, nameOf, type Relation } from './catalog/catalog.ts';
import { restOfRead, watch } from './catalog/drift.ts';
import { relatives } from './catalog/links.ts';
import { type Counting, countingOf } from './changes/counting.ts';
import { checkDefinition } from './definitions/definitions.ts';
import { recheckAgainst } from './definitions/recheck.ts';
import type { Reference } from './language/references.ts';
import type { Edit } from './language/splice.ts';
import { everyNode, type Fields, fieldsOf, typeOf } from './language/syntax.ts';
import { isWriteType, writesIn } from './language/write-nodes.ts';
import { impliedGroupings } from './masks/grouping.ts';
import { outputClasses } from './masks/lineage.ts';
import { type Cover, coverOf } from './masks/masks.ts';
import { rewrite } from './masks/rewrite.ts';
import { createTokenKeys } from './masks/tokens.ts';
import type { Plan } from './plan.ts';
import { Refusal } from './refusal.ts';
import { hiddenColumns } from './rules/allowed-catalog.ts';
import { checkExtensionCalls } from './rules/extension-functions.ts';
import { checkColumnTypes, gate, type Seen } from './rules/gate.ts';
import { leftAlone } from './rules/left-alone.ts';
import { checkPlaces, checkPrograms, ordersByHidden } from './rules/places.ts';
import { checkWrites } from './rules/writes.ts';
import type { Subject } from './subject.ts';

/** What is run, once it is proven that nothing classified leaves. */
export type Proof = {
  plan: Plan;
  warnings: readonly string[];
  /** By which the text that is run was made of the statement. */
  edits: readonly Edit[];
};

/** Proves it by the rules R2 to R9, or throws the `Refusal` that says why it cannot be proven. Changes the subject's tree. */
export async function prove(subject: Subject): Promise<Proof> {
  const { statement } = subject.parsed;
  const type = typeOf(statement) ?? '';
  const explained = type === 'ExplainStmt' ? fieldsOf(fieldsOf(statement[type])['query']) : undefined;
  if (explained !== undefined) {
    checkExplain(fieldsOf(statement[type]), subject);
    return proveQuery(explained, subject);
  }
  const { intoClause } = fieldsOf(statement[type]);
  if (intoClause !== undefined) {
    const made = fieldsOf(fieldsOf(intoClause)['rel']);
    throw new Refusal('R2', 'SELECT INTO makes a table; write CREATE TABLE … AS SELECT instead', made);
  }
  if (type === 'SelectStmt' || isWriteType(type)) return proveQuery(statement, subject);
  if (type === 'TransactionStmt') {
    throw new Refusal('R2', 'Each statement is a transaction of its own; leave out BEGIN, COMMIT and the like');
  }
  return proveDefinition(statement, subject);
}

/** Plans and costs tell of sizes and statistics, so only statements without anything classified are explained. */
function checkExplain(fields: Fields, { covers, known, ground }: Subject): void {
  const options = [...everyNode(fields['options'])]
    .filter(({ type }) => type === 'DefElem')
    .map(({ fields }) => String(fields['defname']));
  const strange = options.find((option) => !['verbose', 'costs', 'format', 'summary'].includes(option));
  if (strange !== undefined)
    throw new Refusal('R2', `EXPLAIN with ${strange.toUpperCase()} cannot be proven safe; leave it out`);
  if (typeOf(fields['query']) !== 'SelectStmt' || writesIn(fields['query']).length > 0)
    throw new Refusal(
      'R2',
      'Only a SELECT that writes nothing can be explained; send the SELECT that chooses the rows',
    );
  const classified = restOfRead(known, ground.catalog).some(
    (relation) => ground.protections(relation).classes.size > 0,
  );
  if (classified || [...covers.values()].some(isCovered)) {
    throw new Refusal(
      'R8',
      'A plan tells of sizes and statistics, and so of classified values; explain a query over relations without classified columns',
    );
  }
}

const isCovered = (cover: Cover) => cover.replacements.size > 0;

async function proveQuery(query: Fields, subject: Subject): Promise<Proof> {
  const { ground, references, covers, parsed } = subject;
  const { catalog } = ground;
  const seen = gate(query, catalog, ground.searchPath);
  checkRelations(subject);
  const coverOf = ({ relation }: Reference) => {
    const cover = relation === undefined ? undefined : covers.get(relation);
    return cover !== undefined && isCovered(cover) ? cover : undefined;
  };
  const writes = writesIn(query);
  const hiddenIn = hiddenFrom(ground);
  const around = { references, coverOf, catalog, hiddenIn, anythingHidden: anythingHidden(ground) };
  const targets = writes.length === 0 ? [] : checkWrites(query, writes, around);
  checkPlaces(
    query,
    references,
    (relation) =>
      (covers.get(relation)?.replacements.size ?? 0) > 0 ||
      relatives(relation, catalog, 'child').some((part) => hiddenIn(part).size > 0),
  );
  checkPrograms(query, references);
  const outputs = outputClasses(query, (fields) => {
    const reference = references.find((candidate) => candidate.fields === fields);
    return reference?.relation && covers.get(reference.relation);
  });
  // What is written to stays as it is, as its rows are what is meant.
  const alone = new Set([...targets, ...leftAlone(query, references, coverOf)]);
  const masked = references.some((reference) => coverOf(reference) !== undefined && !alone.has(reference));
  checkExtensionCalls(seen.calls, masked);
  const keys = createTokenKeys(subject.parameters, ground.context.tokenKey);
  const toCover = (reference: Reference) => (alone.has(reference) ? undefined : coverOf(reference));
  const rewriting = {
    groupings: impliedGroupings(query, references, toCover, catalog),
    // A write may not speak of what is hidden; and its plan, which approvers see, would hold the keys.
    keys: writes.length === 0 ? keys : undefined,
    references,
    coverOf: toCover,
    columnRefs: seen.columnRefs,
    types: seen.types,
    calls: seen.calls,
    names: { catalog, searchPath: ground.searchPath },
  };
  const { text, edits } = await rewrite(subject.statement, parsed, rewriting, ground.parser);
  const top = fieldsOf(query[typeOf(query) ?? ''])['relation'];
  const target = references.find(({ fields }) => fields === top)?.relation;
  const plan = planOf(subject, {
    text,
    access: writes.length === 0 ? 'read' : 'write',
    outputs,
    bindings: keys.bindings,
    ...(writes.length > 0 && {
      counting: await countingOf({ text, statement: query, target }, catalog, ground.parser),
    }),
  });
  return { plan, warnings: warningsFor(seen, subject), edits };
}

const hiddenFrom =
  ({ protections, context, catalog }: Subject['ground']) =>
  (relation: Relation) =>
    new Set(coverOf(relation, protections, context.unmask, catalog).masked.keys());

function anythingHidden({ context }: Subject['ground']): boolean {
  const { classification, document } = context.connection;
  const classes = [...classification.values()].flatMap((columns) => [...columns.values()]);
  return document.unclassified === 'mask' || classes.some((className) => !context.unmask.includes(className));
}

/** Relations that one statement may name; each may become a subquery as long as its table is wide. */
const mostRelations = 300;

function checkRelations({ references, ground }: Subject): void {
  if (references.length > mostRelations)
    throw new Refusal('R1', `The statement names more than ${mostRelations} relations; send it in parts`);
  for (const { relation, name, fields } of references) {
    if (relation === undefined)
      throw new Refusal(
        'R4',
        `There is no relation ${name.split('.').slice(-2).join('.')} here; ${insteadOfUnknown}`,
        fields,
      );
    if (isSystem(relation) && hiddenColumns(relation) === undefined) {
      throw new Refusal(
        'R8',
        `${name} tells of more than structure and may not be read; ${insteadOfCatalog(name)}`,
        fields,
      );
    }
    const { refusal } = ground.protections(relation);
    if (refusal !== undefined) throw new Refusal(refusal.rule, refusal.message, fields);
    if (!isSystem(relation)) checkColumnTypes(relation, ground.catalog);
  }
}

async function proveDefinition(statement: Fields, subject: Subject): Promise<Proof> {
  const { ground, references, named, known, parsed } = subject;
  const { catalog, protections, searchPath, context, parser } = ground;
  const checked = checkDefinition(statement, {
    references,
    named: named.map(({ relation }) => relation),
    catalog,
    protections,
    classification: context.connection.classification,
    searchPath,
  });
  if (known.some(isSystem)) throw new Refusal('R8', 'Relations of the system cannot be changed');
  const types = checked?.types ?? [];
  const rewriting = {
    references,
    coverOf: () => undefined,
    columnRefs: [],
    types,
    calls: [],
    groupings: [],
    keys: undefined,
  };
  const { text, edits } =
    checked === undefined
      ? { text: subject.statement, edits: [] }
      : await rewrite(subject.statement, parsed, rewriting, parser);
  const plan: Plan = {
    access: 'define',
    text,
    searchPath: checked === undefined ? searchPath : ['pg_catalog', 'pg_temp'],
    watch: watch(known, 'define', catalog),
    locks: known.filter(({ kind }) => ['r', 'p', 'v'].includes(kind)),
    recheck: recheckAgainst(ground.context.connection),
  };
  return { plan, warnings: [], edits };
}

type Shape = {
  text: string;
  access: 'read' | 'write';
  outputs: readonly (string | undefined)[];
  counting?: Counting;
  bindings: () => readonly string[];
};

function planOf({ known, ground }: Subject, shape: Shape): Plan {
  const { catalog } = ground;
  return {
    ...shape,
    withoutIndexOrder: ordersByHidden(restOfRead(known, catalog), catalog, hiddenFrom(ground)),
    watch: watch(known, shape.access, catalog),
    typeOf: (oid) => catalog.types.get(oid),
    maskedOrigin: originsIn(ground),
  };
}

/** What hides a column, by the numbers the server knows it by. Looked up once for each table, as every result asks for all its columns. */
function originsIn({ catalog, protections, context }: Subject['ground']) {
  const known = new Map<number, ReadonlyMap<number, string>>();
  const hiddenBy = (table: number): ReadonlyMap<number, string> => {
    const relation = catalog.byOid.get(table);
    if (relation === undefined) return new Map();
    const cover = coverOf(relation, protections, context.unmask, catalog);
    return new Map(
      relation.columns.flatMap(({ number, name }) => {
        const hidden = cover.masked.get(name) ?? (cover.replacements.has(name) ? nameOf(relation) : undefined);
        return hidden === undefined ? [] : [[number, hidden]];
      }),
    );
  };
  return (table: number, column: number) => {
    const hidden = known.get(table) ?? hiddenBy(table);
    known.set(table, hidden);
    return hidden.get(column);
  };
}

function warningsFor({ predicates }: Seen, { covers, known, ground }: Subject): string[] {
  const masked = new Set([...covers.values()].flatMap((cover) => [...cover.masked.keys()]));
  const names = [...predicates].filter((name) => masked.has(name)).sort();
  const typesOf = known
    .filter((relation) => !isSystem(relation))
    .flatMap(({ columns }) => columns.map(({ type }) => type));
  const extensions = new Set(
    typesOf.map((oid) => ground.catalog.types.get(oid)).filter((type) => type?.extension && type.kind === 'b'),
  );
  return [
    ...names.map((name) => `${name} is masked: conditions, grouping and order see the mask, not the value.`),
    ...[...extensions].map(
      (type) => `The operators of ${type?.name} are not used: its values compare as built-in types do.`,
    ),
  ];
}
