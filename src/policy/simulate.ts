import { canonicalJson } from '../model/canonical.ts';
import type { PolicySet } from '../model/documents.ts';
import {
  type Difference,
  differences,
  type Outcome,
  type RecordedOperation,
  type Sample,
  type Simulation,
} from '../model/simulation.ts';
import { decideAgain } from './decide-again.ts';

/** Kept of each difference and of each reason. */
const mostSamples = 5;
const mostReasons = 50;

type Group = { count: number; samples: Sample[] };

/**
 * Decides recorded operations again under a draft and says what would be different. Holds counts and a few samples, however
 * many operations there are. What hangs on something that the trail does not hold is counted as undecidable, never guessed.
 */
export function createSimulation(draft: PolicySet): { add(recorded: RecordedOperation): void; result(): Simulation } {
  const groups = new Map<Difference, Group>();
  const reasons = new Map<string, Group>();
  const counts = { operations: 0, unchanged: 0, changed: 0, undecidable: 0 };

  return {
    add(recorded) {
      counts.operations++;
      const before = outcomeBefore(recorded);
      const again = decideAgain(recorded, draft);
      if ('undecidable' in again) {
        counts.undecidable++;
        const why = reasons.has(again.undecidable) || reasons.size < mostReasons ? again.undecidable : 'other reasons';
        note(reasons, why, () => sampleOf(recorded, before, null));
        return;
      }
      const found = differencesOf(before, again.outcome);
      counts[found.length > 0 ? 'changed' : 'unchanged']++;
      for (const difference of found) note(groups, difference, () => sampleOf(recorded, before, again.outcome));
    },
    result: () => ({
      ...counts,
      groups: differences.flatMap((difference) => {
        const group = groups.get(difference);
        return group === undefined ? [] : [{ difference, ...group }];
      }),
      reasons: [...reasons].map(([why, group]) => ({ why, ...group })).sort((a, b) => b.count - a.count),
    }),
  };
}

function note<K>(groups: Map<K, Group>, key: K, sample: () => Sample) {
  const group = groups.get(key) ?? { count: 0, samples: [] };
  groups.set(key, group);
  group.count++;
  if (group.samples.length < mostSamples) group.samples.push(sample());
}

/** What was not even decided was refused: a connection out of reach looks like one that does not exist. */
function outcomeBefore({ decision, note: reason }: RecordedOperation): Outcome {
  if (decision === null) return { effect: 'deny', policies: [], requirements: [], unmask: [], overridden: [], reason };
  const { effect, policies, requirements, unmask, overridden } = decision;
  return { effect, policies, requirements, unmask, overridden, reason: effect === 'deny' ? reason : null };
}

function differencesOf(before: Outcome, after: Outcome): Difference[] {
  if (before.effect !== after.effect) return [before.effect === 'allow' ? 'allowed-to-denied' : 'denied-to-allowed'];
  if (before.effect === 'deny') return [];
  const approval = approvalDifference(before, after);
  const masks = areSame(before.unmask, after.unmask) ? [] : (['masks-changed'] as const);
  return [...(approval === undefined ? [] : [approval]), ...masks];
}

function approvalDifference(before: Outcome, after: Outcome): Difference | undefined {
  const [asked, asks] = [before, after].map(({ requirements }) => requirements.length > 0);
  if (asked !== asks) return asks ? 'approval-needed' : 'approval-not-needed';
  const people = ({ requirements }: Outcome) =>
    requirements.map(({ approvers, count }) => canonicalJson([count, ...approvers.toSorted()]));
  return areSame(people(before), people(after)) ? undefined : 'approvers-changed';
}

const areSame = (some: readonly string[], others: readonly string[]) =>
  canonicalJson(some.toSorted()) === canonicalJson(others.toSorted());

/** Names of what was touched in a sample. */
const mostResources = 10;

function sampleOf(recorded: RecordedOperation, before: Outcome, after: Outcome | null): Sample {
  const { operation, time, principal, connection, verb, resources } = recorded;
  return {
    ...{ operation, time, verb, before, after },
    principal: principal?.email ?? principal?.member ?? '',
    connection: connection ?? '',
    resources: resources.slice(0, mostResources),
  };
}
