import { numberAt } from '../language/path.ts';
import type { Reading } from '../language/places.ts';
import { isName, type Line } from '../language/words.ts';

const comparisons = new Set(['=', '!=', '<>', '<', '<=', '>', '>=', 'LIKE']);
/** What may stand before a column, and after a literal, where the two and nothing else are compared. */
const before = new Set(['WHERE', 'AND', 'OR', 'ON', 'HAVING', 'QUALIFY', 'NOT', 'WHEN', 'SELECT', '(', ',', 'SET']);
const after = new Set([
  ...[
    'AND',
    'OR',
    ')',
    ',',
    'THEN',
    'GROUP',
    'ORDER',
    'LIMIT',
    'HAVING',
    'QUALIFY',
    'WINDOW',
    'UNION',
    'INTERSECT',
    'EXCEPT',
    '|>',
    ';',
    '',
  ],
  ...['WHERE', 'FROM', 'WHEN', 'JOIN', 'LEFT', 'INNER'],
]);

const isLiteral = (line: Line, index: number) => ['string', 'number', 'parameter'].includes(line.at(index)?.kind ?? '');

/** Beside a number of rows: no data. */
export const notData = '';

/**
 * The column, in lower case, that each literal or parameter is compared with or written to, by its number among the tokens; without those of
 * which it is not sure, as anything else stands between or around them.
 */
export function tiesIn(line: Line, count: number, reading: Reading | undefined): ReadonlyMap<number, string> {
  const ties = new Map<number, string>();
  for (let index = 0; index < count; index += 1) {
    if (!isLiteral(line, index)) continue;
    const tie = countTie(line, index) ?? compared(line, index) ?? listed(line, index) ?? between(line, index);
    if (tie !== undefined) ties.set(index, tie);
  }
  if (reading?.verb === 'INSERT' && reading.target !== undefined)
    tieValues(line, numberAt(line, 0, reading.target.path.end), ties);
  return ties;
}

const countTie = (line: Line, index: number) =>
  line.at(index)?.kind === 'number' && ['LIMIT', 'OFFSET'].includes(line.at(index - 1)?.key ?? '')
    ? notData
    : undefined;

/** Where a literal begins: a minus before a number is a part of it. */
const startOf = (line: Line, index: number) =>
  line.at(index)?.kind === 'number' && line.key(index - 1) === '-' && comparisons.has(line.key(index - 2))
    ? index - 1
    : index;

/** `column = literal`. */
function compared(line: Line, index: number): string | undefined {
  const operator = startOf(line, index) - 1;
  if (!comparisons.has(line.key(operator)) || !after.has(line.key(index + 1))) return undefined;
  return columnBefore(line, line.key(operator - 1) === 'NOT' ? operator - 1 : operator);
}

/** `column IN (literal, literal)`. */
function listed(line: Line, index: number): string | undefined {
  let open = index - 1;
  while (line.key(open) === ',' || isLiteral(line, open)) open -= 1;
  let close = index + 1;
  while (line.key(close) === ',' || isLiteral(line, close)) close += 1;
  if (line.key(open) !== '(' || line.key(close) !== ')' || line.key(open - 1) !== 'IN') return undefined;
  return columnBefore(line, line.key(open - 2) === 'NOT' ? open - 2 : open - 1);
}

/** `column BETWEEN literal AND literal`. */
function between(line: Line, index: number): string | undefined {
  const word = line.key(index - 1) === 'BETWEEN' ? index - 1 : index - 3;
  if (
    line.key(word) !== 'BETWEEN' ||
    !isLiteral(line, word + 1) ||
    line.key(word + 2) !== 'AND' ||
    !isLiteral(line, word + 3)
  )
    return undefined;
  if (!after.has(line.key(word + 4))) return undefined;
  return columnBefore(line, line.key(word - 1) === 'NOT' ? word - 1 : word);
}

/** The last part of the path that ends there, if nothing else is done to it. */
function columnBefore(line: Line, end: number): string | undefined {
  const name = line.at(end - 1);
  if (name === undefined || !(isName(name) || line.isMember(end - 1))) return undefined;
  let start = end - 1;
  while (line.at(start - 1)?.key === '.' && ['word', 'quoted'].includes(line.at(start - 2)?.kind ?? '')) start -= 2;
  return before.has(line.key(start - 1)) ? name.text.toLowerCase() : undefined;
}

/** `(a, b) VALUES (literal, literal), …`: by their order. */
function tieValues(line: Line, open: number, ties: Map<number, string>) {
  if (line.key(open) !== '(') return;
  const columns: string[] = [];
  let index = open + 1;
  for (; line.at(index) !== undefined && line.key(index) !== ')'; index += 1)
    if (line.key(index) !== ',') columns.push(line.at(index)?.text.toLowerCase() ?? '');
  if (line.key(index + 1) !== 'VALUES') return;
  let [depth, column] = [0, 0];
  for (index += 2; line.at(index) !== undefined; index += 1) {
    const key = line.key(index);
    if (key === '(' && depth === 0) column = 0;
    else if (key === ',' && depth === 1) column += 1;
    const alone = depth === 1 && ['(', ','].includes(line.key(index - 1)) && [',', ')'].includes(line.key(index + 1));
    if (isLiteral(line, index) && alone) ties.set(index, columns[column] ?? '?');
    if (key === '(') depth += 1;
    if (key === ')') depth -= 1;
  }
}
