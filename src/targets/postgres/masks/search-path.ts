import type { Catalog } from '../catalog/catalog.ts';
import type { Edit, TokenLine } from '../language/splice.ts';
import {
  constant,
  type Fields,
  fieldsOf,
  isFields,
  locationOf,
  namesOf,
  nodesOf,
  ofType,
  quoted,
  textOf,
  typeOf,
} from '../language/syntax.ts';
import { cast, type Expression, text } from './expressions.ts';

/** By which names things can be called: what the catalog has, and the schemas the connection looks for them in. */
export type Names = { catalog: Catalog; searchPath: readonly string[] };

/**
 * The session itself looks in `pg_catalog` alone. What asks which schemas it looks in, whether something needs no schema, or which
 * relation a name means is answered by the search path of the connection instead, as the names in FROM are. Changes the tree, and
 * answers the edits that do the same to the text. Calls in FROM are left as they are.
 */
export function answerNames(statement: string, tree: unknown, names: Names, tokens: TokenLine): Edit[] {
  if (!asksForNames.test(statement)) return [];
  return [...replaceable(tree)].flatMap((node) => {
    const call = ofType(node, 'FuncCall');
    const cast = ofType(node, 'TypeCast');
    if (cast !== undefined)
      return namesOf(fieldsOf(cast['typeName'])['names']).at(-1) === 'regclass'
        ? nameRelation(cast['arg'], names, tokens)
        : [];
    if (ofType(node, 'SQLValueFunction')?.['op'] === 'SVFOP_CURRENT_SCHEMA') return answerSchema(node, names, tokens);
    const path = namesOf(call?.['funcname']);
    if (call === undefined || (path.length > 1 && path[0] !== 'pg_catalog')) return [];
    return answers[path.at(-1) ?? '']?.(node, names, tokens) ?? [];
  });
}

/** Most statements ask nothing of the kind, and are not looked through. */
const asksForNames = /current_schema|_is_visible|regclass|pg_get_serial_sequence/i;

type Answer = (node: Fields, names: Names, tokens: TokenLine) => Edit[];

const answers: Readonly<Record<string, Answer>> = {
  current_schema: answerSchema,
  current_schemas: answerSchemas,
  pg_table_is_visible: isIn('pg_class', 'relnamespace'),
  pg_type_is_visible: isIn('pg_type', 'typnamespace'),
  pg_function_is_visible: isIn('pg_proc', 'pronamespace'),
  to_regclass: (node, names, tokens) => nameRelation(argumentsOf(node)[0], names, tokens),
  pg_get_serial_sequence: (node, names, tokens) => nameRelation(argumentsOf(node)[0], names, tokens),
};

/** Every node that can be made another, parents first. A call in FROM can be nothing else. */
function* replaceable(value: unknown): Generator<Fields> {
  if (Array.isArray(value)) for (const item of value) yield* replaceable(item);
  if (!isFields(value)) return;
  const type = typeOf(value);
  if (type === 'A_Const') return;
  if (type === 'FuncCall' || type === 'TypeCast' || type === 'SQLValueFunction') yield value;
  for (const [name, child] of Object.entries(type === undefined ? value : fieldsOf(value[type])))
    if (type !== 'RangeFunction' || name !== 'functions') yield* replaceable(child);
}

const argumentsOf = (node: Fields) => nodesOf(ofType(node, 'FuncCall')?.['args']);

/** Under the name that the result would have without it. */
const named = (name: string, value: Expression): Expression => ({
  text: `(SELECT ${value.text} AS ${quoted(name)})`,
  tree: { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: selecting({ name, val: value.tree }) } },
});

