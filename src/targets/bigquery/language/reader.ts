import { Refusal } from '../refusal.ts';
import { headOf } from './head.ts';
import { numberAt, pathAt } from './path.ts';
import type { Place, Reading } from './places.ts';
import { isQualifier, qualifiersAt } from './qualifiers.ts';
import type { Lexed } from './tokens.ts';
import { isName, type Line, lineOf } from './words.ts';

/** What is known between two brackets. */
type Level = {
  /** Whether a FROM here is one of a query, and none of EXTRACT. */
  query: boolean;
  /** Inside a FROM: whether a comma leads to another item of it. */
  inFrom: boolean;
  /** An item of a FROM is next. */
  expects: boolean;
  /** Names of WITH that are seen here, in lower case. */
  ctes: ReadonlySet<string>;
  /** Aliases of this FROM, in lower case; those of joins in brackets are one set with theirs. */
  aliases: Set<string>;
  outer: Level | undefined;
};

/** Keywords that end a FROM. */
const endsFrom = new Set([
  'WHERE',
  'GROUP',
  'HAVING',
  'QUALIFY',
  'WINDOW',
  'ORDER',
  'LIMIT',
  'UNION',
  'INTERSECT',
  'EXCEPT',
  'SET',
  'WHEN',
  '|>',
  ';',
]);

/**
 * Finds every place of a statement where a table is named, by the grammar of FROM: items of FROM, JOIN and commas, in subqueries, WITH and pipes
 * too, and what a statement writes to. A name of WITH is none, nor is an array of what stands before it. Refuses forms that it does not know.
 * Nothing rests on its being complete: with all of them replaced, BigQuery itself must see no table.
 */
export function placesIn(lexed: Lexed): Reading {
  const line = lineOf(lexed.tokens);
  const head = headOf(lexed, line);
  const found: Found[] = [];
  const root: Level = {
    ...{ query: true, inFrom: false, expects: false, ctes: new Set(), aliases: new Set(), outer: undefined },
  };
  const target = head.target;
  if (target !== undefined) root.aliases.add((target.alias ?? target.path.parts.at(-1) ?? '').toLowerCase());
  const end = readLevel({ lexed, line, found }, head.next, root, head.merges);
  const stray = line.at(end);
  if (stray !== undefined) throw new Refusal('R1', 'A bracket closes here that was not opened', stray.start);
  return { ...head, places: found.filter((each) => !isArrayAround(each)).map(({ place }) => place) };
}

/** `around`: of the queries around it. */
type Found = { place: Place; around: readonly ReadonlySet<string>[] };
type Work = { lexed: Lexed; line: Line; found: Found[] };

/** Reads up to the bracket that closes the level, and answers its number; `merges`: the next USING brings an item, as in MERGE. */
function readLevel(work: Work, from: number, level: Level, merges = false): number {
  const { line } = work;
  let index = from;
  let source = merges;
  while (line.at(index) !== undefined) {
    const key = line.key(index);
    if (key === ')' || key === ']') return index;
    if (level.expects) index = readItem(work, index, level);
    else if (key === '(' || key === '[') index = readBracket(work, index, level, false);
    else if (key === 'WITH' && level.query && isWithClause(line, index)) index = readWith(work, index, level);
    else {
      if (key === 'USING' && source) {
        Object.assign(level, { inFrom: true, expects: true });
        source = false;
      } else turn(level, key, line, index);
      index += 1;
    }
  }
  return index;
}

/** What a keyword means for what comes after it. */
function turn(level: Level, key: string, line: Line, index: number) {
  if (key === 'SELECT') {
    level.query = true;
    level.inFrom = false;
    level.aliases = new Set();
  } else if (key === 'FROM' && level.query && line.key(index - 1) !== 'DISTINCT') {
    level.inFrom = true;
    level.expects = true;
  } else if (key === 'JOIN' || (key === ',' && level.inFrom)) {
    level.inFrom = true;
    level.expects = true;
  } else if (key === 'AS' && (level.inFrom || line.key(index - 1) === '|>')) {
    const alias = line.at(index + 1);
    if (isName(alias)) level.aliases.add(alias.text.toLowerCase());
  } else if (endsFrom.has(key)) level.inFrom = false;
}

const startsQuery = (line: Line, index: number) =>
  line.key(index) === 'SELECT' ||
  line.key(index) === 'FROM' ||
  (line.key(index) === 'WITH' && isWithClause(line, index));

/** What stands in brackets: a query, or in a FROM joins, or an expression. Answers the number after the bracket that closes. */
function readBracket(work: Work, open: number, level: Level, isItem: boolean): number {
  const { line } = work;
  const query = startsQuery(line, open + 1);
  const joins = isItem && !query;
  const inner: Level = {
    ...{ query: query || joins, inFrom: joins, expects: joins, ctes: level.ctes, outer: level },
    aliases: joins ? level.aliases : new Set(),
  };
  const close = readLevel(work, open + 1, inner);
  if (line.at(close) === undefined) throw new Refusal('R1', 'A bracket is not closed', line.at(open)?.start);
  return close + 1;
}

