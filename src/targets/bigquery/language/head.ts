import { Refusal } from '../refusal.ts';
import { numberAt, pathAt } from './path.ts';
import type { Destination, Verbs } from './places.ts';
import type { Lexed } from './tokens.ts';
import { isName, type Line } from './words.ts';

/** The first words of a statement: what it does and to what. `merges`: the next USING brings what is read. */
export type Head = { verb: Verbs; target?: Destination; next: number; merges: boolean };

const writes = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'] as const;
const definitions = ['CREATE', 'ALTER', 'DROP'] as const;

/** R2: refuses what begins as none of the statements that are understood does. */
export function headOf(lexed: Lexed, line: Line): Head {
  const [first, second] = [line.key(0), line.at(1)?.key];
  if (first === 'SELECT' || first === 'WITH' || first === 'FROM' || first === '(')
    return { verb: 'SELECT', next: 0, merges: false };
  const write = writes.find((word) => word === first);
  if (write !== undefined) {
    const at = second === (write === 'DELETE' ? 'FROM' : 'INTO') && write !== 'UPDATE' ? 2 : 1;
    return { verb: write, merges: write === 'MERGE', ...destination(lexed, line, at, 'TABLE', write !== 'INSERT') };
  }
  if (first === 'TRUNCATE' && second === 'TABLE')
    return { verb: 'TRUNCATE', merges: false, ...destination(lexed, line, 2, 'TABLE', false) };
  const definition = definitions.find((word) => word === first);
  if (definition !== undefined) return defined(lexed, line, definition);
  const word = line.at(0)?.kind === 'word' ? line.at(0)?.key : undefined;
  throw new Refusal(
    'R2',
    `${word === undefined ? 'This' : word} begins no statement that is taken here`,
    line.at(0)?.start,
  );
}

function defined(lexed: Lexed, line: Line, verb: 'CREATE' | 'ALTER' | 'DROP'): Head {
  let at = 1;
  const take = (...words: string[]) => {
    const taken = words.every((word, step) => line.at(at + step)?.key === word);
    if (taken) at += words.length;
    return taken;
  };
  if (verb === 'CREATE') take('OR', 'REPLACE');
  const what = take('TABLE')
    ? 'TABLE'
    : take('VIEW')
      ? 'VIEW'
      : take('MATERIALIZED', 'VIEW')
        ? 'MATERIALIZED VIEW'
        : take('SCHEMA')
          ? 'SCHEMA'
          : undefined;
  if (what === undefined || line.at(at)?.key === 'FUNCTION' || (verb === 'ALTER' && what !== 'TABLE'))
    throw new Refusal(
      'R2',
      `Of definitions only tables, views and datasets are taken; ask whoever owns the warehouse`,
      line.at(1)?.start,
    );
  if (!take('IF', 'NOT', 'EXISTS')) take('IF', 'EXISTS');
  return { verb, merges: false, ...destination(lexed, line, at, what, false) };
}

function destination(lexed: Lexed, line: Line, at: number, what: Destination['what'], mayAlias: boolean) {
  const token = line.at(at);
  if (!isName(token)) throw new Refusal('R4', 'The name of what is changed is expected here', token?.start);
  const path = pathAt(lexed.text, token.start);
  let next = numberAt(line, at, path.end);
  if (line.key(next) === '-') throw new Refusal('R4', 'Put a name with dashes into backticks', path.end);
  const written = line.key(next) === 'AS' ? next + 1 : next;
  const name = line.at(written);
  if (!mayAlias || !isName(name)) return { target: { path, what }, next };
  next = written + 1;
  return { target: { path, what, alias: name.text }, next };
}
