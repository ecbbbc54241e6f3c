import { Problem } from '../../model/problem.ts';

export type Chunks = {
  /** What was read already. */
  first: IteratorResult<Uint8Array>;
  source: AsyncIterator<Uint8Array>;
  /** Milliseconds without a byte after which the service is given up. */
  stall: number | undefined;
  push: (bytes: Buffer) => Uint8Array;
  end: () => Uint8Array;
};

/** An answer's bytes as they come, through what looks at them. No generator: one that was never started would not pass on that its reader has left. */
export function chunksOf({ first, source, stall, push, end }: Chunks): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      let waiting: IteratorResult<Uint8Array> | undefined = first;
      let ended = false;
      const leave = async (): Promise<IteratorResult<Uint8Array>> => {
        ended = true;
        await source.return?.();
        return { done: true, value: undefined };
      };
      return {
        async next() {
          try {
            while (!ended) {
              const step = waiting ?? (await inTime(source.next(), stall));
              waiting = undefined;
              if (step.done === true) ended = true;
              const bytes = step.done === true ? end() : push(asBuffer(step.value));
              if (bytes.byteLength > 0) return { done: false, value: bytes };
            }
          } catch (error) {
            await leave();
            throw error;
          }
          return { done: true, value: undefined };
        },
        return: leave,
      };
    },
  };
}

/** The first chunk that holds anything, or the end. */
export async function firstOf(
  source: AsyncIterator<Uint8Array>,
  stall: number | undefined,
): Promise<IteratorResult<Uint8Array>> {
  for (;;) {
    const step = await inTime(source.next(), stall);
    if (step.done === true || step.value.byteLength > 0) return step;
  }
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function inTime<T>(work: Promise<T>, milliseconds: number | undefined): Promise<T> {
  if (milliseconds === undefined) return work;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new Problem('target-timeout', { detail: 'The service stopped in the middle of its answer.', reason: 'stalled' }),
    );
  }, milliseconds);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
