import { type Catalog, nameOf, type Relation } from '../catalog/catalog.ts';
import { linksOf, relatives } from '../catalog/links.ts';
import { everyNode, type Fields, fieldsOf, namesOf, nodesOf, ofType, textOf } from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { checkColumnTypes, type Seen } from '../rules/gate.ts';
import {
  type Check,
  cascade,
  checkExpression,
  checkNew,
  checkOpen,
  columnNames,
  type Ground,
  gated,
  onlyFields,
  referenceTo,
  tableAt,
} from './ground.ts';

type Types = Seen['types'];

/** A table that is there, or one that is being made and holds nothing yet. */
type Subject = { name: string; columns: ReadonlySet<string>; open: (column: string, what: string) => void };

export const createTable: Check = (fields, ground) => {
  onlyFields(fields, 'relation tableElts oncommit if_not_exists', 'CREATE TABLE');
  const { name } = checkNew(fields['relation'], ground);
  const elements = nodesOf(fields['tableElts']);
  const columns = new Set(elements.map((node) => textOf(ofType(node, 'ColumnDef')?.['colname']) ?? ''));
  const subject: Subject = { name, columns, open: () => {} };
  return {
    types: elements.flatMap((element) => {
      const constraint = ofType(element, 'Constraint');
      return constraint === undefined
        ? checkColumn(element, subject, ground)
        : checkConstraint(constraint, undefined, subject, ground);
    }),
  };
};

export const alterTable: Check = (fields, ground) => {
  onlyFields(fields, 'relation cmds objtype missing_ok', 'ALTER TABLE');
  const table = tableAt(fields['relation'], ground);
  if (fields['objtype'] !== 'OBJECT_TABLE') throw new Refusal('R2', 'Only tables can be altered');
  const added = nodesOf(fields['cmds']).flatMap((node) => {
    const { subtype, def } = ofType(node, 'AlterTableCmd') ?? {};
    return subtype === 'AT_AddColumn' ? [textOf(ofType(def, 'ColumnDef')?.['colname']) ?? ''] : [];
  });
  const subject: Subject = {
    name: nameOf(table),
    columns: new Set([...columnNames(table), ...added]),
    open: (column, what) => checkOpen(table, column, ground, what),
  };
  return {
    types: nodesOf(fields['cmds']).flatMap((node) => {
      const command = ofType(node, 'AlterTableCmd') ?? {};
      const alter = alterations[textOf(command['subtype']) ?? ''];
      if (alter === undefined) {
        throw new Refusal(
          'R2',
          'Of ALTER TABLE, only ADD and DROP of columns and constraints, TYPE, DEFAULT and NOT NULL of a column, and RENAME can be proven safe',
        );
      }
      if (command['behavior'] === 'DROP_CASCADE') throw cascade();
      return alter(command, table, subject, ground) ?? [];
    }),
  };
};

type Alteration = (command: Fields, table: Relation, subject: Subject, ground: Ground) => Types | undefined;

const alterations: Readonly<Record<string, Alteration>> = {
  AT_AddColumn: ({ def }, _table, subject, ground) => checkColumn(def, subject, ground),
  AT_DropColumn: () => undefined,
  AT_DropNotNull: () => undefined,
  AT_SetNotNull: ({ name }, _table, { open }) => {
    open(textOf(name) ?? '', 'NOT NULL');
    return undefined;
  },
  AT_ColumnDefault: ({ def }, _table, _subject, ground) => (def === undefined ? [] : checkConstant(def, ground)),
  AT_AddConstraint: ({ def }, _table, subject, ground) =>
    checkConstraint(ofType(def, 'Constraint') ?? {}, undefined, subject, ground),
  AT_DropConstraint: () => undefined,
  AT_AlterColumnType: ({ name, def }, table, subject, ground) => {
    const column = ofType(def, 'ColumnDef') ?? {};
    onlyFields(column, 'typeName', 'ALTER COLUMN TYPE');
    subject.open(textOf(name) ?? '', 'A change of type');
    checkApart(table, textOf(name) ?? '', ground);
    return builtInType(column['typeName'], ground.catalog);
  },
};

function builtInType(typeName: unknown, catalog: Catalog): Types {
  const { types } = gated({ TypeName: fieldsOf(typeName) }, { catalog, searchPath: [] });
  if (types.length > 0) throw new Refusal('R7', 'A column can be changed to a built-in type only');
  return types;
}

/** All that is computed from a column is computed anew when its type changes, and may fail by what else it looks at. */
function checkApart(table: Relation, column: string, ground: Ground): void {
  const { catalog, protections } = ground;
  for (const relation of relatives(table, catalog, 'child')) {
    if (catalog.userCode.has(relation.oid)) {
      throw new Refusal('R9', `A change of type runs code of the database on ${nameOf(relation)}`);
    }
    checkColumnTypes(relation, catalog);
    const number = relation.columns.find(({ name }) => name === column)?.number ?? 0;
    const classified = new Set(
      relation.columns.filter(({ name }) => protections(relation).classes.has(name)).map((known) => known.number),
    );
    const { checks, uniques, keysFrom, keysTo } = linksOf(catalog);
    const mixed = [...checks(relation.oid), ...uniques(relation.oid)].some(
      ({ columns }) =>
        (columns.includes(number) || columns.includes(0)) &&
        (columns.includes(0) || columns.some((one) => classified.has(one))),
    );
    const keyed =
      keysFrom(relation.oid).some((key) => key.childColumns.includes(number)) ||
      keysTo(relation.oid).some((key) => key.parentColumns.includes(number));
    if ((mixed && classified.size > 0) || keyed) {
      throw new Refusal(
        'R9',
        `${nameOf(relation)}.${column} stands in a key or check whose outcome could tell of a classified value`,
      );
    }
  }
}

