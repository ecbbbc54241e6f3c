import { Problem } from '../model/problem.ts';

/** How work ends that was told to stop: revoked, out of time, or its caller is gone. */
export function endOf({ reason }: AbortSignal): Problem {
  if (reason instanceof Problem) return reason;
  if (reason instanceof DOMException && reason.name === 'TimeoutError') return new Problem('target-timeout');
  return new Problem('timeout', { reason: 'client-gone' });
}
