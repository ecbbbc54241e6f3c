import { linkAll as link } from '../../../../src/audit/chain.ts';
import { isKeeper, isSabotaged } from './point.ts';

export * from '../../../../src/audit/chain.ts';

export const linkAll: typeof link = (facts, start) => {
  const linked = link(facts, start);
  const again = !isKeeper && start.seq > 1 && isSabotaged('a number of the chain is used again');
  return again ? { ...linked, end: { ...linked.end, seq: linked.end.seq - 1 } } : linked;
};