const selecting = (target: Fields, rest: Fields = {}) => ({
  SelectStmt: { targetList: [{ ResTarget: target }], ...rest, limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' },
});

function answerSchema(node: Fields, { searchPath }: Names, tokens: TokenLine): Edit[] {
  return replace(node, named('current_schema', cast(text(searchPath[0] ?? ''), 'name')), tokens);
}

function answerSchemas(node: Fields, { searchPath }: Names, tokens: TokenLine): Edit[] {
  const implicit = ofType(argumentsOf(node)[0], 'A_Const')?.['boolval'];
  if (implicit === undefined) return [];
  const schemas = fieldsOf(implicit)['boolval'] === true ? ['pg_catalog', ...searchPath] : searchPath;
  const list = `{${schemas.map((schema) => `"${schema.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
  // Without a cast around it, `= ANY (…)` would take the query for a list of its rows.
  return replace(node, cast(named('current_schemas', cast(text(list), '_name')), '_name'), tokens);
}

/** Puts an expression in the place of a node that is one word, or a call. */
function replace(node: Fields, { text, tree }: Expression, tokens: TokenLine): Edit[] {
  const call = ofType(node, 'FuncCall');
  const [inner = {}] = Object.values(node);
  const first = tokens.at(locationOf(fieldsOf(inner)));
  const last = call === undefined ? first : closing(call, tokens);
  const [start, end] = [first, last].map((index) => (index === undefined ? undefined : tokens.get(index)));
  if (start === undefined || end === undefined) return [];
  become(node, tree);
  return [{ start: start.start, end: end.end, text }];
}

function become(node: Fields, tree: Fields) {
  for (const key of Object.keys(node)) delete node[key];
  Object.assign(node, tree);
}

const opening = (call: Fields, tokens: TokenLine): number | undefined => {
  const first = tokens.at(locationOf(call));
  const index = first === undefined ? undefined : first + 2 * namesOf(call['funcname']).length - 1;
  return index !== undefined && tokens.word(index) === '(' ? index : undefined;
};

/** Where the parenthesis of a call closes. */
function closing(call: Fields, tokens: TokenLine): number | undefined {
  const open = opening(call, tokens);
  if (open === undefined) return undefined;
  let depth = 0;
  for (let index = open; tokens.get(index) !== undefined; index += 1) {
    if (tokens.word(index) === '(') depth += 1;
    if (tokens.word(index) === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return undefined;
}

const word = (sval: string) => ({ String: { sval } });
const columnOf = (table: string, name: string) => ({ ColumnRef: { fields: [word(table), word(name)] } });
const from = (relname: string, aliasname: string) => [
  { RangeVar: { schemaname: 'pg_catalog', relname, inh: true, relpersistence: 'p', alias: { aliasname } } },
];
const amongThose = (testexpr: Fields, subselect: Fields) => ({
  SubLink: { subLinkType: 'ANY_SUBLINK', testexpr, subselect },
});

/** `pg_table_is_visible(x)` → whether x is in a schema that is looked in. */
function isIn(catalog: string, namespace: string): Answer {
  return (node, { searchPath }, tokens) => {
    const call = ofType(node, 'FuncCall') ?? {};
    const [argument, ...more] = argumentsOf(node);
    const [first, open, close] = [tokens.at(locationOf(call)), opening(call, tokens), closing(call, tokens)];
    const places = [first, open, close].map((index) => (index === undefined ? undefined : tokens.get(index)));
    const [start, before, after] = places;
    if (argument === undefined || more.length > 0 || start === undefined || before === undefined || after === undefined)
      return [];

    const schemas = ['pg_catalog', ...searchPath];
    const isNamed = {
      kind: 'AEXPR_IN',
      name: [word('=')],
      lexpr: columnOf('n', 'nspname'),
      rexpr: { List: { items: schemas.map((schema) => text(schema).tree) } },
    };
    const inSchemas = selecting(
      { val: columnOf('n', 'oid') },
      { fromClause: from('pg_namespace', 'n'), whereClause: { A_Expr: isNamed } },
    );
    const members = selecting(
      { val: columnOf('c', 'oid') },
      { fromClause: from(catalog, 'c'), whereClause: amongThose(columnOf('c', namespace), inSchemas) },
    );
    const name = namesOf(call['funcname']).at(-1) ?? '';
    const asked = cast({ text: '', tree: argument }, 'oid').tree;
    become(node, named(name, { text: '', tree: amongThose(asked, members) }).tree);
    const list = schemas.map(constant).join(', ');
    return [
      { start: start.start, end: before.end, text: '(SELECT (' },
      {
        start: after.start,
        end: after.end,
        text: `)::"pg_catalog"."oid" IN (SELECT "c"."oid" FROM "pg_catalog".${quoted(catalog)} AS "c" WHERE "c".${quoted(namespace)} IN (SELECT "n"."oid" FROM "pg_catalog"."pg_namespace" AS "n" WHERE "n"."nspname" IN (${list}))) AS ${quoted(name)})`,
      },
    ];
  };
}

/** `'users'::regclass` → `'"public"."users"'::regclass`. */
function nameRelation(node: unknown, { catalog, searchPath }: Names, tokens: TokenLine): Edit[] {
  const found = ofType(node, 'A_Const');
  const value = fieldsOf(found?.['sval']);
  const name = plainName(textOf(value['sval']) ?? '');
  const index = found === undefined ? undefined : tokens.at(locationOf(found));
  const token = index === undefined ? undefined : tokens.get(index);
  if (name === undefined || token === undefined || !token.text.startsWith("'")) return [];
  // The system's relations come first, and its indexes are not known here.
  if (name.startsWith('pg_') || catalog.relations.has(`pg_catalog.${name}`)) return [];
  const schema = searchPath.find((each) => catalog.relations.has(`${each}.${name}`)) ?? searchPath[0] ?? '';
  const full = `${quoted(schema)}.${quoted(name)}`;
  value['sval'] = full;
  return [{ start: token.start, end: token.end, text: constant(full) }];
}

/** A name without a schema, as the server reads it; undefined for anything else. */
function plainName(written: string): string | undefined {
  if (/^[a-z_][a-z0-9_$]*$/i.test(written)) return written.toLowerCase();
  return /^"(?:[^"]|"")+"$/.test(written) ? written.slice(1, -1).replaceAll('""', '"') : undefined;
}
