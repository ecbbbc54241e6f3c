import type { Risk, Verb } from '../../../model/documents.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { mayCall } from '../rules/allowed-functions.ts';
import { isVolatileElsewhere } from '../rules/extension-functions.ts';
import { everyNode, type Fields, fieldsOf, namesOf, nodesOf, ofType, textOf, typeOf } from './syntax.ts';
import { restrictsNothing } from './truth.ts';
import { isWriteType, mergeClauses, type WriteNode } from './write-nodes.ts';

/** What a statement does, told from its kind alone: policy hears this even of what is then refused. */
export type Kind = { verb: Verb; risks: readonly Risk[] };

const grant: Kind = { verb: 'grant', risks: ['privilege'] };
const administer: Kind = { verb: 'administer', risks: ['opaque'] };
const define: Kind = { verb: 'define', risks: ['schema'] };
/** Makes code that runs later, or that this target does not look into. */
const defineCode: Kind = { verb: 'define', risks: ['schema', 'opaque'] };
const execute: Kind = { verb: 'execute', risks: ['opaque'] };
const destroy: Kind = { verb: 'define', risks: ['schema', 'irreversible'] };

const kinds: Readonly<Record<string, Kind>> = {
  SelectStmt: { verb: 'read', risks: [] },
  InsertStmt: { verb: 'write', risks: [] },
  MergeStmt: { verb: 'write', risks: [] },
  UpdateStmt: { verb: 'write', risks: [] },
  DeleteStmt: { verb: 'delete', risks: [] },
  TruncateStmt: { verb: 'delete', risks: ['unbounded', 'irreversible'] },

  CreateStmt: define,
  AlterTableStmt: define,
  IndexStmt: define,
  CommentStmt: define,
  DropStmt: destroy,
  RenameStmt: define,
  AlterObjectSchemaStmt: defineCode,
  CreateTableAsStmt: define,
  ViewStmt: define,
  CreateFunctionStmt: defineCode,
  AlterFunctionStmt: defineCode,
  CreateTrigStmt: defineCode,
  CreateEventTrigStmt: defineCode,
  RuleStmt: defineCode,
  CreateExtensionStmt: defineCode,
  CreateSchemaStmt: define,
  CreateSeqStmt: define,
  AlterSeqStmt: defineCode,
  CreateEnumStmt: define,
  AlterEnumStmt: define,
  CompositeTypeStmt: defineCode,
  CreateRangeStmt: defineCode,
  CreateDomainStmt: defineCode,
  AlterDomainStmt: defineCode,
  CreateCastStmt: defineCode,
  CreateStatsStmt: defineCode,
  DefineStmt: defineCode,
  RefreshMatViewStmt: define,
  CreateForeignTableStmt: defineCode,
  ImportForeignSchemaStmt: defineCode,

  GrantStmt: grant,
  GrantRoleStmt: grant,
  CreateRoleStmt: grant,
  AlterRoleStmt: grant,
  AlterRoleSetStmt: grant,
  DropRoleStmt: grant,
  AlterOwnerStmt: grant,
  ReassignOwnedStmt: grant,
  DropOwnedStmt: { verb: 'grant', risks: ['privilege', 'irreversible'] },
  AlterDefaultPrivilegesStmt: grant,
  CreatePolicyStmt: grant,
  AlterPolicyStmt: grant,
  CreateUserMappingStmt: { verb: 'grant', risks: ['privilege', 'credential', 'opaque'] },
  AlterUserMappingStmt: { verb: 'grant', risks: ['privilege', 'credential', 'opaque'] },
  DropUserMappingStmt: grant,

  DoStmt: execute,
  CallStmt: execute,
  ExecuteStmt: execute,
  PrepareStmt: execute,
  DeclareCursorStmt: execute,
  FetchStmt: execute,
  CopyStmt: execute,
};

/** The verb and the risks of a statement, with all that is written in its CTEs. What is not known is `administer` and opaque. */
export function kindOf(statement: Fields, catalog: Catalog, searchPath: readonly string[]): Kind {
  const type = typeOf(statement) ?? '';
  const fields = fieldsOf(statement[type]);
  if (type === 'ExplainStmt') return kindOf(fieldsOf(fields['query']), catalog, searchPath);
  if (type === 'SelectStmt' && makesTable(fields)) return defineCode;
  const own = kinds[type] ?? administer;
  if (own.verb !== 'read' && own.verb !== 'write' && own.verb !== 'delete')
    return { verb: own.verb, risks: [...new Set([...own.risks, ...(ownRisks[type]?.(fields) ?? [])])] };
  const effects = effectsWithin(statement, catalog, searchPath);
  const verb = (['execute', 'delete', 'write'] as const).find((strong) => effects.some((each) => each.verb === strong));
  const risks = [own, ...effects].flatMap((kind) => kind.risks);
  return { verb: verb ?? own.verb, risks: [...new Set(risks)] };
}

/** SELECT INTO; of a set operation, the first SELECT says so. */
function makesTable(select: Fields): boolean {
  for (let first = select; ; first = fieldsOf(first['larg'])) {
    if (first['intoClause'] !== undefined) return true;
    if (first['larg'] === undefined) return false;
  }
}

