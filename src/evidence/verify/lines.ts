import { createReadStream } from 'node:fs';

/** Characters of a line. The longest that are written are checkpoints of very many chains. */
const most = 64 * 1024 * 1024;

/** The lines of a file, without their ends; what follows the last end is a line where it is not empty. Throws on one that no bundle has. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024 })) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > most) throw new RangeError(`${path} has a line that is too long to be read.`);
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Each line as JSON; undefined where it is none. */
export async function* valuesOf(path: string): AsyncGenerator<unknown> {
  for await (const line of linesOf(path)) yield jsonOf(line);
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
