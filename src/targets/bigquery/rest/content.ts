import type { Connection } from '../../../model/connection.ts';
import type { Operation } from '../../../model/operation.ts';
import type { JobContent } from '../job-seal.ts';
import type { StatementPlan } from '../plan.ts';

/** What is kept of an operation with its job. */
export function contentOf(
  { plan, verb, resources, classes, masks, recorded }: Operation<StatementPlan>,
  { name, version }: Connection,
  unmask: readonly string[],
): Omit<JobContent, 'owner'> {
  const { defaultDataset } = plan;
  return {
    ...{ connection: name, version, verb, statement: recorded.statement },
    ...{
      unmask: classes.filter((each) => unmask.includes(each)).sort(),
      resources: [...resources],
      classes: [...classes],
    },
    masks: masks.map((mask) => ({ ...mask })),
    ...(defaultDataset !== undefined && { defaultDataset }),
  };
}
