import type { Mask, Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import type { Context } from '../target.ts';
import { hiddenColumns } from './allowed-catalog.ts';
import { type Catalog, isSystem, nameOf, type Relation } from './catalog.ts';
import { expectedFingerprints } from './catalog-sql.ts';
import { checkDefinition } from './definitions.ts';
import { checkColumnTypes, gate, type Seen } from './gate.ts';
import { outputClasses } from './lineage.ts';
import { type Cover, coverOf, maskOf } from './masks.ts';
import type { Parser } from './parser.ts';
import type { Plan } from './plan.ts';
import { checkText } from './preflight.ts';
import type { Protections } from './protections.ts';
import { type Reference, referencesIn } from './references.ts';
import { Refusal, unprovable } from './refusal.ts';
import { rewrite } from './rewrite.ts';
import { type Recorded, recordedAs, type Sealing } from './seal.ts';
import type { Request } from './settings.ts';
import { kindOf, namedObjects } from './statements.ts';
import { everyNode, type Fields, fieldsOf, namesOf, type Parsed, typeOf } from './syntax.ts';
import { checkWrite, writeType } from './writes.ts';

/** What understanding rests on besides the request. */
export type Ground = {
  catalog: Catalog;
  protections: Protections;
  searchPath: readonly string[];
  parser: Parser;
  context: Context;
};

/** What a statement means: all of an operation that its parameters do not change. */
export type Understanding = {
  operation: Omit<Operation<Plan>, 'parameters' | 'recorded'>;
  recorded: Recorded;
  /** How many `$n` it has. */
  parameters: number;
};

/**
 * What a statement means and how it is run so that nothing classified leaves. What cannot be proven is said in `unprovable`,
 * beside all that policy needs to speak first. Throws `operation-unreadable` for what is not one statement.
 */
export async function understand(request: Request, ground: Ground): Promise<Understanding> {
  checkText(request);
  const { statement } = request;
  const parsed = await ground.parser.parse(statement);
  const { catalog, searchPath, context, protections } = ground;

  const kind = kindOf(parsed.statement);
  const references = referencesIn(parsed.statement, catalog, searchPath);
  const named = namedRelations(parsed.statement, ground);
  const relations = [
    ...new Set([...references.map(({ relation }) => relation), ...named.map(({ relation }) => relation)]),
  ];
  const known = relations.filter((relation) => relation !== undefined);
  const covers = new Map(known.map((relation) => [relation, coverOf(relation, protections, context.unmask, catalog)]));

  const subject: Subject = { statement, parsed, references, named, known, covers, ground };
  // The tree is changed by rewriting, so what is recorded is made of it first, for both outcomes.
  const openRecord = recordedAs(statement, parsed, sealingFor(subject, false));
  const closedRecord = recordedAs(statement, parsed, sealingFor(subject, true));
  const classes = classesTouched(parsed.statement, subject);
  const masks = masksOf(parsed.statement, subject);
  const parameters = parameterCount(parsed.statement);

  const proof = await prove(subject).catch((error: unknown) => {
    if (error instanceof Refusal) return error;
    throw error;
  });
  const refused = proof instanceof Refusal;
  return {
    parameters,
    recorded: refused ? closedRecord : openRecord,
    operation: {
      kind: 'postgres',
      verb: kind.verb,
      risks: kind.risks,
      resources: [...new Set([...references, ...named].map(({ name }) => name))].sort(),
      classes,
      statement,
      masks,
      ...(refused && { unprovable: unprovable(proof, statement) }),
      warnings: refused ? [] : proof.warnings,
      estimates: {},
      plan: refused ? { access: 'none' } : proof.plan,
    },
  };
}

type Subject = {
  statement: string;
  parsed: Parsed;
  references: readonly Reference[];
  named: readonly { name: string; relation: Relation | undefined }[];
  known: readonly Relation[];
  covers: ReadonlyMap<Relation, Cover>;
  ground: Ground;
};

type Proof = { plan: Plan; warnings: readonly string[] };

async function prove(subject: Subject): Promise<Proof> {
  const { statement } = subject.parsed;
  const type = typeOf(statement) ?? '';
  const explained = type === 'ExplainStmt' ? fieldsOf(fieldsOf(statement[type])['query']) : undefined;
  if (explained !== undefined) {
    checkExplain(fieldsOf(statement[type]), subject);
    return proveQuery(explained, subject);
  }
  if (type === 'SelectStmt' || writeType(statement) !== undefined) return proveQuery(statement, subject);
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
  if (typeOf(fields['query']) !== 'SelectStmt') throw new Refusal('R2', 'Only a SELECT can be explained');
  const classified = watchedBy(known, ground.catalog).some((relation) => ground.protections(relation).classes.size > 0);
  if (classified || [...covers.values()].some(isCovered)) {
    throw new Refusal('R8', 'The plan of a query over classified columns tells of them; explain a query without them');
  }
}

const isCovered = (cover: Cover) => cover.replacements.size > 0;

async function proveQuery(query: Fields, subject: Subject): Promise<Proof> {
  const { ground, references, covers, parsed } = subject;
  const { catalog, protections } = ground;
  checkRelations(subject);
  const seen = gate(query, catalog, ground.searchPath);
  const coverOf = ({ relation }: Reference) => {
    const cover = relation === undefined ? undefined : covers.get(relation);
    return cover !== undefined && isCovered(cover) ? cover : undefined;
  };
  checkSamples(query, references, coverOf);

  const type = writeType(query);
  const target =
    type === undefined ? undefined : references.find(({ fields }) => fields === fieldsOf(query[type])['relation']);
  if (type !== undefined) {
    const cover = target?.relation && covers.get(target.relation);
    if (target?.relation === undefined || cover === undefined)
      throw new Refusal('R4', 'The table to write to is not known');
    const write = { fields: fieldsOf(query[type]), type, target: target.relation, cover };
    checkWrite(write, { references, coverOf, seen, catalog, protections });
  }
  const outputs = outputClasses(query, (fields) => {
    const reference = references.find((candidate) => candidate.fields === fields);
    return reference?.relation && covers.get(reference.relation);
  });
  const rewriting = {
    references,
    coverOf: (reference: Reference) => (reference === target ? undefined : coverOf(reference)),
    columnRefs: seen.columnRefs,
    types: seen.types,
  };
  const text = await rewrite(subject.statement, parsed, rewriting, ground.parser);
  return {
    plan: planOf(subject, { text, access: type === undefined ? 'read' : 'write', searchPath: ['pg_catalog'], outputs }),
    warnings: warningsFor(seen, subject),
  };
}

function checkRelations({ references, ground }: Subject): void {
  for (const { relation, name, fields } of references) {
    if (relation === undefined)
      throw new Refusal('R4', `There is no relation ${name.split('.').slice(-2).join('.')} here`, fields);
    if (isSystem(relation) && hiddenColumns(relation) === undefined) {
      throw new Refusal('R8', `${name} tells of more than structure and may not be read`, fields);
    }
    const { refusal } = ground.protections(relation);
    if (refusal !== undefined) throw new Refusal(refusal.rule, refusal.message, fields);
    if (!isSystem(relation)) checkColumnTypes(relation, ground.catalog);
  }
}

/** Which rows a sample takes depends on how large they are. */
function checkSamples(
  query: Fields,
  references: readonly Reference[],
  coverOf: (reference: Reference) => Cover | undefined,
): void {
  for (const { type, fields } of everyNode(query)) {
    const sampled =
      type === 'RangeTableSample' ? references.find(({ wrapper }) => wrapper === fields['relation']) : undefined;
    if (sampled !== undefined && coverOf(sampled) !== undefined) {
      throw new Refusal('R3', `${sampled.name} cannot be sampled, as it holds classified columns`, sampled.fields);
    }
  }
}

async function proveDefinition(statement: Fields, subject: Subject): Promise<Proof> {
  const { ground, references, named, known } = subject;
  checkDefinition(statement, {
    references,
    named: named.map(({ relation }) => relation),
    catalog: ground.catalog,
    protections: ground.protections,
  });
  if (known.some(isSystem)) throw new Refusal('R8', 'Relations of the system cannot be changed');
  const plan = planOf(subject, {
    text: subject.statement,
    access: 'define',
    searchPath: ground.searchPath,
    outputs: [],
  });
  return { plan, warnings: [] };
}

/** The relations a statement rests on: those it names, and what the views among them read. */
function watchedBy(relations: readonly Relation[], catalog: Catalog): Relation[] {
  const watched = new Set(relations.filter((relation) => !isSystem(relation)));
  for (const relation of watched) {
    for (const oid of catalog.views.get(relation.oid)?.reads ?? []) {
      const read = catalog.byOid.get(oid);
      if (read !== undefined && !isSystem(read)) watched.add(read);
    }
  }
  return [...watched];
}

type Shape = {
  text: string;
  access: 'read' | 'write' | 'define';
  searchPath: readonly string[];
  outputs: readonly (string | undefined)[];
};

function planOf({ known, ground }: Subject, shape: Shape): Plan {
  const { catalog, protections, context } = ground;
  const watched = watchedBy(known, catalog);
  return {
    ...shape,
    watched: watched.map(({ oid }) => oid),
    fingerprints: expectedFingerprints(watched),
    typeName: (oid) => catalog.types.get(oid)?.name,
    maskedOrigin: (table, column) => {
      const relation = catalog.byOid.get(table);
      const name = relation?.columns.find(({ number }) => number === column)?.name;
      if (relation === undefined || name === undefined) return undefined;
      const cover = coverOf(relation, protections, context.unmask, catalog);
      return cover.masked.get(name) ?? (cover.replacements.has(name) ? nameOf(relation) : undefined);
    },
  };
}

function namedRelations(statement: Fields, { catalog, searchPath }: Ground): Subject['named'] {
  const column = fieldsOf(statement['CommentStmt'])['objtype'] === 'OBJECT_COLUMN';
  return namedObjects(statement).map((words) => {
    const path = column ? words.slice(0, -1) : words;
    const schemas = path.length > 1 ? path.slice(0, 1) : ['pg_catalog', ...searchPath];
    const name = path.at(-1) ?? '';
    const relation = schemas
      .map((schema) => catalog.relations.get(`${schema}.${name}`))
      .find((hit) => hit !== undefined);
    return { name: `${relation?.schema ?? (path.length > 1 ? path[0] : searchPath[0]) ?? 'public'}.${name}`, relation };
  });
}

/** Names of columns the statement speaks of; undefined where it may speak of all (`*`, a whole row). */
function columnsSpokenOf(statement: Fields, { references }: Subject): Set<string> | undefined {
  const names = new Set<string>();
  const rows = new Set(
    references.map(({ fields }) => String(fieldsOf(fields['alias'])['aliasname'] ?? fields['relname'])),
  );
  for (const { type, fields } of everyNode(statement)) {
    if (type === 'ColumnRef' || type === 'A_Indirection') {
      const path = namesOf(fields[type === 'ColumnRef' ? 'fields' : 'indirection']);
      const last = path.at(-1) ?? '';
      if (last === '*' || (type === 'ColumnRef' && rows.has(last))) return undefined;
      for (const name of path) names.add(name);
    }
    if (type === 'JoinExpr') {
      if (fields['isNatural'] === true) return undefined;
      for (const name of namesOf(fields['usingClause'])) names.add(name);
    }
    if (type === 'Alias' && fields['colnames'] !== undefined) return undefined;
    if (type === 'RangeVar' && fieldsOf(fields['alias'])['colnames'] !== undefined) return undefined;
    if (type === 'ResTarget' && typeof fields['name'] === 'string') names.add(fields['name']);
  }
  return typeOf(statement) === 'SelectStmt' || typeOf(statement) === 'ExplainStmt' || writeType(statement)
    ? names
    : undefined;
}

function classesTouched(statement: Fields, subject: Subject): string[] {
  const spoken = columnsSpokenOf(statement, subject);
  const classes = new Set<string>();
  for (const relation of subject.known) {
    for (const [column, found] of subject.ground.protections(relation).classes) {
      if (spoken === undefined || spoken.has(column)) for (const className of found) classes.add(className);
    }
  }
  return [...classes].sort();
}

function masksOf(statement: Fields, subject: Subject): Mask[] {
  const spoken = columnsSpokenOf(statement, subject);
  const target = writeType(statement) && fieldsOf(fieldsOf(statement[typeOf(statement) ?? ''])['relation']);
  return subject.references
    .filter(({ fields }) => fields !== target)
    .map(({ relation }) => relation && subject.covers.get(relation))
    .filter((cover, index, all) => cover !== undefined && all.indexOf(cover) === index)
    .flatMap((cover) =>
      cover === undefined
        ? []
        : [...cover.masked]
            .filter(([column]) => spoken === undefined || spoken.has(column))
            .map(([column, className]) => maskOf(cover, column, className)),
    );
}

function sealingFor(subject: Subject, refused: boolean): Sealing {
  const { known, ground, parsed, references } = subject;
  const classes = new Map<string, string>();
  for (const relation of known) {
    for (const [column, [className]] of ground.protections(relation).classes)
      if (className !== undefined) classes.set(column, className);
  }
  const names = known.flatMap((relation) => relation.columns.map(({ name }) => name));
  const type = writeType(parsed.statement);
  const target = type && references.find(({ fields }) => fields === fieldsOf(parsed.statement[type])['relation']);
  const plain = type !== undefined || ['SelectStmt', 'ExplainStmt'].includes(typeOf(parsed.statement) ?? '');
  return {
    seal: ground.context.seal,
    classes,
    unclassified: new Set(names.filter((name) => !classes.has(name))),
    scope: refused ? 'all' : classes.size === 0 ? 'none' : plain ? 'tied' : 'all',
    insertColumns: target?.relation?.columns.map(({ name }) => name) ?? [],
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

function parameterCount(statement: Fields): number {
  let highest = 0;
  for (const { type, fields } of everyNode(statement)) {
    if (type === 'ParamRef' && typeof fields['number'] === 'number') highest = Math.max(highest, fields['number']);
  }
  return highest;
}

/** Throws `operation-unreadable` unless there is exactly one value for each `$n`. */
export function checkParameterCount(expected: number, { parameters }: Request): void {
  if (parameters.length === expected) return;
  throw new Problem('operation-unreadable', {
    detail: `The statement needs ${expected} parameters, and ${parameters.length} were sent.`,
  });
}
