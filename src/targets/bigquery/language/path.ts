import { Refusal } from '../refusal.ts';
import type { Token } from './tokens.ts';
import type { Line } from './words.ts';

const blanks = /(?:[ \t\n\r\f\v]+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)*/y;
/** Only the first part may have dashes when it is bare, as projects do. */
const first = /`([^`]+)`|([A-Za-z_]\w*(?:-\w+)*)/y;
/** After a dot a name may begin with a digit. */
const further = /`([^`]+)`|(\w+)/y;

/** A name in one or more parts, as it stands in a FROM: `p-1.d.t`, in backticks as a whole or by part. */
export type Path = { parts: readonly string[]; start: number; end: number };

/** Reads the path that begins at an offset. The names in one pair of backticks are told apart by their dots. */
export function pathAt(text: string, start: number): Path {
  let found = take(first, text, start);
  if (found === undefined) throw new Refusal('R4', 'A table’s name is expected here', start);
  const parts: string[] = [];
  for (;;) {
    parts.push(...found.name.split('.'));
    const dot = after(text, found.end);
    if (text[dot] !== '.') break;
    const next = take(further, text, after(text, dot + 1));
    if (next === undefined) throw new Refusal('R4', 'A part of a name is expected after the dot', dot);
    found = next;
  }
  if (parts.some((part) => part.trim() === '')) throw new Refusal('R4', 'A part of this name is empty', start);
  return { parts, start, end: found.end };
}

function take(pattern: RegExp, text: string, at: number): { name: string; end: number } | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) return undefined;
  return { name: found[1] ?? found[2] ?? '', end: at + found[0].length };
}

/** Where the next sign is that is no blank and in no comment. */
function after(text: string, at: number): number {
  blanks.lastIndex = at;
  return at + (blanks.exec(text)?.[0].length ?? 0);
}

/** The number of the first token from an offset on. Refuses an offset within a token: then two readings of the text differ. */
export function numberAt(line: Line, from: number, offset: number): number {
  let index = from;
  for (
    let token: Token | undefined = line.at(index);
    token !== undefined && token.start < offset;
    token = line.at(index)
  ) {
    if (token.end > offset)
      throw new Refusal('R4', 'This name can be read in two ways; put it into backticks', token.start);
    index += 1;
  }
  return index;
}
