import { createTurns } from '../platform/turns.ts';
import { apiChecks } from './apis.ts';
import { bigqueryChecks } from './bigquery.ts';
import { type Check, type Found, type Group, unknown, unknownOf } from './check.ts';
import { clockChecks } from './clock.ts';
import { documentChecks } from './documents.ts';
import type { Facts } from './facts.ts';
import { firestoreChecks } from './firestore.ts';
import { iamChecks } from './iam.ts';
import { issuerChecks } from './issuers.ts';
import { keyChecks } from './keys.ts';
import { operationChecks } from './operations.ts';
import { reachChecks } from './reach.ts';
import { secretChecks } from './secrets.ts';
import { serviceChecks } from './services.ts';
import { trailChecks } from './trail.ts';

export { createFacts, type Facts } from './facts.ts';
export { openStores, readLocalConfig, visit } from './surroundings.ts';

/** What is looked at, in the order in which it is told. */
export const groups: readonly Group[] = [
  apiChecks,
  serviceChecks,
  iamChecks,
  secretChecks,
  keyChecks,
  firestoreChecks,
  documentChecks,
  bigqueryChecks,
  trailChecks,
  issuerChecks,
  clockChecks,
  operationChecks,
  reachChecks,
];

/** What looking takes: the permissions of a role for operators. `serviceusage.services.use` lets requests count towards the project's quota. */
export const rights: readonly string[] = [
  ...new Set(['serviceusage.services.use', ...groups.flatMap(({ checks }) => checks.flatMap((check) => check.rights))]),
].sort();

/** `ok` says the check's promise. */
export type Finding = { check: string; group: string } & (Found | { status: 'ok'; what: string; mend: '' });

/** Seconds for one check, and how many run at once; each request has a deadline of its own besides. */
const patience = 45;
/** A laptop that runs everything at once answers when it can. */
const localPatience = 180;
const atOnce = 12;

export type ExamineOptions = { onProgress?: (done: number, of: number) => void };

/**
 * Makes every check, or, of a local stand, those that make sense there. It changes nothing. A check that could not be made is
 * `unknown`, never `ok`.
 */
export async function examine(facts: Facts, options: ExamineOptions = {}): Promise<Finding[]> {
  const { onProgress = () => {} } = options;
  const deadline = (facts.local ? localPatience : patience) * 1000;
  const chosen = groups.flatMap((group) =>
    group.checks
      .filter(({ local }) => facts.local === undefined || local)
      .map((check) => ({ group: group.name, check })),
  );
  const inTurn = createTurns(atOnce);
  let done = 0;
  const found = await Promise.all(
    chosen.map(({ group, check }) =>
      inTurn(async () => {
        const findings = await findingsOf(check, facts, deadline);
        done += 1;
        onProgress(done, chosen.length);
        return findings.map((finding): Finding => ({ check: check.id, group, ...finding }));
      }),
    ),
  );
  return found.flat();
}

async function findingsOf(check: Check, facts: Facts, deadline: number) {
  const late = Promise.withResolvers<readonly Found[]>();
  const timer = setTimeout(
    () => late.resolve([unknown('It could not be looked at in time.', 'Run it again in a moment.')]),
    deadline,
  );
  try {
    const found = await Promise.race([check.run(facts, rights), late.promise]);
    return found.length > 0 ? found : [{ status: 'ok' as const, what: check.promise, mend: '' as const }];
  } catch (error) {
    return [unknownOf(error, facts.project)];
  } finally {
    clearTimeout(timer);
  }
}

/** 0: all is well, warnings allowed; 1: there is a fault; 2: there is none, and not everything could be looked at. */
export function exitStatusOf(findings: readonly Pick<Finding, 'status'>[]): 0 | 1 | 2 {
  if (findings.some(({ status }) => status === 'fault')) return 1;
  return findings.some(({ status }) => status === 'unknown') ? 2 : 0;
}
