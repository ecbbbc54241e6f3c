import { Problem } from '../model/problem.ts';
import type { Result } from '../model/result.ts';

/** Milliseconds that a target has to stop once it was told to. */
const MOST = 10_000;
const REASON = 'target-hangs';

/** Whether the work was given up: what has become of it is then not known. */
export const isGivenUp = ({ reason }: Problem) => reason === REASON;

/** How work ends that was told to stop and of which nobody knows that it has: as it would have, but that its outcome is not known. */
export function unknownEnd(problem = new Problem('target-timeout')): Problem {
  const detail = 'The target has not confirmed that it stopped.';
  return new Problem(problem.code, { detail, reason: REASON, cause: problem });
}

/**
 * What the work gives. Where it neither ends nor fails within 10 s of the signal, it throws `target-timeout`: a target that
 * does not even stop when told to must not hold its caller, nor its caller's place. `late` gets what comes after that. Work that stopped because
 * the signal told it why fails with that, whatever it says itself.
 */
export function untilGivenUp<T>(work: Promise<T>, signal: AbortSignal, late?: (result: T) => void): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => {
      isOver = true;
      reject(new Problem('target-timeout', { reason: REASON }));
    }, MOST);
  };
  const leave = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', begin);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  work.then(
    (result) => {
      leave();
      if (isOver) late?.(result);
      else resolve(result);
    },
    (thrown) => {
      leave();
      reject(signal.aborted && signal.reason instanceof Problem ? signal.reason : thrown);
    },
  );
  return promise;
}

/** The same for each item. */
function boundedBy<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
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

/** What came too late for anybody to read it. */
export function cancel(result: Result) {
  itemsOf(result)
    [Symbol.asyncIterator]()
    .return?.()
    .catch(() => undefined);
}

function itemsOf(result: Result): AsyncIterable<unknown> {
  if (result.form === 'rows') return result.batches;
  return result.form === 'body' ? result.pieces : result.messages;
}

/** The result, given up where the target does not stop when it is told to. */
export function bounded(result: Result, signal: AbortSignal): Result {
  if (result.form === 'rows') return { ...result, batches: boundedBy(result.batches, signal) };
  if (result.form === 'body') return { ...result, pieces: boundedBy(result.pieces, signal) };
  return { ...result, messages: boundedBy(result.messages, signal) };
}
