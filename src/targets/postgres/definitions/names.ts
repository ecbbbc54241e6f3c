import { nameOf } from '../catalog/catalog.ts';
import { namedObjects } from '../language/statements.ts';
import { namesOf, textOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { type Check, cascade, checkNew, onlyFields, optionsOf, tableAt } from './ground.ts';

/** Names of the server's own schemas, and the like: nothing is made or dropped there. */
function checkSchemas(paths: readonly (readonly string[])[]): void {
  const system = paths.find(([first = '']) => first.startsWith('pg_') || first === 'information_schema');
  if (system !== undefined) throw new Refusal('R8', `${system.join('.')} belongs to the system and cannot be changed`);
}

const droppable = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE']);
const alsoDroppable = new Set(['OBJECT_INDEX', 'OBJECT_TYPE', 'OBJECT_SCHEMA']);

export const drop: Check = (fields, { named }) => {
  const kind = textOf(fields['removeType']) ?? '';
  if (!droppable.has(kind) && !alsoDroppable.has(kind))
    throw new Refusal('R2', 'Only tables, views, indexes, sequences, types and schemas can be dropped');
  if (fields['behavior'] === 'DROP_CASCADE') throw cascade();
  if (fields['concurrent'] === true) throw new Refusal('R2', 'CONCURRENTLY cannot be taken back; leave it out');
  if (droppable.has(kind) && named.includes(undefined) && fields['missing_ok'] !== true)
    throw new Refusal('R4', 'There is no such relation to drop');
  checkSchemas(namedObjects({ DropStmt: fields }));
  return undefined;
};

/**
 * A new name leaves the classification behind, so only what holds nothing classified and is not spoken of by name is renamed.
 * What a view makes of its columns is found anew, whatever they are called.
 */
export const rename: Check = (fields, ground) => {
  onlyFields(fields, 'renameType relationType relation subname newname behavior missing_ok', 'RENAME');
  const kind = textOf(fields['renameType']);
  if (kind !== 'OBJECT_TABLE' && !(kind === 'OBJECT_COLUMN' && fields['relationType'] === 'OBJECT_TABLE'))
    throw new Refusal('R2', 'Only tables and their columns can be renamed');
  const table = tableAt(fields['relation'], ground);
  const { classes, refusal } = ground.protections(table);
  if (refusal !== undefined) throw refusal;
  const [from, to] = [textOf(fields['subname']) ?? '', textOf(fields['newname']) ?? ''];
  const names = ground.classification;
  if (kind === 'OBJECT_COLUMN') {
    if (classes.has(from) || names.get(nameOf(table))?.has(from)) {
      throw new Refusal(
        'R5',
        `${nameOf(table)}.${from} is classified; change the classification of this connection first`,
      );
    }
    return undefined;
  }
  checkNew(fields['relation'], ground);
  const next = `${table.schema}.${to}`;
  if (classes.size > 0)
    throw new Refusal(
      'R5',
      `${nameOf(table)} holds classified columns, which a new name would leave behind; change the classification of this connection first`,
    );
  const named = [nameOf(table), next].find((name) => names.has(name));
  if (named !== undefined)
    throw new Refusal('R5', `The classification of this connection speaks of ${named}; change it there first`);
  return undefined;
};

export const createSchema: Check = (fields) => {
  onlyFields(fields, 'schemaname if_not_exists', 'CREATE SCHEMA');
  checkSchemas([[textOf(fields['schemaname']) ?? '']]);
  return undefined;
};

const sequenceOptions = new Set(['as', 'increment', 'minvalue', 'maxvalue', 'start', 'cache', 'cycle']);

export const createSequence: Check = (fields, ground) => {
  onlyFields(fields, 'sequence options if_not_exists', 'CREATE SEQUENCE');
  checkNew(fields['sequence'], ground);
  const strange = optionsOf(fields).find(({ defname }) => !sequenceOptions.has(textOf(defname) ?? ''));
  if (strange !== undefined)
    throw new Refusal('R3', `A sequence with ${String(strange['defname'])} cannot be proven safe`, strange);
  return undefined;
};

export const createEnum: Check = (fields, ground) => {
  onlyFields(fields, 'typeName vals', 'CREATE TYPE');
  checkTypeName(namesOf(fields['typeName']), ground.catalog.typesByName);
  return undefined;
};

export const alterEnum: Check = (fields, ground) => {
  onlyFields(fields, 'typeName newVal newValNeighbor newValIsAfter skipIfNewValExists', 'ALTER TYPE');
  checkTypeName(namesOf(fields['typeName']), ground.catalog.typesByName);
  return undefined;
};

/** A type by the name of a built-in one could be taken for it. */
function checkTypeName(path: readonly string[], types: { has(name: string): boolean }): void {
  checkSchemas([path]);
  if (types.has(`pg_catalog.${path.at(-1)}`))
    throw new Refusal('R7', `${path.join('.')} has the name of a built-in type`);
}

export const comment: Check = (fields) => {
  if (!['OBJECT_TABLE', 'OBJECT_COLUMN'].includes(textOf(fields['objtype']) ?? '')) {
    throw new Refusal('R2', 'Only tables and columns can be commented on');
  }
  return undefined;
};

export const truncate: Check = (fields, { references }) => {
  if (fields['behavior'] === 'DROP_CASCADE') throw cascade();
  for (const reference of references)
    if (reference.relation?.kind !== 'r') throw new Refusal('R2', `${reference.name} is not a table`);
  return undefined;
};
