import type { Line } from '../language/words.ts';
import { isName } from '../language/words.ts';

/** Whether an UPDATE or DELETE may mean every row: no WHERE, or one of which a part that is enough speaks of no column, or compares one with itself. */
export function everyRow(line: Line): boolean {
  let depth = 0;
  let index = 0;
  for (; line.at(index) !== undefined; index += 1) {
    if (line.key(index) === '(') depth += 1;
    if (line.key(index) === ')') depth -= 1;
    if (line.key(index) === 'WHERE' && depth === 0) break;
  }
  if (line.at(index) === undefined) return true;
  let end = index + 1;
  while (line.at(end) !== undefined && line.key(end) !== ';') end += 1;
  return isAlways(line, index + 1, end);
}

function isAlways(line: Line, from: number, end: number): boolean {
  const [start, stop] = unwrapped(line, from, end);
  const either = split(line, start, stop, 'OR');
  if (either.length > 1) return either.some(([a, b]) => isAlways(line, a, b));
  const both = split(line, start, stop, 'AND');
  if (both.length > 1) return both.every(([a, b]) => isAlways(line, a, b));
  return !speaksOfColumn(line, start, stop) || comparesItself(line, start, stop);
}

/** Without the brackets that are around all of it. */
function unwrapped(line: Line, from: number, end: number): [number, number] {
  if (line.key(from) !== '(' || line.key(end - 1) !== ')') return [from, end];
  let depth = 0;
  for (let index = from; index < end; index += 1) {
    if (line.key(index) === '(') depth += 1;
    if (line.key(index) === ')') depth -= 1;
    if (depth === 0 && index < end - 1) return [from, end];
  }
  return unwrapped(line, from + 1, end - 1);
}

/** The parts between a word that stands in no brackets; the AND of BETWEEN is none. */
function split(line: Line, from: number, end: number, word: 'AND' | 'OR'): [number, number][] {
  const parts: [number, number][] = [];
  let [start, depth, between] = [from, 0, false];
  for (let index = from; index < end; index += 1) {
    const key = line.key(index);
    if (key === '(' || key === 'CASE') depth += 1;
    if (key === ')' || key === 'END') depth -= 1;
    if (depth !== 0) continue;
    if (key === 'BETWEEN') between = true;
    else if (key === 'AND' && between) between = false;
    else if (key === word) {
      parts.push([start, index]);
      start = index + 1;
    }
  }
  return [...parts, [start, end]];
}

function speaksOfColumn(line: Line, from: number, end: number): boolean {
  for (let index = from; index < end; index += 1) {
    const next = line.at(index + 1)?.key;
    if (isName(line.at(index)) && next !== '(') return true;
  }
  return false;
}

function comparesItself(line: Line, from: number, end: number): boolean {
  const middle = from + (end - from - 1) / 2;
  if (!Number.isInteger(middle) || !['=', '<=', '>='].includes(line.key(middle))) return false;
  const words = (a: number, b: number) =>
    Array.from({ length: b - a }, (_, step) => line.at(a + step)?.text.toLowerCase()).join(' ');
  return words(from, middle) === words(middle + 1, end);
}
