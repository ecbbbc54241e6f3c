import { maskJsonBytes } from '../../masking/masking.ts';
import { Problem } from '../../model/problem.ts';
import type { UpstreamAnswer } from '../../proxy/proxy.ts';
import { parseJson, textAt } from './json.ts';
import type { Plan } from './plan.ts';
import { tellable } from './status.ts';
import { readWhole } from './upstream.ts';

/** Bytes of a failure that the server tells. */
const MOST_STATUS = 1024 * 1024;

/** What the server says no to when it is only tried, so nobody need approve it: told as the server told it, masked. */
export async function refusalOf(answer: UpstreamAnswer, { masks, unmask }: Plan): Promise<Problem> {
  const { status } = answer;
  const told = await readWhole(answer, MOST_STATUS);
  const isStatus = textAt(parseJson(told.toString('utf8')), 'kind') === 'Status';
  const masked = isStatus ? parseJson(Buffer.from(maskJsonBytes(told, masks).bytes).toString('utf8')) : undefined;
  const body = tellable(masked, status, unmask);
  const reason = textAt(body, 'reason');
  const unsupported = /does not support dry run/i.test(textAt(body, 'message'));
  return new Problem('target-rejected', {
    detail: unsupported
      ? 'An admission webhook of the cluster does not support dry runs, so what would come of it cannot be judged.'
      : `The API server refuses it: ${status} ${reason}.`,
    reason: `kubernetes:${status}`,
    answered: { status, body },
  });
}
