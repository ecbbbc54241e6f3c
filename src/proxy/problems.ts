import { Problem } from '../model/problem.ts';
import { endOf } from '../platform/ended.ts';

/** Why a request to a target came to nothing, in our words. What was aborted ends as the signal says. */
export function problemOf(thrown: unknown, signal: AbortSignal): Problem {
  if (signal.aborted) return endOf(signal);
  if (thrown instanceof Problem) return thrown;
  const cause = thrown instanceof Error && thrown.cause instanceof Problem ? thrown.cause : undefined;
  if (cause !== undefined) return cause;
  const code = codeOf(thrown);
  if (slow.has(code)) return new Problem('target-timeout', { reason: code, cause: thrown });
  if (/CERT|SIGNATURE|ALTNAME|TLS|SSL/.test(code)) {
    const detail = 'The target does not prove who it is: its certificate is not vouched for as the connection says.';
    return new Problem('target-unavailable', { detail, reason: code, cause: thrown });
  }
  return new Problem('target-unavailable', { reason: code, cause: thrown });
}

const slow = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'target-slow',
]);

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return thrown.cause === undefined ? thrown.name : codeOf(thrown.cause);
}
