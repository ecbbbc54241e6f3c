import { Refusal } from '../refusal.ts';
import type { Place } from './places.ts';
import type { Line } from './words.ts';

/** Words after an item of a FROM that are no alias of it. */
export function isQualifier(line: Line, index: number): boolean {
  const [word, next] = [line.key(index), line.at(index + 1)?.key];
  return (word === 'PIVOT' || word === 'UNPIVOT') && (next === '(' || next === 'INCLUDE' || next === 'EXCLUDE');
}

type Qualifiers = Pick<Place, 'time' | 'sample'> & { next: number };

/** What may stand after a table and its alias, and nowhere else: it goes where the table goes. */
export function qualifiersAt(line: Line, from: number): Qualifiers {
  let next = from;
  let found: Pick<Place, 'time' | 'sample'> = {};
  const spanTo = (end: number) => ({ start: line.at(next)?.start ?? 0, end: line.at(end - 1)?.end ?? 0 });
  if (line.key(next) === 'FOR' && line.at(next + 1)?.key.startsWith('SYSTEM')) {
    const end = timeAt(line, next);
    found = { time: spanTo(end) };
    next = end;
  }
  if (line.key(next) === 'TABLESAMPLE') {
    const [system, open, number, percent, close] = [1, 2, 3, 4, 5].map((step) => line.at(next + step));
    const plain = system?.key === 'SYSTEM' && open?.key === '(' && percent?.key === 'PERCENT' && close?.key === ')';
    if (!plain || number?.kind !== 'number')
      throw new Refusal('R3', 'Only TABLESAMPLE SYSTEM (<number> PERCENT) is taken', line.at(next)?.start);
    found = { ...found, sample: spanTo(next + 6) };
    next += 6;
  }
  return { ...found, next };
}

/** `FOR SYSTEM_TIME AS OF`, then a string, a named parameter, `TIMESTAMP '…'`, or a call whose brackets hold the rest. */
function timeAt(line: Line, from: number): number {
  const words =
    line.at(from + 1)?.key === 'SYSTEM' ? ['FOR', 'SYSTEM', 'TIME', 'AS', 'OF'] : ['FOR', 'SYSTEM_TIME', 'AS', 'OF'];
  const strange = () =>
    new Refusal(
      'R3',
      'Time travel is taken as FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(…), TIMESTAMP ‘…’ or @parameter',
      line.at(from)?.start,
    );
  if (!words.every((word, step) => line.at(from + step)?.key === word)) throw strange();
  const start = from + words.length;
  const token = line.at(start);
  if (token?.kind === 'string' || (token?.kind === 'parameter' && token.text !== '?')) return start + 1;
  if (token?.kind !== 'word') throw strange();
  if (line.at(start + 1)?.kind === 'string') return start + 2;
  if (line.key(start + 1) !== '(') throw strange();
  let depth = 0;
  for (let index = start + 1; line.at(index) !== undefined; index += 1) {
    const key = line.key(index);
    if (key === 'SELECT' || key === 'FROM' || line.at(index)?.text === '?') throw strange();
    if (key === '(') depth += 1;
    if (key === ')') depth -= 1;
    if (depth === 0) return index + 1;
  }
  throw strange();
}
