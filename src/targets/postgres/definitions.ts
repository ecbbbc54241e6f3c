import { type Catalog, nameOf, type Relation } from './catalog.ts';
import { gate } from './gate.ts';
import type { Protections } from './protections.ts';
import type { Reference } from './references.ts';
import { Refusal } from './refusal.ts';
import { everyNode, type Fields, fieldsOf, namesOf, nodesOf, ofType, textOf, typeOf } from './syntax.ts';

/** What a definition is checked against. */
export type Ground = {
  references: readonly Reference[];
  /** What DROP and COMMENT name; undefined where there is no such relation. */
  named: readonly (Relation | undefined)[];
  catalog: Catalog;
  protections: Protections;
};

type Check = (fields: Fields, ground: Ground) => void;

/**
 * DDL that neither reads rows nor runs code, by an allow-list of commands; everything else is refused. Renaming is not on it:
 * a table under a new name would have lost its classification.
 */
export function checkDefinition(statement: Fields, ground: Ground): void {
  const type = typeOf(statement) ?? '';
  const check = definitions[type];
  if (check === undefined) throw new Refusal('R2', `${spoken(type)} cannot be proven safe, so it is not run`);
  for (const { fields } of ground.references) {
    if (fields['relpersistence'] !== 'p' || textOf(fields['schemaname'])?.startsWith('pg_')) {
      throw new Refusal('R2', 'Temporary, unlogged and system tables are not made', fields);
    }
  }
  check(fieldsOf(statement[type]), ground);
}

const spoken = (type: string) =>
  type
    .replace(/Stmt$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase();

const commands = new Set(['AT_AddColumn', 'AT_DropColumn', 'AT_ColumnDefault', 'AT_DropNotNull', 'AT_SetNotNull']);

const definitions: Readonly<Record<string, Check>> = {
  AlterTableStmt(fields, ground) {
    const table = theTable(ground);
    if (fields['objtype'] !== 'OBJECT_TABLE') throw new Refusal('R2', 'Only tables can be altered');
    for (const command of nodesOf(fields['cmds']).map((node) => ofType(node, 'AlterTableCmd') ?? {})) {
      const subtype = textOf(command['subtype']) ?? '';
      if (!commands.has(subtype))
        throw new Refusal(
          'R2',
          'Of ALTER TABLE, only ADD COLUMN, DROP COLUMN, DEFAULT and NOT NULL can be proven safe',
        );
      if (subtype === 'AT_AddColumn') checkColumn(command['def'], ground.catalog);
      if (subtype === 'AT_ColumnDefault' && command['def'] !== undefined) checkConstant(command['def'], ground.catalog);
      const column = textOf(command['name']) ?? '';
      if (subtype === 'AT_SetNotNull' && ground.protections(table).classes.has(column)) {
        throw new Refusal('R9', `NOT NULL on ${nameOf(table)}.${column} would tell of a classified value`);
      }
      if (subtype === 'AT_DropColumn' && command['behavior'] === 'DROP_CASCADE') throw cascade();
    }
  },

  CreateStmt(fields, { catalog }) {
    onlyFields(fields, 'relation tableElts oncommit if_not_exists', 'CREATE TABLE');
    for (const element of nodesOf(fields['tableElts'])) {
      const constraint = ofType(element, 'Constraint');
      if (constraint === undefined) checkColumn(element, catalog);
      else checkConstraint(constraint, catalog);
    }
  },

  IndexStmt(fields, ground) {
    const table = theTable(ground);
    onlyFields(
      fields,
      'idxname relation accessMethod indexParams unique if_not_exists nulls_not_distinct',
      'CREATE INDEX',
    );
    for (const element of nodesOf(fields['indexParams']).map((node) => ofType(node, 'IndexElem') ?? {})) {
      onlyFields(element, 'name ordering nulls_ordering', 'An index element');
      const column = textOf(element['name']) ?? '';
      if (ground.protections(table).classes.has(column)) {
        throw new Refusal('R9', `An index on ${nameOf(table)}.${column} could fail by a classified value`);
      }
    }
  },

  DropStmt(fields, { named }) {
    const droppable = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'];
    if (!droppable.includes(textOf(fields['removeType']) ?? ''))
      throw new Refusal('R2', 'Only tables and views can be dropped');
    if (fields['behavior'] === 'DROP_CASCADE') throw cascade();
    if (named.includes(undefined) && fields['missing_ok'] !== true)
      throw new Refusal('R4', 'There is no such relation to drop');
  },

  TruncateStmt(fields, { references }) {
    if (fields['behavior'] === 'DROP_CASCADE') throw cascade();
    for (const reference of references)
      if (reference.relation?.kind !== 'r') throw new Refusal('R2', `${reference.name} is not a table`);
  },

  CommentStmt(fields) {
    if (!['OBJECT_TABLE', 'OBJECT_COLUMN'].includes(textOf(fields['objtype']) ?? '')) {
      throw new Refusal('R2', 'Only tables and columns can be commented on');
    }
  },
};

const cascade = () => new Refusal('R2', 'CASCADE would touch what the statement does not name; name everything');

function theTable({ references }: Ground): Relation {
  const relation = references[0]?.relation;
  if (relation === undefined) throw new Refusal('R4', `There is no relation ${references[0]?.name ?? 'of that name'}`);
  if (relation.kind !== 'r' && relation.kind !== 'p') throw new Refusal('R2', `${nameOf(relation)} is not a table`);
  return relation;
}

function onlyFields(fields: Fields, words: string, what: string) {
  const strange = Object.keys(fields).find((name) => name !== 'location' && !words.split(' ').includes(name));
  if (strange !== undefined) throw new Refusal('R3', `${what} with ${strange} cannot be proven safe`, fields);
}

function checkColumn(node: unknown, catalog: Catalog): void {
  const column = ofType(node, 'ColumnDef');
  if (column === undefined) throw new Refusal('R3', 'Only plain columns can be proven safe');
  onlyFields(column, 'colname typeName is_local constraints', 'A column');
  const serial = /^(small|big)?serial$/.test(namesOf(fieldsOf(column['typeName'])['names']).join('.'));
  if (!serial) gate({ TypeName: fieldsOf(column['typeName']) }, catalog, []);
  for (const constraint of nodesOf(column['constraints']))
    checkConstraint(ofType(constraint, 'Constraint') ?? {}, catalog);
}

const constraints = new Set(['CONSTR_NULL', 'CONSTR_NOTNULL', 'CONSTR_DEFAULT', 'CONSTR_PRIMARY', 'CONSTR_UNIQUE']);

function checkConstraint(constraint: Fields, catalog: Catalog): void {
  if (!constraints.has(textOf(constraint['contype']) ?? '')) {
    throw new Refusal(
      'R3',
      'Of constraints, only NOT NULL, DEFAULT, PRIMARY KEY and UNIQUE can be proven safe',
      constraint,
    );
  }
  if (constraint['raw_expr'] !== undefined) checkConstant(constraint['raw_expr'], catalog);
}

/** A default may be a constant of a built-in type; anything else runs code at every INSERT. */
function checkConstant(node: unknown, catalog: Catalog): void {
  gate(node, catalog, []);
  for (const { type, fields } of everyNode(node)) {
    const current =
      type === 'SQLValueFunction' || (type === 'FuncCall' && namesOf(fields['funcname']).at(-1) === 'now');
    if (!['A_Const', 'TypeCast', 'String', 'Integer'].includes(type) && !current) {
      throw new Refusal('R3', 'A default must be a constant, CURRENT_TIMESTAMP or now()', fields);
    }
  }
}
