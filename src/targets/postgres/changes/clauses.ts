import type { TokenLine } from '../language/splice.ts';

/** From a token on and up to another, which is no part of it. */
export type Span = { from: number; to: number };

/** Where the parts of an INSERT, UPDATE or DELETE stand, in tokens. A guess that only the parser can confirm. */
export type Clauses = {
  /** `WITH …`, before the command. */
  with: Span;
  /** The table written to, with ONLY and its alias. */
  target: Span;
  /** What FROM or USING names besides. */
  from?: Span;
  where?: Span;
  /** Of an INSERT: the query or VALUES. */
  query?: Span;
};

type Command = 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt';

/** Finds the clauses by their words outside all brackets; undefined where the table itself is not found. */
export function clausesOf(tokens: TokenLine, command: Command, relationStart: number): Clauses | undefined {
  const named = tokens.at(relationStart);
  if (named === undefined) return undefined;
  const start = startOfTarget(tokens, named);
  // INSERT INTO t, DELETE FROM t, UPDATE t
  const top = { from: 0, to: start - (command === 'UpdateStmt' ? 1 : 2) };
  const words = topWords(tokens, named);
  const end = endOf(tokens, named);
  const first = (...wanted: string[]) => words.find(({ word }) => wanted.includes(word))?.index ?? end;
  const returning = Math.min(first('RETURNING'), end);
  if (command === 'InsertStmt') {
    const query = startOfQuery(tokens, named, words);
    return {
      with: top,
      target: { from: start, to: query },
      query: { from: query, to: Math.min(first('ON'), returning) },
    };
  }
  const where = Math.min(first('WHERE'), returning);
  const set = command === 'UpdateStmt' ? first('SET') : named;
  const from = words.find(
    ({ word, index }) =>
      index > set && word === (command === 'UpdateStmt' ? 'FROM' : 'USING') && tokens.word(index - 1) !== 'DISTINCT',
  )?.index;
  const others = from !== undefined && from < where ? from : where;
  return {
    with: top,
    target: { from: start, to: command === 'UpdateStmt' ? set : others },
    ...(others < where && { from: { from: others + 1, to: where } }),
    ...(where < returning && { where: { from: where + 1, to: returning } }),
  };
}

/** `ONLY t` and `ONLY (t)` begin before the name. */
function startOfTarget(tokens: TokenLine, named: number): number {
  if (tokens.word(named - 1) === 'ONLY') return named - 1;
  return tokens.word(named - 1) === '(' && tokens.word(named - 2) === 'ONLY' ? named - 2 : named;
}

/** The words outside all brackets from a token on. */
function topWords(tokens: TokenLine, from: number): { word: string; index: number }[] {
  const words: { word: string; index: number }[] = [];
  let depth = 0;
  for (let index = from; tokens.get(index) !== undefined; index += 1) {
    const word = tokens.word(index);
    if (word === ')' || word === ']') depth = Math.max(0, depth - 1);
    else if (depth === 0) words.push({ word, index });
    if (word === '(' || word === '[') depth += 1;
  }
  return words;
}

function endOf(tokens: TokenLine, from: number): number {
  let end = from;
  while (tokens.get(end) !== undefined && tokens.word(end) !== ';') end += 1;
  return end;
}

const opening = ['SELECT', 'VALUES', 'TABLE', 'WITH'];

/** The first word that begins a query, or the bracket that holds one; the bracket of the column list holds none. */
function startOfQuery(tokens: TokenLine, named: number, words: readonly { word: string; index: number }[]): number {
  const bracketed = (index: number): boolean =>
    tokens.word(index + 1) === '(' ? bracketed(index + 1) : opening.includes(tokens.word(index + 1));
  const found = words.find(({ word, index }) => opening.includes(word) || (word === '(' && bracketed(index)));
  return found?.index ?? endOf(tokens, named);
}
