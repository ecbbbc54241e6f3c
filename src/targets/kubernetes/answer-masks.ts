import { createJsonMasks } from '../../masking/masking.ts';
import type { Context } from '../target.ts';
import type { Plan } from './plan.ts';
import type { RequestInfo } from './request-info.ts';

/** What is masked in the answers to a request, for this identity and for everybody. */
export function answerMasks(
  { resource, group }: RequestInfo,
  context: Context,
): Pick<Plan, 'masks' | 'hides' | 'seal'> {
  const { connection, unmask, tokenKey, seal } = context;
  const isSecret = resource === 'secrets' && group === '';
  const below = ['', 'items[*].', 'object.', 'rows[*].object.', 'object.rows[*].object.'];
  const paths = new Map(
    isSecret ? below.flatMap((path) => ['data', 'stringData'].map((name) => [`${path}${name}`, 'CREDENTIAL'])) : [],
  );
  const { transforms } = connection;
  const hides = createJsonMasks({ paths, transforms, unmask: [], tokenKey });
  const masks = unmask.length === 0 ? hides : createJsonMasks({ paths, transforms, unmask, tokenKey });
  return { masks, hides, seal };
}
