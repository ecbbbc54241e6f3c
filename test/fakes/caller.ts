import type { Caller } from '../../src/targets/target.ts';

/** Somebody who may do what `may` says; all, unless it is given. */
export function aCaller(may: Caller['may'] = () => 'allow'): Caller {
  return { member: 'serviceAccount:bot@p.iam.gserviceaccount.com', groups: ['analysts'], may };
}
