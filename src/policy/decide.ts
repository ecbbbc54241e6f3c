import type { Decision, Requirement } from '../model/decision.ts';
import { lowestLimits } from '../model/documents.ts';
import type { Operation } from '../model/operation.ts';
import type { Verdict } from './condition.ts';
import { disabledBy } from './membership.ts';
import type { Standing } from './question.ts';
import { covers, type Rule, rulesFor } from './rules.ts';
import { refuseUnknowns } from './unknowns.ts';

/**
 * What policy says of one operation. `deny` wins over all, then a condition that errs; without a grant it is denied.
 * Pure: the same question has the same answer. Throws `policy-unavailable` when a document that might matter does not parse.
 */
export function decide(question: Standing & { operation: Operation }): Decision {
  const { identity, operation, policySet } = question;
  refuseUnknowns(question);
  const disabled = disabledBy(identity, policySet);
  if (disabled !== undefined) return denied(question, `agent-disabled:${disabled}`);

  const rules = rulesFor(question);
  const key = keyOf(rules, operation);
  const known = key === undefined ? undefined : decided.get(key);
  if (known !== undefined) return known;
  const decision = Object.freeze(conclude(question, judgedOf(rules, question)));
  if (key !== undefined) remember(key, decision);
  return decision;
}

function judgedOf(rules: readonly Rule[], question: Standing & { operation: Operation }) {
  return rules
    .filter((rule) => covers(rule, question.operation))
    .map((rule) => ({ rule, verdict: rule.condition()?.judge(question) ?? ('holds' as const) }));
}

/**
 * What was decided, where nothing else of the question counts but the rules, which are one list for one identity, connection and set of documents, and
 * what is part of the key. The one that was made first is forgotten first.
 */
const decided = new Map<string, Decision>();
const most = { decisions: 2000, characters: 1000 };

const numbers = new WeakMap<readonly Rule[], number | undefined>();
let lists = 0;

/** Undefined where a condition asks for more, as the time, and of long lists of resources. */
function keyOf(rules: readonly Rule[], { verb, risks, resources, classes }: Operation): string | undefined {
  if (!numbers.has(rules)) numbers.set(rules, rules.some((rule) => rule.condition()?.ofMoment) ? undefined : lists++);
  const number = numbers.get(rules);
  if (number === undefined || resources.length > 20) return undefined;
  const key = JSON.stringify([number, verb, risks, resources, classes]);
  return key.length > most.characters ? undefined : key;
}

function remember(key: string, decision: Decision) {
  decided.set(key, decision);
  if (decided.size > most.decisions) for (const first of decided.keys()) if (decided.delete(first)) break;
}

/** What follows when each rule that speaks of the operation holds, fails or errs. */
export function conclude(
  question: Standing & { operation: Operation },
  judged: readonly { rule: Rule; verdict: Verdict }[],
): Decision {
  const matching = judged.filter(({ verdict }) => verdict === 'holds').map(({ rule }) => rule);

  const denials = matching.filter(({ policy }) => policy.effect === 'deny');
  const [denial] = denials;
  if (denial) return denied(question, `deny:${denial.name}`, denials);
  const failed = judged.find(({ verdict }) => verdict === 'error')?.rule;
  if (failed) return denied(question, `condition-error:${failed.name}`, [failed]);
  return granted(question, matching);
}

function granted(question: Standing & { operation: Operation }, matching: readonly Rule[]): Decision {
  const allows = matching.filter(({ policy }) => policy.effect === 'allow');
  const grants = effective(allows);
  if (grants.length === 0) return denied(question, 'no-grant');

  const lifted = new Set(grants.flatMap(({ policy }) => policy.overrides));
  const guards = matching.filter(({ policy }) => policy.effect === 'guard');
  const standing = guards.filter(({ name }) => !lifted.has(name));
  const limits = [...allows, ...standing].map(({ policy }) => policy.limits);
  return {
    effect: 'allow',
    policies: [...grants, ...standing].map(({ name }) => name),
    policyVersion: question.policySet.version,
    approvals: [...grants, ...standing].flatMap(requirement),
    unmask: [...new Set(grants.flatMap(({ policy }) => policy.unmask))].sort(),
    limits: lowestLimits(question.connection.document.limits, ...limits),
    overridden: guards.filter(({ name }) => lifted.has(name)).map(({ name }) => name),
  };
}

/** The grants that hold: all that need no approval; if all need one they are alternatives, and the first by name is asked. */
function effective(allows: readonly Rule[]): Rule[] {
  const free = allows.filter(({ policy }) => policy.approval === undefined);
  return free.length > 0 ? free : allows.slice(0, 1);
}

export function requirement({ name, policy: { approval } }: Rule): Requirement[] {
  if (approval === undefined) return [];
  const { approvers, count, expires } = approval;
  return [{ policy: name, approvers, count, expires }];
}

export function denied(
  { policySet, connection }: Standing,
  reason: string,
  rules: readonly Rule[] = [],
): Decision & { effect: 'deny' } {
  return {
    effect: 'deny',
    policies: rules.map(({ name }) => name),
    policyVersion: policySet.version,
    approvals: [],
    unmask: [],
    limits: connection.document.limits,
    overridden: [],
    reason,
  };
}
