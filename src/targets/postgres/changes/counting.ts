import { Problem } from '../../../model/problem.ts';
import type { Catalog, Relation } from '../catalog/catalog.ts';
import type { Parser } from '../language/parser.ts';
import { type TokenLine, tokenLine } from '../language/splice.ts';
import {
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  type Node,
  nodesOf,
  ofType,
  quoted,
  sameTree,
  textOf,
  typeOf,
} from '../language/syntax.ts';
import { Refusal } from '../refusal.ts';
import { type Effect, reachedSql, withGenerated } from './cascades.ts';
import { type Clauses, clausesOf, type Span } from './clauses.ts';

/** Counts rows, of each table up to one above `mostChanged`; `parameters` are the positions of the values it takes. */
export type CountingQuery = { text: string; parameters: readonly number[] };

/** How it is found out what a write would change now. */
export type Counting =
  /** Its text says how many. */
  | { rows: number }
  | {
      /** The plan of the very statement, never run. */
      explain: string;
      query?: CountingQuery;
    };

type Write = { type: (typeof commands)[number]; target: Relation };

/** A shape that is not counted yet. */
class Uncountable extends Error {}

/** A write as it goes to the server, and the tree that the parser makes of it. */
export type Proven = { text: string; statement: Fields; target: Relation | undefined };

/**
 * Makes the counting statement of the proven text of a write: its own FROM, USING and WHERE, cut from it and parsed again, with
 * the tree that must come of it made by hand. Without a `query` where it cannot be counted.
 */
export async function countingOf(
  { text, statement, target }: Proven,
  catalog: Catalog,
  parser: Parser,
): Promise<Counting> {
  const type = commands.find((command) => command === typeOf(statement));
  const fields = fieldsOf(statement[type ?? '']);
  const rows = type === 'InsertStmt' ? rowsInText(fields) : undefined;
  if (rows !== undefined) return { rows };
  const explain = `EXPLAIN (FORMAT TEXT) ${text}`;
  const explained = await parser.parseAgain(explain);
  if (!sameTree(ofType(explained.statement, 'ExplainStmt')?.['query'], statement)) {
    throw new Refusal('R13', 'The statement cannot be explained as it stands; write it in a plainer way');
  }
  if (type === undefined || target === undefined) return { explain };
  try {
    // The tree at hand is placed where the caller wrote it, and this text may have grown.
    const { statement: placed, tokens } = await parser.parse(text);
    const query = await countingQuery({
      text,
      fields: fieldsOf(placed[type]),
      write: { type, target },
      tokens: tokenLine(tokens),
      catalog,
      parser,
    });
    return { explain, query };
  } catch (error) {
    // Text that grew beyond what is parsed from strangers is not counted either.
    if (error instanceof Uncountable || (error instanceof Problem && error.code === 'operation-unreadable'))
      return { explain };
    throw error;
  }
}

const commands = ['InsertStmt', 'UpdateStmt', 'DeleteStmt'] as const;

/** Rows of a VALUES list with nothing around it; 1 of DEFAULT VALUES. */
function rowsInText({ selectStmt, withClause }: Fields): number | undefined {
  if (selectStmt === undefined) return 1;
  const select = ofType(selectStmt, 'SelectStmt') ?? {};
  const lists = select['valuesLists'];
  const bare = Object.keys(select).every((name) => ['valuesLists', 'limitOption', 'op'].includes(name));
  return bare && withClause === undefined && Array.isArray(lists) ? lists.length : undefined;
}

type Work = { text: string; fields: Fields; write: Write; tokens: TokenLine; catalog: Catalog; parser: Parser };

async function countingQuery(work: Work): Promise<CountingQuery> {
  const { fields, write, parser, catalog } = work;
  if (
    nodesOf(fieldsOf(fields['withClause'])['ctes']).some(
      (node) => typeOf(ofType(node, 'CommonTableExpr')?.['ctequery']) !== 'SelectStmt',
    )
  ) {
    throw new Uncountable();
  }
  const clauses = clausesOf(work.tokens, write.type, Number(fieldsOf(fields['relation'])['location'] ?? 0));
  if (clauses === undefined) throw new Uncountable();
  const effect = effectOf(write, fields, catalog);
  const reached = reachedSql(write.target, effect, catalog);
  if (reached === undefined) throw new Uncountable();

  const parameters = parametersIn(countedParts(fields, write.type));
  const cut = cutter(work, parameters);
  const own =
    write.type === 'InsertStmt'
      ? rowsOfQuery(fields, clauses, cut)
      : rowsOfTarget(fields, clauses, cut, reached.columns);
  const expected = renumbered(own.tree, parameters);
  const read = await parser.parseAgain(own.text).catch(() => undefined);
  if (read === undefined || !sameTree(read.statement, expected)) throw new Uncountable();
  const text = reached.around(own.text);
  await checkAround(text, reached.around('SELECT'), expected, parser);
  return { text, parameters };
}

