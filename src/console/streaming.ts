/** Milliseconds: between two signs of life, and between two looks whether somebody may still watch. */
const BEAT_MS = 10_000;
const LOOK_MS = 30_000;

/**
 * An answer that goes on, with a sign of life (`beat`) while there is nothing to say. Breaks off once `mayGoOn` throws. `stop` is aborted when it
 * has ended, or nobody reads it any more.
 */
export function streamed(
  parts: AsyncGenerator<string, undefined>,
  { beat, mayGoOn, stop }: { beat: string; mayGoOn: () => Promise<void>; stop: AbortController },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let looked = performance.now();
  let next: Promise<IteratorResult<string, undefined>> | undefined;

  async function look() {
    if (performance.now() - looked < LOOK_MS) return;
    await mayGoOn();
    looked = performance.now();
  }

  return new ReadableStream({
    async pull(controller) {
      try {
        await look();
        next ??= parts.next();
        const step = await orBeat(next);
        if (step === 'beat') return controller.enqueue(encoder.encode(beat));
        next = undefined;
        if (step.done !== true) return controller.enqueue(encoder.encode(step.value));
        controller.close();
      } catch (thrown) {
        controller.error(thrown);
      }
      stop.abort();
    },
    cancel: () => stop.abort(),
  });
}

async function orBeat<T>(next: Promise<T>): Promise<T | 'beat'> {
  const { promise, resolve } = Promise.withResolvers<'beat'>();
  const timer = setTimeout(() => resolve('beat'), BEAT_MS);
  try {
    return await Promise.race([next, promise]);
  } finally {
    clearTimeout(timer);
  }
}
