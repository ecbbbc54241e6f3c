import type { Risk } from '../../../model/documents.ts';
import { numberAt } from '../language/path.ts';
import type { Destination, Place, Reading } from '../language/places.ts';
import type { Lexed } from '../language/tokens.ts';
import { isName, type Line, lineOf } from '../language/words.ts';
import { Refusal } from '../refusal.ts';
import { everyRow } from './truth.ts';

/** Something whose hidden columns a write may not speak of. `columns`: those at the top, in lower case, that are hidden or hold what is. */
export type Guarded = { at: Place | Destination; columns: ReadonlySet<string> };

/**
 * R9: a write reads nothing that is hidden. What it changes stays as it is, so that its hidden columns may be named only where they are written: in
 * the columns of an INSERT and on the left of SET. Nor may a mask be written, so that the same holds for what it reads from. Whole rows (`*`, an
 * alias alone, INSERT ROW, a query without SELECT) name all of them.
 */
export function checkWrite(lexed: Lexed, reading: Reading, guarded: readonly Guarded[]): void {
  const hiding = guarded.filter(({ columns }) => columns.size > 0);
  if (hiding.length === 0) return;
  const line = lineOf(lexed.tokens);
  const columns = new Set(hiding.flatMap((each) => [...each.columns]));
  const aliases = new Set(hiding.map(({ at }) => (at.alias ?? at.path.parts.at(-1) ?? '').toLowerCase()));
  const declared = declarations(line, [...reading.places, ...(reading.target === undefined ? [] : [reading.target])]);
  const written = writtenNames(line, reading);
  lexed.tokens.forEach((token, index) => {
    if (declared.has(index)) return;
    const key = line.key(index);
    if (key === '*' && !isProduct(line, index) && !isCount(line, index))
      throw new Refusal('R9', 'A * stands for hidden columns too; name the columns', token.start);
    if (key === '|>' || (key === 'FROM' && beginsQuery(line, index, reading)))
      throw new Refusal(
        'R9',
        'A query without SELECT gives hidden columns too; begin it with SELECT and name the columns',
        token.start,
      );
    if (key === 'ROW' && line.key(index - 1) === 'INSERT')
      throw new Refusal('R9', 'INSERT ROW writes hidden columns too; name the columns', token.start);
    if (!isName(token) && !line.isMember(index)) return;
    const name = token.text.toLowerCase();
    if (columns.has(name) && !written.has(index))
      throw new Refusal(
        'R9',
        `A change may not read ${name}, which is hidden or holds what is; name other columns`,
        token.start,
      );
    if (aliases.has(name) && line.at(index + 1)?.key !== '.')
      throw new Refusal(
        'R9',
        'An alias alone stands for a whole row, with hidden columns; name its columns',
        token.start,
      );
  });
}

/** Numbers of the tokens where tables are named and given their alias. */
function declarations(line: Line, places: readonly (Place | Destination)[]): Set<number> {
  const numbers = new Set<number>();
  for (const { path, alias } of places) {
    let index = numberAt(line, 0, path.start);
    const end = numberAt(line, index, path.end);
    for (; index < end; index += 1) numbers.add(index);
    const given = line.key(index) === 'AS' ? index + 1 : index;
    if (alias !== undefined && line.at(given)?.text === alias) numbers.add(given);
  }
  return numbers;
}

/** Numbers of the names that are written: the columns of INSERT, and what stands before `=` in SET. */
function writtenNames(line: Line, { target, verb }: Reading): Set<number> {
  const numbers = new Set<number>();
  const addColumns = (open: number) => {
    for (let index = open + 1; line.at(index) !== undefined && line.key(index) !== ')'; index += 1) numbers.add(index);
  };
  if (verb === 'INSERT' && target !== undefined) {
    const open = numberAt(line, 0, target.path.end);
    if (isColumnList(line, open)) addColumns(open);
  }
  let depth = 0;
  let setAt: number | undefined;
  for (let index = 0; line.at(index) !== undefined; index += 1) {
    const key = line.key(index);
    if (key === '(' || key === '[') depth += 1;
    if (key === ')' || key === ']') depth -= 1;
    if (verb === 'MERGE' && key === 'INSERT' && isColumnList(line, index + 1)) addColumns(index + 1);
    if (key === 'SET' && depth === 0) setAt = index;
    if (setAt !== undefined && depth === 0 && ['WHERE', 'FROM', 'WHEN'].includes(key)) setAt = undefined;
    if (setAt !== undefined && depth === 0 && (index === setAt || key === ',')) addAssigned(line, index + 1, numbers);
  }
  return numbers;
}

function addAssigned(line: Line, from: number, numbers: Set<number>) {
  let index = from;
  while (isName(line.at(index)) || line.isMember(index) || line.at(index)?.key === '.') index += 1;
  if (line.key(index) === '=') for (let each = from; each < index; each += 1) numbers.add(each);
}

/** `(a, b, c)`: names alone. */
function isColumnList(line: Line, open: number): boolean {
  if (line.key(open) !== '(') return false;
  let index = open + 1;
  while (isName(line.at(index)) && line.key(index + 1) === ',') index += 2;
  return isName(line.at(index)) && line.key(index + 1) === ')';
}

/** Whether a `*` multiplies: something that ends an operand stands before it. */
function isProduct(line: Line, index: number): boolean {
  const before = line.at(index - 1);
  if (before === undefined || before.key === '.') return false;
  if (before.key === ')' || before.key === ']' || ['string', 'number', 'parameter'].includes(before.kind)) return true;
  return line.isMember(index - 1) || ((before.kind === 'quoted' || isName(before)) && before.key !== 'VALUE');
}

const isCount = (line: Line, index: number) =>
  line.key(index - 1) === '(' && line.at(index - 2)?.key === 'COUNT' && line.key(index + 1) === ')';

/** A FROM that is the first word of its query. */
function beginsQuery(line: Line, index: number, { verb, next }: Reading): boolean {
  if (line.key(index - 1) === '(') return true;
  if (verb !== 'INSERT') return false;
  const close = line.key(next) === '(' && isColumnList(line, next) ? closing(line, next) + 1 : next;
  return index === close;
}

function closing(line: Line, open: number): number {
  let index = open;
  while (line.at(index) !== undefined && line.key(index) !== ')') index += 1;
  return index;
}

const mostValues = 100;

/** What is told of how much a write changes, from its text alone. */
export function risksOfWrite(lexed: Lexed, { verb, next }: Reading): Risk[] {
  const line = lineOf(lexed.tokens);
  if (verb === 'UPDATE' || verb === 'DELETE') return everyRow(line) ? ['unbounded', 'bulk'] : ['bulk'];
  if (verb === 'MERGE') return ['bulk'];
  if (verb !== 'INSERT') return [];
  const start = isColumnList(line, next) ? closing(line, next) + 1 : next;
  if (line.key(start) !== 'VALUES') return ['bulk'];
  let [depth, rows] = [0, 0];
  for (let index = start; line.at(index) !== undefined; index += 1) {
    if (line.key(index) === '(') {
      if (depth === 0) rows += 1;
      depth += 1;
    } else if (line.key(index) === ')') depth -= 1;
  }
  return rows > mostValues ? ['bulk'] : [];
}
