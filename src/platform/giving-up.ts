import { Problem } from '../model/problem.ts';

/** Milliseconds that a target has to stop once it was told to. */
const MOST = 10_000;
const REASON = 'target-hangs';

/** Whether the work was given up: what has become of it is then not known. */
export const isGivenUp = ({ reason }: Problem) => reason === REASON;

/**
 * What the work gives. Where it neither ends nor fails within 10 s of the signal, it throws `target-timeout`: a target that
 * does not even stop when told to must not hold its caller, nor its caller's place. `late` gets what comes after that.
 */
export async function untilGivenUp<T>(work: Promise<T>, signal: AbortSignal, late?: (result: T) => void): Promise<T> {
  const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => {
      isOver = true;
      giveUp(new Problem('target-timeout', { reason: REASON }));
    }, MOST);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  work.then(
    (result) => isOver && late?.(result),
    () => undefined,
  );
  try {
    return await Promise.race([work, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', begin);
  }
}

/** The same for each item. */
export function boundedBy<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const source = items[Symbol.asyncIterator]();
      return {
        next: () => untilGivenUp(source.next(), signal),
        async return() {
          if (source.return) await untilGivenUp(source.return(), AbortSignal.abort());
          return { done: true, value: undefined };
        },
      };
    },
  };
}