/** What is done by each part of a statement that is more than a read. */
function effectsWithin(statement: Fields, catalog: Catalog, searchPath: readonly string[]): Kind[] {
  const found: Kind[] = [];
  const call = (path: readonly string[]) => found.push(...kindOfCall(path, catalog, searchPath));
  for (const { type, fields } of everyNode(statement)) {
    if (type === 'LockingClause') found.push({ verb: 'write', risks: [] });
    else if (type === 'FuncCall') call(namesOf(fields['funcname']));
    // `x.nextval` is a call as well, where x has no such column; the session looks for it in pg_catalog.
    else if (type === 'A_Indirection') for (const name of namesOf(fields['indirection'])) call(['pg_catalog', name]);
    else if (type === 'ColumnRef') for (const name of namesOf(fields['fields']).slice(1)) call(['pg_catalog', name]);
    else if (isWriteType(type)) found.push(kindOfWrite({ type, fields, target: fieldsOf(fields['relation']) }));
  }
  return found;
}

function kindOfWrite(write: WriteNode): Kind {
  const { type, fields } = write;
  if (type === 'InsertStmt') return { verb: 'write', risks: [] };
  if (type !== 'MergeStmt') return { verb: type === 'DeleteStmt' ? 'delete' : 'write', risks: unbounded(fields) };
  const changing = mergeClauses(write).filter(({ commandType }) =>
    ['CMD_UPDATE', 'CMD_DELETE'].includes(String(commandType)),
  );
  const free = changing.some(
    ({ matchKind, condition }) =>
      restrictsNothing(condition) && (matchKind !== 'MERGE_WHEN_MATCHED' || restrictsNothing(fields['joinCondition'])),
  );
  const deletes = changing.some(({ commandType }) => commandType === 'CMD_DELETE');
  return { verb: deletes ? 'delete' : 'write', risks: free ? ['unbounded'] : [] };
}

/**
 * What changes anything is volatile, whoever wrote it. Sequences and large objects are written; of any other volatile function
 * it is not known what it does. One that does not exist does nothing.
 */
function kindOfCall(path: readonly string[], catalog: Catalog, searchPath: readonly string[]): Kind[] {
  const name = path.at(-1) ?? '';
  if (writing.test(name)) return [{ verb: 'write', risks: [] }];
  const ours = path.length === 1 || path[0] === 'pg_catalog';
  if (ours && mayCall(name, catalog)) return [];
  if (ours && (runsText.test(name) || catalog.functions.get(name)?.stable === false)) return [execute];
  return isVolatileElsewhere(path, catalog, searchPath) ? [execute] : [];
}

const writing =
  /^(nextval|setval|lo_creat|lo_create|lo_from_bytea|lo_put|lo_truncate|lo_truncate64|lo_unlink|lowrite)$/;
/** Stable, as the SQL text they run is to be. */
const runsText = /^(query_to_xml|cursor_to_xml|query_to_xmlschema|query_to_xml_and_xmlschema|ts_stat|ts_rewrite)$/;

const unbounded = (fields: Fields): Risk[] => (restrictsNothing(fields['whereClause']) ? ['unbounded'] : []);

const ownRisks: Readonly<Record<string, (fields: Fields) => Risk[]>> = {
  AlterTableStmt: ({ cmds }) => {
    const commands = nodesOf(cmds).map((node) => textOf(ofType(node, 'AlterTableCmd')?.['subtype']) ?? '');
    const drops = commands.some((command) => command === 'AT_DropColumn' || command === 'AT_AlterColumnType');
    const owns = commands.some((command) => /Owner|RowSecurity/.test(command));
    return [...(drops ? (['irreversible'] as const) : []), ...(owns ? (['privilege'] as const) : [])];
  },
};

/** Names that the tree holds as words and not as relations: what is dropped, commented on, or made under them. */
export function namedObjects(statement: Fields): string[][] {
  const type = typeOf(statement) ?? '';
  return named[type]?.(fieldsOf(statement[type])) ?? [];
}

const everythingIn = (schema: unknown) => [[textOf(schema) ?? '', '*']];

const named: Readonly<Record<string, (fields: Fields) => string[][]>> = {
  CommentStmt: ({ object }) => nodesOf([object]).map((node) => namesOf(ofType(node, 'List')?.['items'])),
  DropStmt: ({ objects }) =>
    nodesOf(objects).flatMap((node) => {
      if (typeOf(node) === 'String') return everythingIn(ofType(node, 'String')?.['sval']);
      return [namesOf(ofType(node, 'List')?.['items'] ?? ofType(node, 'TypeName')?.['names'])];
    }),
  CreateSchemaStmt: ({ schemaname }) => everythingIn(schemaname),
  CreateEnumStmt: ({ typeName }) => [namesOf(typeName)],
  AlterEnumStmt: ({ typeName }) => [namesOf(typeName)],
  RenameStmt: ({ renameType, relation, newname }) => {
    const schema = textOf(fieldsOf(relation)['schemaname']);
    return renameType === 'OBJECT_TABLE' ? [[...(schema === undefined ? [] : [schema]), textOf(newname) ?? '']] : [];
  },
};
