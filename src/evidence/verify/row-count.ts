import { createReadStream } from 'node:fs';

/** The records of a CSV file (RFC 4180) but its first; undefined where a quotation does not end. */
export async function csvRows(path: string): Promise<number | undefined> {
  let [records, quoted, empty] = [0, false, true];
  for await (const chunk of piecesOf(path))
    for (const character of chunk) {
      if (character === '"') quoted = !quoted;
      empty = character === '\n' && !quoted;
      if (empty) records++;
    }
  if (quoted) return undefined;
  return records + (empty ? 0 : 1) - 1;
}

/** How many objects the list `rows` of the outermost object of a JSON file holds; undefined where there is no such list. */
export async function jsonRows(path: string): Promise<number | undefined> {
  let rows: number | undefined;
  let [depth, inside, escaped, within] = [0, false, false, false];
  let name = '';
  for await (const chunk of piecesOf(path))
    for (const character of chunk) {
      if (inside) {
        if (depth === 1 && name.length < 8) name += character;
        inside = escaped || character !== '"';
        escaped = !escaped && character === '\\';
      } else if (character === '"') {
        inside = true;
        if (depth === 1) name = '';
      } else if (character === '{' || character === '[') {
        if (depth === 1) within = character === '[' && name === 'rows"';
        if (depth === 1 && within) rows = rows === undefined ? 0 : Number.NaN;
        if (depth === 2 && within) rows = (rows ?? 0) + 1;
        depth++;
      } else if (character === '}' || character === ']') depth--;
    }
  return rows;
}

const piecesOf = (path: string): AsyncIterable<string> =>
  createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 });