/** `WITH a AS (`, and not the expression `WITH(a AS 1, …)` or `WITH OFFSET`. */
function isWithClause(line: Line, index: number): boolean {
  const name = line.key(index + 1) === 'RECURSIVE' ? index + 2 : index + 1;
  return isName(line.at(name)) && line.key(name + 1) === 'AS' && line.key(name + 2) === '(';
}

function readWith(work: Work, index: number, level: Level): number {
  const { line } = work;
  const recursive = line.key(index + 1) === 'RECURSIVE';
  let at = recursive ? index + 2 : index + 1;
  // In WITH RECURSIVE each sees all of them, itself and those after it too.
  if (recursive) level.ctes = new Set([...level.ctes, ...namesOfWith(line, at)]);
  for (;;) {
    const name = line.at(at);
    if (!isName(name) || line.key(at + 1) !== 'AS' || line.key(at + 2) !== '(')
      throw new Refusal('R3', 'A WITH is expected to go on with name AS (query)', name?.start);
    const inner: Level = {
      ...{ query: true, inFrom: false, expects: false, ctes: level.ctes, aliases: new Set<string>(), outer: level },
    };
    const close = readLevel(work, at + 3, inner);
    if (line.at(close) === undefined) throw new Refusal('R1', 'A bracket is not closed', name.start);
    level.ctes = new Set([...level.ctes, name.text.toLowerCase()]);
    if (line.key(close + 1) !== ',') return close + 1;
    at = close + 2;
  }
}

function namesOfWith(line: Line, from: number): string[] {
  const names: string[] = [];
  let at = from;
  for (;;) {
    const name = line.at(at);
    if (!isName(name)) return names;
    names.push(name.text.toLowerCase());
    let depth = 0;
    let close = at + 2;
    for (; line.at(close) !== undefined; close += 1) {
      if (line.key(close) === '(') depth += 1;
      if (line.key(close) === ')') depth -= 1;
      if (depth === 0) break;
    }
    if (line.key(close + 1) !== ',') return names;
    at = close + 2;
  }
}

/** An item of a FROM, with its alias. Answers the number of what comes after it. */
function readItem(work: Work, index: number, level: Level): number {
  const { line } = work;
  level.expects = false;
  const key = line.key(index);
  if (key === '(') return readAlias(line, readBracket(work, index, level, true), level).next;
  if (key === 'UNNEST' && line.key(index + 1) === '(') {
    const { next } = readAlias(line, readBracket(work, index + 1, level, false), level);
    if (line.key(next) !== 'WITH' || line.at(next + 1)?.key !== 'OFFSET') return next;
    return readAlias(line, next + 2, level).next;
  }
  const token = line.at(index);
  if (!isName(token)) throw new Refusal('R3', 'Only a table, UNNEST or a query can stand here', token?.start);
  return readTable(work, index, level);
}

/** `AS x` or `x`; registers it. */
function readAlias(line: Line, index: number, level: Level): { alias?: string; next: number } {
  const written = line.key(index) === 'AS' ? index + 1 : index;
  const token = line.at(written);
  const soft = written === index && isQualifier(line, index);
  if (!isName(token) || soft) {
    if (written !== index) throw new Refusal('R4', 'An alias is expected after AS', token?.start);
    return { next: index };
  }
  if (token.text.includes('.')) throw new Refusal('R4', 'An alias has no dot', token.start);
  level.aliases.add(token.text.toLowerCase());
  return { alias: token.text, next: written + 1 };
}

function readTable(work: Work, index: number, level: Level): number {
  const { lexed, line, found } = work;
  const path = pathAt(lexed.text, line.at(index)?.start ?? 0);
  const next = numberAt(line, index, path.end);
  const token = line.at(next);
  if (token?.key === '(')
    throw new Refusal(
      'R6',
      `Table functions are not read (${path.parts.join('.')}); write the query that it stands for`,
      path.start,
    );
  if (token?.key === '-' || token?.kind === 'number')
    throw new Refusal('R4', 'Put a name that holds more than letters, digits and _ into backticks', token.start);
  const first = (path.parts[0] ?? '').toLowerCase();
  const isArray = path.parts.length > 1 && level.aliases.has(first);
  const isCte = path.parts.length === 1 && level.ctes.has(first);
  const implied = path.parts.at(-1) ?? '';
  const { alias, next: afterAlias } = readAlias(line, next, level);
  if (alias === undefined) level.aliases.add(implied.toLowerCase());
  if (line.key(afterAlias) === 'WITH' && line.at(afterAlias + 1)?.key === 'OFFSET')
    return readAlias(line, afterAlias + 2, level).next;
  if (isArray || isCte) return afterAlias;
  const { next: end, ...qualifiers } = qualifiersAt(line, afterAlias);
  const place = { path, alias: alias ?? implied, aliased: alias !== undefined, ...qualifiers };
  found.push({ place, around: aliasesAround(level) });
  return end;
}

/** The aliases of the queries around, some of which are yet to come: a FROM stands after its SELECT. */
function aliasesAround({ outer }: Level): ReadonlySet<string>[] {
  return outer === undefined ? [] : [outer.aliases, ...aliasesAround(outer)];
}

/** Whether it is an array of what a query around it reads. */
function isArrayAround({ place, around }: Found): boolean {
  const [first = '', ...more] = place.path.parts;
  return more.length > 0 && around.some((aliases) => aliases.has(first.toLowerCase()));
}