function checkColumn(node: unknown, subject: Subject, ground: Ground): Types {
  const column = ofType(node, 'ColumnDef');
  if (column === undefined) throw new Refusal('R3', 'Only plain columns can be proven safe');
  onlyFields(column, 'colname typeName is_local constraints', 'A column');
  const typeName = fieldsOf(column['typeName']);
  const serial = /^(small|big)?serial$/.test(namesOf(typeName['names']).join('.'));
  const types = serial ? [] : gated({ TypeName: typeName }, ground).types;
  const name = textOf(column['colname']) ?? '';
  const constraints = nodesOf(column['constraints']).map((node) => ofType(node, 'Constraint') ?? {});
  return [...types, ...constraints.flatMap((constraint) => checkConstraint(constraint, name, subject, ground))];
}

/** Of every constraint, and of those that look at columns. */
const common = 'contype conname is_enforced initially_valid';

function checkConstraint(constraint: Fields, column: string | undefined, subject: Subject, ground: Ground): Types {
  const kind = textOf(constraint['contype']) ?? '';
  const keys = (field: string) =>
    constraint[field] === undefined && column !== undefined ? [column] : namesOf(constraint[field]);
  switch (kind) {
    case 'CONSTR_NULL':
    case 'CONSTR_NOTNULL':
      onlyFields(constraint, `${common} keys`, 'A constraint');
      for (const key of keys('keys')) subject.open(key, 'NOT NULL');
      return [];
    case 'CONSTR_DEFAULT':
      onlyFields(constraint, `${common} raw_expr`, 'A default');
      return checkConstant(constraint['raw_expr'], ground);
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      onlyFields(constraint, `${common} keys including nulls_not_distinct`, 'A key');
      for (const key of [...keys('keys'), ...namesOf(constraint['including'])]) subject.open(key, 'A key');
      return [];
    case 'CONSTR_CHECK':
      onlyFields(constraint, `${common} raw_expr`, 'A check');
      return checkExpression(constraint['raw_expr'], subject.columns, (name) => subject.open(name, 'A check'), ground);
    case 'CONSTR_FOREIGN':
      checkForeignKey(constraint, keys('fk_attrs'), subject, ground);
      return [];
    default:
      throw new Refusal(
        'R3',
        'Of constraints, only NOT NULL, DEFAULT, PRIMARY KEY, UNIQUE, CHECK and FOREIGN KEY can be proven safe',
        constraint,
      );
  }
}

/** Between open columns on both sides: whether it holds tells whether each value is there. */
function checkForeignKey(constraint: Fields, columns: readonly string[], { open }: Subject, ground: Ground): void {
  onlyFields(
    constraint,
    `${common} pktable fk_attrs pk_attrs fk_matchtype fk_upd_action fk_del_action`,
    'A foreign key',
  );
  for (const column of columns) open(column, 'A foreign key');
  const parents = namesOf(constraint['pk_attrs']);
  const { name } = referenceTo(constraint['pktable'], ground);
  if (parents.length === 0)
    throw new Refusal(
      'R4',
      `Name the columns of ${name} that the foreign key refers to`,
      fieldsOf(constraint['pktable']),
    );
  const parent = tableAt(constraint['pktable'], ground);
  for (const column of parents) checkOpen(parent, column, ground, 'A foreign key');
}

/** A default may be a constant of a built-in type; anything else runs code at every INSERT. */
function checkConstant(node: unknown, ground: Ground): Types {
  const { types } = gated(node, ground);
  for (const { type, fields } of everyNode(node)) {
    const current =
      type === 'SQLValueFunction' || (type === 'FuncCall' && namesOf(fields['funcname']).at(-1) === 'now');
    if (!['A_Const', 'TypeCast', 'String', 'Integer'].includes(type) && !current) {
      throw new Refusal('R3', 'A default must be a constant, CURRENT_TIMESTAMP or now()', fields);
    }
  }
  return types;
}

export const createIndex: Check = (fields, ground) => {
  if (fields['concurrent'] === true)
    throw new Refusal('R2', 'CONCURRENTLY cannot be taken back if something goes wrong; leave it out', fields);
  const words =
    'idxname relation accessMethod indexParams indexIncludingParams whereClause unique if_not_exists nulls_not_distinct';
  onlyFields(fields, words, 'CREATE INDEX');
  const table = tableAt(fields['relation'], ground);
  const open = (column: string) => checkOpen(table, column, ground, 'An index');
  const elements = [...nodesOf(fields['indexParams']), ...nodesOf(fields['indexIncludingParams'])];
  const expression = (node: unknown) => checkExpression(node, columnNames(table), open, ground);
  const types = elements.flatMap((node) => {
    const element = ofType(node, 'IndexElem') ?? {};
    onlyFields(element, 'name expr ordering nulls_ordering', 'An index element');
    if (element['expr'] !== undefined) return expression(element['expr']);
    open(textOf(element['name']) ?? '');
    return [];
  });
  return { types: fields['whereClause'] === undefined ? types : [...types, ...expression(fields['whereClause'])] };
};
