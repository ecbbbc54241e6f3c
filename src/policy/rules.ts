import type { Connection } from '../model/connection.ts';
import type { Policy as PolicyDocument, PolicySet, Verb } from '../model/documents.ts';
import type { Identity } from '../model/identity.ts';
import type { Operation } from '../model/operation.ts';
import { type Condition, compile } from './condition.ts';
import { glob, overlaps } from './glob.ts';

/** A policy made ready to be asked. */
export type Rule = {
  name: string;
  policy: PolicyDocument;
  coversVerb(verb: Verb): boolean;
  /** Whether it speaks of every resource there is. */
  everyResource: boolean;
  coversResource(resource: string): boolean;
  /** Whether it speaks of something that a resource with `*` in it may mean. */
  touchesResource(resource: string): boolean;
  /** Compiled when first asked for, and once for all sets that hold the document. */
  condition(): Condition | undefined;
};

type ByPrincipal = Map<string, Rule[]>;

type Rules = {
  exact: ReadonlyMap<string, ByPrincipal>;
  patterned: readonly { entry: string; byPrincipal: ByPrincipal }[];
};

type Found = { groups: readonly string[]; rules: readonly Rule[] };

/** Of a set, a connection and an identity: each is another object once anything of it has changed. */
const found = new WeakMap<PolicySet, WeakMap<Connection, WeakMap<Identity, Found>>>();

/**
 * The policies that name this connection and this identity, by name. Found by look-ups, so that thousands of policies
 * for other connections or identities cost nothing. What it answers is one list for as long as who asks, where, and the documents are the same.
 */
export function rulesFor({ identity, groups, connection, policySet }: Asking): readonly Rule[] {
  const ofSet = found.get(policySet) ?? new WeakMap<Connection, WeakMap<Identity, Found>>();
  found.set(policySet, ofSet);
  const ofConnection = ofSet.get(connection) ?? new WeakMap<Identity, Found>();
  ofSet.set(connection, ofConnection);
  const known = ofConnection.get(identity);
  if (known?.groups === groups) return known.rules;
  const rules = Object.freeze(rulesAmong(rulesOn(connection, policySet), principalsOf(identity, groups)));
  ofConnection.set(identity, { groups, rules });
  return rules;
}

type Asking = { identity: Identity; groups: readonly string[]; connection: Connection; policySet: PolicySet };

function rulesAmong(all: readonly ByPrincipal[], principals: readonly string[]): Rule[] {
  const among = new Set<Rule>();
  for (const byPrincipal of all)
    for (const principal of principals) for (const rule of byPrincipal.get(principal) ?? []) among.add(rule);
  return [...among].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All policies that name this connection, whoever they are for. */
export function rulesNaming(connection: Connection, policySet: PolicySet): Rule[] {
  return rulesOn(connection, policySet).flatMap((byPrincipal) => [...byPrincipal.values()].flat());
}

/** Every way a policy may name this identity. */
function principalsOf(identity: Identity, groups: readonly string[]): string[] {
  return [identity.member, ...identity.memberships, ...groups.map((group) => `group:${group}`), '*'];
}

/**
 * Whether an entry of a policy's `connections` means this connection: a name, or labels as `key=value`, several joined by
 * commas where all must hold. `*` stands for any run of characters in either.
 */
export function namesConnection(entry: string, { name, document }: Pick<Connection, 'name' | 'document'>): boolean {
  if (!entry.includes('=')) return glob(entry)(name);
  const labels = Object.entries(document.labels).map(([key, value]) => `${key}=${value}`);
  return entry.split(',').every((part) => labels.some(glob(part.trim())));
}

/**
 * Whether a policy speaks of this operation. An `allow` must cover all of it: every resource, and what may be among them
 * unseen (risk `opaque`) as well. A `deny` or a `guard` need only touch it: one resource is enough, as a join with a
 * denied table would else be a way around, and so is what a resource with `*` in it may mean, as a list of all would. An operation on no resource at all is covered by any `allow` of its verb.
 */
export function covers(rule: Rule, { verb, resources, risks }: Operation): boolean {
  if (!rule.coversVerb(verb)) return false;
  if (rule.everyResource) return true;
  const opaque = risks.includes('opaque');
  if (rule.policy.effect === 'allow') return !opaque && resources.every(rule.coversResource);
  return opaque || resources.some(rule.touchesResource);
}

const indexes = new WeakMap<PolicySet, Rules>();

type ByConnection = WeakMap<Connection, readonly ByPrincipal[]>;

/** A connection is another object once its document has changed. */
const looked = new WeakMap<PolicySet, ByConnection>();

function rulesOn(connection: Connection, policySet: PolicySet): readonly ByPrincipal[] {
  const byConnection: ByConnection = looked.get(policySet) ?? new WeakMap();
  looked.set(policySet, byConnection);
  const known = byConnection.get(connection);
  if (known !== undefined) return known;
  const all = lookUp(connection, policySet);
  byConnection.set(connection, all);
  return all;
}

function lookUp(connection: Connection, policySet: PolicySet): ByPrincipal[] {
  const { exact, patterned } = indexOf(policySet);
  const labels = Object.entries(connection.document.labels).map(([key, value]) => `${key}=${value}`);
  const all = [connection.name, '*', ...labels].flatMap((key) => exact.get(key) ?? []);
  for (const { entry, byPrincipal } of patterned) if (namesConnection(entry, connection)) all.push(byPrincipal);
  return all;
}

function indexOf(policySet: PolicySet): Rules {
  const known = indexes.get(policySet);
  if (known) return known;
  const exact = new Map<string, ByPrincipal>();
  const patterned = new Map<string, ByPrincipal>();
  for (const [name, policy] of policySet.policies) {
    const rule = ruleOf(name, policy);
    for (const entry of new Set(policy.connections))
      file(rule, within(entry === '*' || !/[*,]/.test(entry) ? exact : patterned, entry));
  }
  const rules = { exact, patterned: [...patterned].map(([entry, byPrincipal]) => ({ entry, byPrincipal })) };
  indexes.set(policySet, rules);
  return rules;
}

function within(rules: Map<string, ByPrincipal>, entry: string): ByPrincipal {
  const byPrincipal = rules.get(entry) ?? new Map();
  rules.set(entry, byPrincipal);
  return byPrincipal;
}

function file(rule: Rule, byPrincipal: ByPrincipal) {
  for (const principal of new Set(rule.policy.principals)) {
    const rules = byPrincipal.get(principal);
    if (rules) rules.push(rule);
    else byPrincipal.set(principal, [rule]);
  }
}

const ready = new WeakMap<PolicyDocument, Rule>();

function ruleOf(name: string, policy: PolicyDocument): Rule {
  const known = ready.get(policy);
  if (known?.name === name) return known;
  const rule = toRule(name, policy);
  ready.set(policy, rule);
  return rule;
}

function toRule(name: string, policy: PolicyDocument): Rule {
  const verbs: ReadonlySet<string> = new Set(policy.verbs);
  const patterns = policy.resources.map(glob);
  const { condition: text } = policy;
  let condition: Condition | undefined;
  return {
    name,
    policy,
    coversVerb: (verb) => verbs.has('*') || verbs.has(verb),
    everyResource: policy.resources.includes('*'),
    coversResource: (resource) => patterns.some((matches) => matches(resource)),
    touchesResource(resource) {
      if (!resource.includes('*')) return patterns.some((matches) => matches(resource));
      return policy.resources.some((pattern) => overlaps(pattern, resource));
    },
    condition() {
      if (text === undefined) return undefined;
      condition ??= compile(text);
      return condition;
    },
  };
}
