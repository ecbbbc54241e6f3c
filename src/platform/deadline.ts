/** Milliseconds beyond which Node's timers fire at once. */
const LONGEST = 2 ** 31 - 1;

export type Deadline = {
  signal: AbortSignal;
  abort(reason: unknown): void;
  /** Once nobody waits for it any more: it no longer fires by itself. */
  clear(): void;
};

/**
 * A signal that fires with another, after so many seconds, or when it is told to. `AbortSignal.timeout` would hold its timer, and make an
 * error at its end, for every call that was over long before.
 */
export function createDeadline(signal: AbortSignal, seconds: number): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(signal.reason);
  const late = () => controller.abort(new DOMException('It took too long.', 'TimeoutError'));
  const timer = setTimeout(late, Math.min(seconds * 1000, LONGEST)).unref();
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}

/** The work, with a signal that fires when it has taken so many seconds, or with another. */
export async function within<T>(
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = createDeadline(signal, seconds);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.clear();
  }
}