/** What is put around the checked part must hold that part, whole, in its place, and be the same for any other. */
async function checkAround(text: string, around: string, expected: Node, parser: Parser): Promise<void> {
  const [whole, frame] = await Promise.all([parser.parseAgain(text), parser.parseAgain(around)]);
  const within = (node: Node) => {
    const [cte] = nodesOf(fieldsOf(fieldsOf(node['SelectStmt'])['withClause'])['ctes']);
    return ofType(cte, 'CommonTableExpr') ?? {};
  };
  if (!sameTree(within(whole.statement)['ctequery'], expected)) throw new Uncountable();
  within(frame.statement)['ctequery'] = within(whole.statement)['ctequery'];
  if (!sameTree(whole.statement, frame.statement)) throw new Uncountable();
}

function effectOf({ type, target }: Write, fields: Fields, catalog: Catalog): Effect {
  if (type === 'DeleteStmt') return 'delete';
  const list = type === 'UpdateStmt' ? fields['targetList'] : fieldsOf(fields['onConflictClause'])['targetList'];
  const names = nodesOf(list).map((node) => textOf(ofType(node, 'ResTarget')?.['name']) ?? '');
  return withGenerated(target, names, catalog);
}

type Part = { text: string; tree: Node };

/** `SELECT t.ctid, … FROM t, others WHERE …`; each row of the table once, however many of the others it meets. */
function rowsOfTarget(fields: Fields, clauses: Clauses, cut: (span: Span) => string, columns: readonly string[]): Part {
  const relation = fieldsOf(fields['relation']);
  const alias = textOf(fieldsOf(relation['alias'])['aliasname']) ?? textOf(relation['relname']) ?? '';
  const others = nodesOf(fields['usingClause'] ?? fields['fromClause']);
  const list = ['tableoid', 'ctid', ...columns];
  const text = [
    cut(clauses.with),
    `SELECT${others.length > 0 ? ' DISTINCT' : ''} ${list.map((name) => `${quoted(alias)}.${quoted(name)}`).join(', ')}`,
    `FROM ${cut(clauses.target)}${clauses.from === undefined ? '' : `, ${cut(clauses.from)}`}`,
    clauses.where === undefined ? '' : `WHERE ${cut(clauses.where)}`,
  ].join('\n');
  const column = (name: string) => ({
    ColumnRef: { fields: [{ String: { sval: alias } }, { String: { sval: name } }] },
  });
  const tree = {
    SelectStmt: {
      ...(others.length > 0 && { distinctClause: [{}] }),
      targetList: list.map((name) => ({ ResTarget: { val: column(name) } })),
      fromClause: [{ RangeVar: relation }, ...others],
      ...optional(fields, 'whereClause'),
      ...optional(fields, 'withClause'),
      ...plain,
    },
  };
  return { text, tree };
}

/** `SELECT FROM (…) AS s`, of the query whose rows are inserted. */
function rowsOfQuery(fields: Fields, clauses: Clauses, cut: (span: Span) => string): Part {
  if (clauses.query === undefined) throw new Uncountable();
  const text = `${cut(clauses.with)}\nSELECT FROM (${cut(clauses.query)}\n) AS s`;
  const subquery = { RangeSubselect: { subquery: fields['selectStmt'], alias: { aliasname: 's' } } };
  return { text, tree: { SelectStmt: { fromClause: [subquery], ...optional(fields, 'withClause'), ...plain } } };
}

const plain = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' };

const optional = (fields: Fields, name: string) => (fields[name] === undefined ? {} : { [name]: fields[name] });

function countedParts(fields: Fields, type: Write['type']): unknown[] {
  const names = type === 'InsertStmt' ? ['selectStmt'] : ['whereClause', 'fromClause', 'usingClause'];
  return ['withClause', ...names].map((name) => fields[name]);
}

/** The parameters that are counted with. The server takes no gaps, so that they are numbered anew by their place in this list. */
function parametersIn(parts: unknown[]): number[] {
  const numbers = new Set<number>();
  for (const { type, fields } of everyNode(parts)) if (type === 'ParamRef') numbers.add(Number(fields['number']));
  return [...numbers].sort((a, b) => a - b);
}

/** Cuts tokens out of the text as they stand there, without what is between the last of them and the next. */
function cutter({ text, tokens }: Work, parameters: readonly number[]): (span: Span) => string {
  const bytes = Buffer.from(text);
  return ({ from, to }) => {
    const parts: string[] = [];
    let position = tokens.get(from)?.start ?? 0;
    for (let index = from; index < to; index += 1) {
      const token = tokens.get(index);
      if (token === undefined) break;
      const number = token.name === 'PARAM' ? parameters.indexOf(Number(token.text.slice(1))) + 1 : undefined;
      parts.push(bytes.subarray(position, token.start).toString());
      parts.push(number === undefined ? bytes.subarray(token.start, token.end).toString() : `$${number}`);
      position = token.end;
    }
    return parts.join('');
  };
}

function renumbered(tree: Node, parameters: readonly number[]): Node {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (!isFields(value)) return value;
    const copied = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, copy(child)]));
    const parameter = ofType(copied, 'ParamRef');
    if (parameter !== undefined) parameter['number'] = parameters.indexOf(Number(parameter['number'])) + 1;
    return copied;
  };
  return fieldsOf(copy(tree));
}
