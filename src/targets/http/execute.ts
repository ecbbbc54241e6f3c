import type { Operation } from '../../model/operation.ts';
import { Problem } from '../../model/problem.ts';
import type { Body } from '../../model/result.ts';
import { CredentialRejected } from '../../model/secret.ts';
import type { Proxy as HttpProxy } from '../../proxy/proxy.ts';
import type { Execution } from '../target.ts';
import { receive } from './answer.ts';
import { proofOf } from './credential.ts';
import { createEchoes } from './echoes.ts';
import type { Plan } from './plan.ts';
import type { Settings } from './settings.ts';

/** Bytes of an answer, where no limit is set. */
const MOST_BYTES = 100 * 1024 * 1024;

/** Sends what was judged, with the credential, and gives back what may leave of the answer. Throws `CredentialRejected` at a 401. */
export async function execute(
  { plan, unprovable }: Operation<Plan>,
  access: Execution<Settings>,
  { proxy, stall }: { proxy: HttpProxy; stall: number },
): Promise<Body> {
  if (unprovable !== undefined) throw new Problem('masking-unprovable', { detail: unprovable.detail });
  const { settings, connection, secret, limits, operation } = access;
  const { origin, ca, server_name: serverName, networks, inject } = settings;
  const proof = proofOf(inject, secret);
  const signal =
    limits.seconds === undefined
      ? access.signal
      : AbortSignal.any([access.signal, AbortSignal.timeout(limits.seconds * 1000)]);
  const answer = await proxy.request(
    { origin, ca, serverName, client: proof.client, networks },
    {
      method: plan.method,
      path: plan.path,
      headers: [
        ...plan.headers,
        ...proof.headers,
        ['accept-encoding', 'identity'],
        ['user-agent', 'sallyport'],
        ...(operation === undefined ? [] : [['sallyport-operation', operation] as const]),
      ],
      body: plan.body,
      signal,
    },
  );
  if (answer.status === 401) {
    await answer.body[Symbol.asyncIterator]().return?.();
    throw new CredentialRejected();
  }
  const echoes = createEchoes(proof.search);
  return receive(answer, {
    plan,
    settings,
    connection: connection.name,
    echoes,
    most: limits.bytes ?? MOST_BYTES,
    stall,
  });
}
