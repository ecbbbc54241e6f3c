import { setImmediate } from 'node:timers/promises';
import type { Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import { protectionOf } from './catalog/privileges.ts';
import type { Outline } from './language/outline.ts';
import { checkText } from './language/preflight.ts';
import { referencesIn } from './language/references.ts';
import { kindOf, namedObjects } from './language/statements.ts';
import { everyNode, type Fields, fieldsOf } from './language/syntax.ts';
import { coverOf } from './masks/masks.ts';
import type { Plan } from './plan.ts';
import { prove } from './prove.ts';
import { Refusal, unprovable } from './refusal.ts';
import type { Request } from './settings.ts';
import { prepareShape, type Shape } from './shapes.ts';
import type { Ground, Subject } from './subject.ts';
import { type Recorded, recordedAs, recordedNames } from './trail/seal.ts';
import { classesTouched, masksOf, sealingFor } from './trail/touched.ts';

/** Characters from which on a statement takes a while to look through. */
const large = 8192;

/** What a statement means: all of an operation that its parameters do not change. */
export type Understanding = {
  operation: Omit<Operation<Plan>, 'parameters' | 'recorded'>;
  recorded: Recorded;
  /** Its resources as the trail may hold them. */
  names: readonly string[];
  /** What it names as relations, and the catalog does not know. */
  missing: readonly string[];
  /** How many `$n` it has. */
  parameters: number;
};

/**
 * What a statement means and how it is run so that nothing classified leaves. What cannot be proven is said in `unprovable`,
 * beside all that policy needs to speak first. Throws `operation-unreadable` for what is not one statement. With it comes its
 * shape, where it has an outline and one can be made.
 */
export async function understand(
  request: Request,
  ground: Ground,
  outline?: Outline,
): Promise<{ understanding: Understanding; shape?: Shape }> {
  checkText(request);
  const { statement } = request;
  const parsed = await ground.parser.parse(statement);
  const { catalog, searchPath, context, protections } = ground;

  const kind = kindOf(parsed.statement, catalog, searchPath);
  const references = referencesIn(parsed.statement, catalog, searchPath);
  const named = namedRelations(parsed.statement, ground);
  const relations = [
    ...new Set([...references.map(({ relation }) => relation), ...named.map(({ relation }) => relation)]),
  ];
  const known = relations.filter((relation) => relation !== undefined);
  const covers = new Map(known.map((relation) => [relation, coverOf(relation, protections, context.unmask, catalog)]));

  const parameters = parameterCount(parsed.statement);
  const subject: Subject = { statement, parsed, references, named, known, parameters, covers, ground };
  // The tree is changed by rewriting, so what is recorded is made of it first.
  await makeWay(statement);
  const record = recordedAs(statement, parsed, sealingFor(subject));
  const shaped = outline && prepareShape(statement, parsed, { outline, record });
  await makeWay(statement);
  const classes = classesTouched(parsed.statement, subject);
  const masks = masksOf(parsed.statement, subject);
  const protection = protectionOf(
    known,
    (relation) => coverOf(relation, protections, context.unmask, catalog).masked.keys(),
    catalog,
  );

  await makeWay(statement);
  const proof = await prove(subject).catch((error: unknown) => {
    if (error instanceof Refusal) return error;
    throw error;
  });
  const refused = proof instanceof Refusal;
  const missing = [...references, ...named].filter(({ relation }) => relation === undefined).map(({ name }) => name);
  const resources = [...new Set([...references, ...named].map(({ name }) => name))].sort();
  const understanding: Understanding = {
    missing,
    parameters,
    names: recordedNames(resources, missing, context.seal),
    recorded: refused ? record.closed() : record.open,
    operation: {
      kind: 'postgres',
      verb: kind.verb,
      risks: kind.risks,
      resources,
      classes,
      statement,
      masks,
      ...(refused && { unprovable: unprovable(proof, statement, references) }),
      warnings: refused ? [] : proof.warnings,
      ...(protection !== undefined && { protection }),
      estimates: {},
      plan: refused ? { access: 'none' } : proof.plan,
    },
  };
  const shape = refused ? undefined : shaped?.(understanding, proof.edits);
  return { understanding, ...(shape !== undefined && { shape }) };
}

/** Between two looks at a large statement, others have their turn. */
async function makeWay(statement: string): Promise<void> {
  if (statement.length > large) await setImmediate();
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

/** Throws `operation-unreadable` where a ceiling is set for what changes no rows: it would hold nothing. */
export function checkAtMost({ plan }: Pick<Operation<Plan>, 'plan'>, { at_most }: Request): void {
  if (at_most === undefined || plan.access === 'write' || plan.access === 'none') return;
  throw new Problem('operation-unreadable', {
    detail: 'at_most is for statements that insert, update or delete; leave it out.',
  });
}
