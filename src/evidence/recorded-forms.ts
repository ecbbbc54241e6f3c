import { z } from 'zod';

/** A session that was recorded: an asciicast, version 3 (https://docs.asciinema.org/manual/asciicast/v3/). */
export type RecordedSession = {
  command?: string | undefined;
  /** How long it went on, in seconds. */
  seconds: number;
  /** What the program ended with, where it did. */
  exit?: string | undefined;
  /** What one could read of it, without control sequences; `[stderr]` and the like tell from where what follows came. */
  text: string;
};

/** An HTTP answer that was recorded. */
export type RecordedBody = { status: number; headers: readonly (readonly [string, string])[]; text: string };

const headerSchema = z.looseObject({ version: z.literal(3), command: z.string().optional() });
const bodySchema = z.object({ status: z.int(), headers: z.array(z.tuple([z.string(), z.string()])) });
const entrySchema = z.tuple([z.number().nonnegative(), z.string(), z.string()]);

/** What is recorded says in its first line what it is: neither of the two for rows. */
export function formsOf(content: string): { session?: RecordedSession; body?: RecordedBody } {
  const end = content.indexOf('\n');
  const first = jsonIn(end === -1 ? content : content.slice(0, end));
  const rest = end === -1 ? '' : content.slice(end + 1);
  const header = headerSchema.safeParse(first);
  if (header.success) return { session: { command: header.data.command, ...told(rest) } };
  const body = bodySchema.safeParse(first);
  return body.success ? { body: { ...body.data, text: rest } } : {};
}

/** Whatever of it can be read. */
function told(lines: string): Pick<RecordedSession, 'seconds' | 'exit' | 'text'> {
  let seconds = 0;
  let exit: string | undefined;
  let text = '';
  for (const line of lines.split('\n')) {
    const entry = entrySchema.safeParse(jsonIn(line));
    if (!entry.success) continue;
    const [interval, code, data] = entry.data;
    seconds += interval;
    if (code === 'o') text += data;
    else if (code === 'm') text += `${text === '' || text.endsWith('\n') ? '' : '\n'}[${data}]\n`;
    else if (code === 'x') exit = data;
  }
  return { seconds: Math.round(seconds * 1000) / 1000, exit, text: readable(text) };
}

const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is taken away
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[\x20-\x2f]*[\x30-\x4f\x51-\x57\x59\x5a\x5c\x60-\x7e]|\r(?=\n)/g;

const readable = (text: string): string => text.replaceAll(controls, '').replaceAll('\r', '\n');

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
