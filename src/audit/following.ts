import { z } from 'zod';
import type { Store, StoredDocument } from '../platform/store.ts';
import { contentOf, readChunk, readChunkRecord } from './chunks.ts';
import { readRecord } from './outbox.ts';
import { outboxPath, recordingPath, tapePath } from './paths.ts';

const tapedSchema = z.object({ content: z.string() });

/** Chunks that are read at once. */
const ahead = 8;

/** How much is written of an event's tape, and whether more may come. */
type Extent = { taped: number; isOver: boolean };

/**
 * Content of the chunks of an event's tape, in order. With a signal: also those to come, each as soon as it is durable, until the event has
 * its outcome or the signal is aborted. What was shipped meanwhile is not here any more: then it ends early.
 */
export async function* follow(store: Store, event: string, signal?: AbortSignal): AsyncGenerator<string, undefined> {
  const path = outboxPath(event);
  let extent = extentOf(await store.get(path));
  let changed = Promise.withResolvers<void>();
  const wake = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const unlisten =
    signal === undefined
      ? undefined
      : store.listen(
          path,
          ([document]) => {
            extent = { ...extentOf(document), taped: Math.max(extent.taped, extentOf(document).taped) };
            wake();
          },
          () => {},
        );
  signal?.addEventListener('abort', wake, { once: true });
  try {
    for (let next = 0; signal?.aborted !== true; ) {
      const news = changed.promise;
      const { taped, isOver } = extent;
      for (; next < taped; next += ahead) {
        const places = Array.from({ length: Math.min(ahead, taped - next) }, (_, index) => next + index);
        for (const content of await Promise.all(places.map((place) => contentAt(store, event, place)))) {
          if (content === undefined) return;
          yield content;
        }
      }
      next = taped;
      if (isOver || signal === undefined) return;
      await news;
    }
  } finally {
    unlisten?.();
    signal?.removeEventListener('abort', wake);
  }
}

function extentOf(document: StoredDocument | undefined): Extent {
  if (document === undefined) return { taped: 0, isOver: true };
  const { taped, state } = readRecord(document);
  return { taped, isOver: state === 'done' };
}

/** Where it is while the session runs, or where it waits to be shipped. */
async function contentAt(store: Store, event: string, place: number): Promise<string | undefined> {
  const taped = await store.get(tapePath(event, place));
  if (taped !== undefined) return tapedSchema.parse(taped.data).content;
  const kept = await store.get(recordingPath(event, place));
  return kept && contentOf(readChunk(readChunkRecord(kept).json));
}
