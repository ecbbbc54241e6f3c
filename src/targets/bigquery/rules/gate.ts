import type { Reading } from '../language/places.ts';
import type { Lexed, Token } from '../language/tokens.ts';
import { isName, type Line, lineOf, reserved } from '../language/words.ts';
import { Refusal } from '../refusal.ts';
import { beforeBrackets, insteadOfFunction, pureFunctions } from './functions.ts';

/** Names that BigQuery gives columns of its own, or that stand for the warehouse itself. */
const pseudoColumns = new Set([
  ...[
    '_PARTITIONTIME',
    '_PARTITIONDATE',
    '_PARTITION_LOAD_TIME',
    '_TABLE_SUFFIX',
    '_FILE_NAME',
    '_ROW_TIMESTAMP',
    '_COLIDENTIFIER',
    '__ROOT__',
  ],
  ...['_CHANGE_TYPE', '_CHANGE_TIMESTAMP', '_CHANGE_SEQUENCE_NUMBER'],
]);
/** Words of constructs that are not read. */
const constructs: Readonly<Record<string, string>> = {
  GRAPH_TABLE: 'Graphs are not read; join their tables',
  MATCH_RECOGNIZE: 'MATCH_RECOGNIZE is not read; use window functions',
  LATERAL: 'LATERAL is not read; use a correlated subquery or UNNEST',
};
/** What may follow `|>`. */
const pipes = new Set([
  ...[
    'SELECT',
    'EXTEND',
    'SET',
    'DROP',
    'RENAME',
    'AS',
    'WHERE',
    'LIMIT',
    'AGGREGATE',
    'DISTINCT',
    'JOIN',
    'INNER',
    'LEFT',
    'RIGHT',
    'FULL',
    'CROSS',
  ],
  ...['ORDER', 'UNION', 'INTERSECT', 'EXCEPT', 'WITH', 'PIVOT', 'UNPIVOT', 'WINDOW'],
]);

/** R2, R3, R6 and R8: refuses words, names, functions and forms that are not known to show only what the tables that are named hold. */
export function checkTokens(lexed: Lexed, reading: Reading): void {
  const line = lineOf(lexed.tokens);
  lexed.tokens.forEach((token, index) => {
    checkName(token);
    checkEnd(line, index);
    const construct = constructs[line.key(index)];
    if (construct !== undefined) throw new Refusal('R3', construct, token.start);
    if (token.key === '|>' && !pipes.has(line.at(index + 1)?.key ?? ''))
      throw new Refusal(
        'R3',
        'This pipe operator is not taken; use SELECT, WHERE, EXTEND, AGGREGATE, JOIN and the like',
        token.start,
      );
    if (line.key(index) === 'SELECT' && line.key(index + 1) === 'WITH' && line.key(index + 2) !== '(')
      throw new Refusal('R3', 'SELECT WITH is not taken; aggregate with GROUP BY', token.start);
    checkArgument(line, index);
    if (token.key === '(') checkCall(line, index, reading);
  });
}

function checkName({ kind, text, start }: Token) {
  if (kind !== 'word' && kind !== 'quoted') return;
  for (const part of text.toUpperCase().split('.')) {
    if (part === 'INFORMATION_SCHEMA')
      throw new Refusal(
        'R8',
        'INFORMATION_SCHEMA tells of more than may be touched; GET /v1/connections/{connection}/schema tells of the rest',
        start,
      );
    if (/^__.*__$/.test(part.trim()))
      throw new Refusal(
        'R8',
        `${part} tells of more than may be touched; GET /v1/connections/{connection}/schema tells of the rest`,
        start,
      );
    if (pseudoColumns.has(part.trim()))
      throw new Refusal('R3', `${part} is none of the table’s own columns; use a column that holds the time`, start);
  }
  if (kind === 'quoted' && text.includes('*'))
    throw new Refusal('R3', 'Wildcards for tables are not taken; name each table, with UNION ALL between', start);
}

/** A statement ends once. */
function checkEnd(line: Line, index: number) {
  if (line.key(index) === ';' && line.at(index + 1) !== undefined)
    throw new Refusal('R2', 'Scripts are not run; send one statement at a time', line.at(index)?.start);
}

/** `TABLE t` and `MODEL m` as arguments. */
function checkArgument(line: Line, index: number) {
  const [word, before] = [line.key(index), line.key(index - 1)];
  if (
    (word === 'TABLE' || word === 'MODEL') &&
    (before === '(' || before === ',' || before === '=>') &&
    isName(line.at(index + 1))
  )
    throw new Refusal(
      'R6',
      `Functions of a ${word} are not called; write the query that it stands for`,
      line.at(index)?.start,
    );
}

/** A bracket after a name calls a function, but after what a statement writes to, whose columns they are. */
function checkCall(line: Line, open: number, { target }: Reading) {
  const last = line.at(open - 1);
  if (last === undefined || (last.kind !== 'word' && last.kind !== 'quoted')) return;
  if (target !== undefined && last.end === target.path.end) return;
  const { start, name } = calledAt(line, open - 1);
  const simple = start === open - 1 && last.kind === 'word';
  if (simple && (reserved.has(last.key) || beforeBrackets.has(last.key)) && !(last.key in insteadOfFunction)) return;
  const upper = name.toUpperCase();
  const bare = upper.startsWith('SAFE.') ? upper.slice(5) : upper;
  if (pureFunctions.has(bare)) return;
  const advice = insteadOfFunction[bare];
  const shown = /^[\w.-]{1,80}$/.test(name) ? name : 'this function';
  throw new Refusal(
    'R6',
    `${shown} is not among the functions that are called${advice === undefined ? '' : `; ${advice}`}`,
    line.at(start)?.start,
  );
}

/** The whole dotted name that ends at a number. */
function calledAt(line: Line, end: number): { start: number; name: string } {
  let start = end;
  while (line.at(start - 1)?.key === '.' && ['word', 'quoted'].includes(line.at(start - 2)?.kind ?? '')) start -= 2;
  const parts: string[] = [];
  for (let index = start; index <= end; index += 2) parts.push(line.at(index)?.text ?? '');
  return { start, name: parts.join('.') };
}
