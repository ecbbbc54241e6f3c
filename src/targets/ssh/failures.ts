import { Problem } from '../../model/problem.ts';
import { CredentialRejected } from '../../model/secret.ts';

/** Why a host could not be reached, or not be logged in at, in our words: what the library and the host say may hold anything. */
export function failureOf(thrown: unknown): unknown {
  if (thrown instanceof Problem || thrown instanceof CredentialRejected) return thrown;
  const cause = thrown instanceof Error && thrown.cause instanceof Problem ? thrown.cause : undefined;
  if (cause !== undefined) return cause;
  const level = textOf(thrown, 'level');
  if (level === 'client-authentication') return new CredentialRejected({ cause: thrown });
  if (level === 'client-timeout') return new Problem('target-timeout', { reason: 'ssh:stalled', cause: thrown });
  if (isUnagreed(thrown)) {
    const detail = 'The host and the gateway have no algorithm in common: the host knows none that is still safe.';
    return new Problem('target-unavailable', { detail, reason: 'ssh:no-common-algorithm', cause: thrown });
  }
  const code = textOf(thrown, 'code');
  const reason = /^[A-Z_]{1,40}$/.test(code) ? code : `ssh:${level === '' ? 'broken-off' : level}`;
  return new Problem(code === 'ETIMEDOUT' ? 'target-timeout' : 'target-unavailable', { reason, cause: thrown });
}

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : '');

const isUnagreed = (thrown: unknown) => /^Handshake failed: no matching /.test(messageOf(thrown));

/** The host has no key of a kind that is pinned. */
export const isOfAnotherKind = (thrown: unknown) =>
  messageOf(thrown) === 'Handshake failed: no matching host key format';

function textOf(thrown: unknown, name: 'level' | 'code'): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  const value: unknown = Object.getOwnPropertyDescriptor(thrown, name)?.value;
  return typeof value === 'string' ? value : '';
}
