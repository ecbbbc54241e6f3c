import { z } from 'zod';

const headSchema = z.looseObject({ term: z.object({ cols: z.int().positive(), rows: z.int().positive() }) });
const entrySchema = z.tuple([z.number(), z.string(), z.string()]);

/** What a player shows: input is in the recording, and not echoed twice. */
const shown = new Set(['o', 'r', 'm']);

/**
 * Chunks of an asciicast, version 3, as events for asciinema's player (its driver `eventsource`): the size first, then each entry with
 * its time since the beginning. `since`: seconds for which it has gone on already.
 */
export async function* eventsOf(chunks: AsyncIterable<string>, since: number): AsyncGenerator<string, undefined> {
  let time = 0;
  for await (const chunk of chunks) {
    let events = '';
    for (const line of chunk.split('\n')) {
      const value = jsonIn(line);
      const head = headSchema.safeParse(value);
      const entry = entrySchema.safeParse(value);
      if (head.success) events += eventOf({ ...head.data.term, time: since });
      if (!entry.success) continue;
      const [interval, code, data] = entry.data;
      time += interval;
      if (shown.has(code)) events += eventOf([time, code, data]);
    }
    yield events;
  }
  yield 'event: done\ndata: {}\n\n';
}

const eventOf = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
