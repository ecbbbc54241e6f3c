import type { Risk, Verb } from '../../model/documents.ts';
import { type Fields, fieldsOf, namesOf, nodesOf, ofType, textOf, typeOf } from './syntax.ts';
import { restrictsNothing } from './truth.ts';

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
  MergeStmt: { verb: 'write', risks: ['unbounded'] },
  UpdateStmt: { verb: 'write', risks: [] },
  DeleteStmt: { verb: 'delete', risks: [] },
  TruncateStmt: { verb: 'delete', risks: ['unbounded', 'irreversible'] },

  CreateStmt: define,
  AlterTableStmt: define,
  IndexStmt: define,
  CommentStmt: define,
  DropStmt: destroy,
  RenameStmt: defineCode,
  AlterObjectSchemaStmt: defineCode,
  CreateTableAsStmt: defineCode,
  ViewStmt: defineCode,
  CreateFunctionStmt: defineCode,
  AlterFunctionStmt: defineCode,
  CreateTrigStmt: defineCode,
  CreateEventTrigStmt: defineCode,
  RuleStmt: defineCode,
  CreateExtensionStmt: defineCode,
  CreateSchemaStmt: defineCode,
  CreateSeqStmt: defineCode,
  AlterSeqStmt: defineCode,
  CreateEnumStmt: defineCode,
  AlterEnumStmt: defineCode,
  CompositeTypeStmt: defineCode,
  CreateRangeStmt: defineCode,
  CreateDomainStmt: defineCode,
  AlterDomainStmt: defineCode,
  CreateCastStmt: defineCode,
  CreateStatsStmt: defineCode,
  DefineStmt: defineCode,
  RefreshMatViewStmt: defineCode,
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

/** The verb and the risks of a statement. What is not known is `administer` and opaque. */
export function kindOf(statement: Fields): Kind {
  const type = typeOf(statement) ?? '';
  const fields = fieldsOf(statement[type]);
  if (type === 'ExplainStmt') return explained(fields);
  if (type === 'SelectStmt' && fields['intoClause'] !== undefined) return defineCode;
  const own = kinds[type] ?? administer;
  const inner = insideCtes(fields);
  const verbs = [own, ...inner].map(({ verb }) => verb);
  const risks = [own, ...inner].flatMap((kind) => kind.risks).concat(ownRisks[type]?.(fields) ?? []);
  const verb = (['delete', 'write'] as const).find((strong) => verbs.includes(strong)) ?? own.verb;
  return { verb, risks: [...new Set(risks)] };
}

const unbounded = (fields: Fields): Risk[] => (restrictsNothing(fields['whereClause']) ? ['unbounded'] : []);

const ownRisks: Readonly<Record<string, (fields: Fields) => Risk[]>> = {
  UpdateStmt: unbounded,
  DeleteStmt: unbounded,
  AlterTableStmt: ({ cmds }) => {
    const commands = nodesOf(cmds).map((node) => textOf(ofType(node, 'AlterTableCmd')?.['subtype']) ?? '');
    const drops = commands.some((command) => command === 'AT_DropColumn' || command === 'AT_AlterColumnType');
    const owns = commands.some((command) => /Owner|RowSecurity/.test(command));
    return [...(drops ? (['irreversible'] as const) : []), ...(owns ? (['privilege'] as const) : [])];
  },
};

/** EXPLAIN runs nothing, EXPLAIN ANALYZE does. */
function explained(fields: Fields): Kind {
  const query = fieldsOf(fields['query']);
  return kindOf(query);
}

/** The statements inside CTEs that are more than a read. */
function insideCtes(fields: Fields): Kind[] {
  return nodesOf(fieldsOf(fields['withClause'])['ctes'])
    .map((node) => fieldsOf(ofType(node, 'CommonTableExpr')?.['ctequery']))
    .filter((query) => typeOf(query) !== 'SelectStmt')
    .map(kindOf);
}

/** Names in a DROP or COMMENT, which the tree holds as words and not as relations. */
export function namedObjects(statement: Fields): string[][] {
  const drop = ofType(statement, 'DropStmt');
  const comment = ofType(statement, 'CommentStmt');
  const lists =
    drop === undefined ? nodesOf(comment === undefined ? [] : [comment['object']]) : nodesOf(drop['objects']);
  return lists.map((node) => namesOf(ofType(node, 'List')?.['items']));
}
