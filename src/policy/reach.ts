import type { Requirement } from '../model/decision.ts';
import { type Limits, lowestLimits, type Verb, verbs } from '../model/documents.ts';
import { requirement } from './decide.ts';
import { disabledBy } from './membership.ts';
import type { Standing } from './question.ts';
import { type Rule, rulesFor } from './rules.ts';
import { refuseUnknowns } from './unknowns.ts';

/** What an identity may be able to do at a connection, before it does anything. */
export type Reach = {
  verbs: readonly Verb[];
  /** Classes that it may see in the clear, at least in part of the connection. */
  unmask: readonly string[];
  /** The lowest that may apply: never less is given. */
  limits: Limits;
  /** All that a human may be asked for. */
  approvals: readonly Requirement[];
};

/** `always`: whatever the operation; `maybe`: it depends on the operation; `error`: its condition errs, which denies. */
type Likelihood = 'always' | 'maybe' | 'never' | 'error';

type Likely = { rule: Rule; likelihood: Likelihood };

/**
 * What is possible at all, or undefined where nothing is. What hangs on the operation counts as possible if it grants, and
 * not as certain if it denies; so all that `decide` allows is within reach. Throws `policy-unavailable` as `decide` does.
 */
export function reachable(standing: Standing): Reach | undefined {
  const { connection } = standing;
  const { open, allows, reaches } = bounds(standing);
  const reached = verbs.filter(reaches);
  if (reached.length === 0) return undefined;
  const speaking = open.filter(({ rule }) => rule.policy.effect !== 'deny' && reached.some(rule.coversVerb));
  return {
    verbs: reached,
    unmask: [...new Set(speaking.flatMap(({ rule }) => rule.policy.unmask))].sort(),
    limits: lowestLimits(connection.document.limits, ...speaking.map(({ rule }) => rule.policy.limits)),
    approvals: speaking
      .filter(({ rule }) => reached.some((verb) => rule.coversVerb(verb) && mayAsk(rule, covering(allows, verb))))
      .flatMap(({ rule }) => requirement(rule)),
  };
}

/** Whether anything is `reachable`, which is less work to know than what. Throws as that does. */
export function canReach(standing: Standing): boolean {
  const { identity, policySet } = standing;
  refuseUnknowns(standing);
  if (disabledBy(identity, policySet) !== undefined) return false;
  const rules = rulesFor(standing);
  const known = reached.get(rules);
  if (known !== undefined) return known;
  const can = verbs.some(bounds(standing).reaches);
  if (!rules.some((rule) => rule.condition()?.ofMoment)) reached.set(rules, can);
  return can;
}

/** Where nothing but the rules counts, which are one list for one identity, connection and set of documents. */
const reached = new WeakMap<readonly Rule[], boolean>();

/** The rules that may speak, the grants among them, and the verbs that a grant may cover and nothing surely closes. */
function bounds(standing: Standing) {
  const likely = likelyRules(standing);
  const closed = likely.filter(closes);
  const open = likely.filter(({ likelihood }) => likelihood === 'always' || likelihood === 'maybe');
  const allows = open.filter(({ rule }) => rule.policy.effect === 'allow');
  const reaches = (verb: Verb) =>
    allows.some(({ rule }) => rule.coversVerb(verb)) && !closed.some(({ rule }) => rule.coversVerb(verb));
  return { open, allows, reaches };
}

/**
 * Whether some of what a resource with `*` in it may mean is within reach: a grant speaks of a part of it, and nothing surely denies all of
 * it. So all that `decide` allows of it is.
 */
export function mayReach(standing: Standing, verb: Verb, resource: string): boolean {
  const speaking = likelyRules(standing).filter(({ rule }) => rule.coversVerb(verb));
  const open = speaking.some(
    ({ rule, likelihood }) =>
      rule.policy.effect === 'allow' && ['always', 'maybe'].includes(likelihood) && rule.touchesResource(resource),
  );
  return open && !speaking.some((one) => denies(one) && one.rule.coversResource(resource));
}

/** The rules that may speak of anything that this identity does there. None where it is switched off. */
function likelyRules(standing: Standing): Likely[] {
  const { identity, policySet } = standing;
  refuseUnknowns(standing);
  if (disabledBy(identity, policySet) !== undefined) return [];
  return rulesFor(standing).map((rule) => ({ rule, likelihood: likelihoodOf(rule, standing) }));
}

function likelihoodOf(rule: Rule, standing: Standing): Likelihood {
  const condition = rule.condition();
  if (condition === undefined) return 'always';
  if (condition.ofOperation) return 'maybe';
  return ({ holds: 'always', fails: 'never', error: 'error' } as const)[condition.judge(standing)];
}

/** Whether nothing that the rule's verbs can do gets past it. */
const closes = (likely: Likely) => likely.rule.everyResource && denies(likely);

const denies = ({ rule, likelihood }: Likely) =>
  likelihood === 'error' || (rule.policy.effect === 'deny' && likelihood === 'always');

const covering = (allows: readonly Likely[], verb: Verb) => allows.filter(({ rule }) => rule.coversVerb(verb));

/** A guard may ask unless every grant lifts it; a grant may ask unless another one surely holds without an approval. */
function mayAsk({ name, policy }: Rule, grants: readonly Likely[]) {
  if (policy.effect === 'guard') return !grants.every(({ rule }) => rule.policy.overrides.includes(name));
  return !grants.some(
    ({ rule, likelihood }) => likelihood === 'always' && rule.everyResource && rule.policy.approval === undefined,
  );
}
