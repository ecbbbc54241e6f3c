import type { TokenKey } from '../../model/seal.ts';
import type { Context } from '../target.ts';
import { createMasks, type KubernetesMasks } from './masks/masks.ts';
import type { Plan } from './plan.ts';
import type { RequestInfo } from './request-info.ts';

/** Masks that were made before, of this process's deployment; forgotten when there are too many. */
const made = new WeakMap<TokenKey, Map<string, KubernetesMasks>>();
const mostMade = 300;

/** What is masked in the answers to a request for an identity that may see these classes in the clear. */
export function masksFor(
  info: RequestInfo,
  { connection, tokenKey }: Context,
  unmask: readonly string[],
): KubernetesMasks {
  const known = made.get(tokenKey) ?? new Map<string, KubernetesMasks>();
  made.set(tokenKey, known);
  const { group, resource, subresource, namespace, name, verb } = info;
  const place = connection.classification.size === 0 ? [] : [namespace, name];
  const about = [group, resource, subresource, verb === 'watch', ...place];
  const key = JSON.stringify([connection.name, connection.version, [...unmask].sort(), about]);
  const masks = known.get(key) ?? createMasks({ info, connection, unmask, tokenKey });
  if (known.size >= mostMade) known.clear();
  known.set(key, masks);
  return masks;
}

/** What is masked in the answers to a request, for this identity and for everybody. */
export function answerMasks(info: RequestInfo, context: Context): Pick<Plan, 'masks' | 'hides' | 'seal' | 'tells'> {
  const masks = masksFor(info, context, context.unmask);
  return {
    masks: masks.json,
    hides: masksFor(info, context, []).json,
    seal: context.seal,
    tells: { report: masks.report, message: masks.message },
  };
}
