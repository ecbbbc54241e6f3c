import { Problem } from '../../../model/problem.ts';
import { CredentialRejected } from '../../../model/secret.ts';
import { Refused } from '../../../proxy/proxy.ts';

/** A handshake that the API server answered with no: in our words, as its own may name what the caller may not see. */
export function refusalOf(thrown: unknown): unknown {
  if (!(thrown instanceof Refused)) return thrown;
  const { status, body } = thrown;
  if (status === 401) return new CredentialRejected({ cause: thrown });
  const reason = /"reason":\s*"([A-Za-z]{1,60})"/.exec(Buffer.from(body).toString())?.[1];
  const said = `The API server answered ${status}${reason === undefined ? '' : ` (${reason})`}`;
  if (status >= 500)
    return new Problem('target-unavailable', { detail: `${said}.`, reason: `status-${status}`, cause: thrown });
  return new Problem('target-rejected', {
    detail: `${said}: ${why(status)}`,
    reason: `status-${status}`,
    cause: thrown,
  });
}

function why(status: number): string {
  if (status === 404) return 'there is no such Pod.';
  if (status === 403) return 'the gateway itself may not do this in the cluster.';
  if (status === 400) return 'there is no such container, or the Pod does not run.';
  return 'it does not take this request.';
}
