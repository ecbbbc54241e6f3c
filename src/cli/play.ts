import { z } from 'zod';
import { printable, type Terminal } from './terminal.ts';

export type Pace = {
  /** How many times faster than it was. */
  speed: number;
  /** The longest pause, in seconds, before that. */
  idle: number;
  /** Waits so many seconds; absent: nothing is waited for. */
  pause: ((seconds: number) => Promise<unknown>) | undefined;
};

const entrySchema = z.tuple([z.number().nonnegative(), z.string(), z.string()]);

/** Plays an asciicast (version 3) in a terminal. It may colour and move the cursor there, and do nothing else. */
export async function play(terminal: Terminal, cast: string, pace: Pace): Promise<void> {
  const show = createScreen(terminal, pace);
  for (const line of cast.split('\n')) await show(line);
  terminal.write(reset);
}

/** The same of one that is still written: each line at once. */
export async function playLive(terminal: Terminal, pieces: AsyncIterable<string>): Promise<void> {
  const show = createScreen(terminal, { speed: 1, idle: 0, pause: undefined });
  let begun = '';
  let isShown = false;
  try {
    for await (const piece of pieces) {
      isShown = true;
      const lines = `${begun}${piece}`.split('\n');
      begun = lines.pop() ?? '';
      for (const line of lines) await show(line);
    }
  } finally {
    if (isShown) terminal.write(reset);
  }
}

/** Whatever was played leaves no colour behind, and a cursor. */
const reset = '\u001b[0m\u001b[?25h\n';

/** Shows a line of an asciicast; what is no entry is passed over. */
function createScreen({ write, paint }: Terminal, { speed, idle, pause }: Pace) {
  const harmless = createFilter();
  return async (line: string) => {
    const entry = entrySchema.safeParse(jsonIn(line));
    if (!entry.success) return;
    const [interval, code, data] = entry.data;
    if (pause !== undefined && interval > 0) await pause(Math.min(interval, idle) / speed);
    if (code === 'o') write(harmless(data));
    else if (code === 'm') write(`${paint('dim', `[${printable(data)}]`)}\n`);
  };
}

const sequence =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[\x20-\x2f]*[\x30-\x4f\x51-\x57\x59\x5a\x5c\x60-\x7e]|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]/g;
/** Colours, the cursor, what is erased, scrolled and shown: nothing that asks the terminal, or tells it to do anything else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const allowed = /^\x1b\[(?:\d[\d;:]*|;[\d;:]*)?[@A-HJKLMPSTXdefm`]$|^\x1b\[\?(?:25|7|47|104[79])[hl]$|^\x1b[78DM]$/;
/** The beginning of one, whose end is in the next entry. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const begun = /(?:\x1b(?:\[[\x20-\x3f]*|[\]PX^_][^\x07\x1b]*\x1b?|[\x20-\x2f]*)?)$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const stray = /\x1b(?!\[|[78DM])/g;

function createFilter(): (data: string) => string {
  let held = '';
  return (data) => {
    const text = held + data;
    const whole = text.replaceAll(sequence, (found) => (allowed.test(found) ? found : ''));
    held = begun.exec(whole)?.[0] ?? '';
    return whole.slice(0, whole.length - held.length).replaceAll(stray, '');
  };
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
