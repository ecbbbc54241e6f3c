import type { Operation } from '../model/operation.ts';
import type { Estimate } from '../targets/target.ts';

/** The operation with what was counted of it. */
export function sized(operation: Operation, estimate: Estimate | undefined): Operation {
  if (estimate === undefined) return operation;
  const { replan, ...known } = estimate;
  const risks = [...new Set([...operation.risks, ...known.risks])];
  const plan = replan === undefined ? operation.plan : replan(operation.plan);
  return { ...operation, ...known, risks, plan, estimates: { ...operation.estimates, ...known.estimates } };
}
