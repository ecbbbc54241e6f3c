import { isDeepStrictEqual } from 'node:util';
import { sha256 } from '../model/canonical.ts';
import type { Connection } from '../model/connection.ts';
import type { Decision } from '../model/decision.ts';
import type { PolicySet, Risk, Verb } from '../model/documents.ts';
import type { AgentContext, Identity } from '../model/identity.ts';
import type { Operation } from '../model/operation.ts';
import { Problem } from '../model/problem.ts';
import type { Outcome, RecordedOperation } from '../model/simulation.ts';
import type { Verdict } from './condition.ts';
import { conclude, denied } from './decide.ts';
import { disabledBy, groupsOf } from './membership.ts';
import type { Standing } from './question.ts';
import { reachable } from './reach.ts';
import { covers, type Rule, rulesFor } from './rules.ts';
import { refuseUnknowns } from './unknowns.ts';

export type Again = { outcome: Outcome } | { undecidable: string };

/** Why nothing can be said; thrown within this file alone. */
class Undecidable extends Error {}

/**
 * One recorded operation under other documents, by the rules by which the gateway decides, at the operation's own time. What
 * the trail does not hold is never guessed: claims of the token, statements of which a literal is sealed, words of an agent
 * that were cut, how many rows a write would have changed that was never let so far.
 */
export function decideAgain(recorded: RecordedOperation, draft: PolicySet): Again {
  try {
    const { connection: name } = recorded;
    if (name !== null && isGone(name, draft)) return { outcome: gone };
    return { outcome: outcomeOf(decided(recorded, draft)) };
  } catch (thrown) {
    if (thrown instanceof Undecidable) return { undecidable: thrown.message };
    if (thrown instanceof Problem) return { undecidable: `a document does not parse: ${thrown.reason ?? thrown.code}` };
    throw thrown;
  }
}

function decided(recorded: RecordedOperation, draft: PolicySet): Decision {
  const standing = standingOf(recorded, draft);
  const unrecorded = unrecordedOf(recorded);
  if (recorded.decision === null) return unreachable(standing, unrecorded);
  if (recorded.note?.startsWith('Cut from ')) throw new Undecidable('the event holds only a part of what it touches');
  const operation = operationOf(recorded, standing.connection);
  if (!counted.has(operation.verb)) return weigh(standing, operation, unrecorded);
  return weighCounted(recorded, standing, operation, unrecorded);
}

/** Verbs of which the gateway counts what they change once they are granted in kind, and then decides again. */
const counted = new Set<Verb>(['write', 'delete']);

/** Events of operations that were decided to the end. */
const final: ReadonlySet<string> = new Set(['intended', 'held', 'simulated']);

/** First without the count, as the gateway does: what is denied then is not counted. */
function weighCounted(
  recorded: RecordedOperation,
  standing: Standing,
  operation: Operation,
  unrecorded: ReadonlySet<string>,
): Decision {
  const { estimates, risks } = operation;
  const isCounted = estimates.changes !== undefined || operation.atMost !== undefined;
  const [some, many] = [risks.filter((risk) => risk !== 'bulk'), [...new Set<Risk>([...risks, 'bulk'])]];
  const { changes: _, ...uncounted } = estimates;
  // What was not counted has the risk by itself, so policy heard of it from the beginning.
  const sizes = isCounted && risks.includes('bulk') ? [some, many] : [risks];
  const first = same(
    sizes.map((size) => weigh(standing, { ...operation, risks: size, estimates: uncounted }, unrecorded)),
  );
  if (first.effect === 'deny') return first;
  if (isCounted || final.has(recorded.type)) return weigh(standing, operation, unrecorded);
  if (recorded.decision?.effect === 'allow') return first;
  const unknown = new Set([...unrecorded, 'operation.rows_estimate']);
  return same([some, many].map((size) => weigh(standing, { ...operation, risks: size }, unknown)));
}

/** The decision that all variants agree on. */
function same(variants: readonly Decision[]): Decision {
  const [first, ...others] = variants;
  if (first === undefined || !others.every((other) => isDeepStrictEqual(outcomeOf(other), outcomeOf(first))))
    throw new Undecidable('it hangs on how many rows it would change, which was not counted then');
  return first;
}

/** As `decide`. A denial that is certain needs nothing that is not known. */
function weigh(standing: Standing, operation: Operation, unrecorded: ReadonlySet<string>): Decision {
  const question = { ...standing, operation };
  const { identity, policySet } = standing;
  refuseUnknowns(standing);
  const disabled = disabledBy(identity, policySet);
  if (disabled !== undefined) return denied(standing, `agent-disabled:${disabled}`);

  const judged: { rule: Rule; verdict: Verdict }[] = [];
  let unknown: string | undefined;
  for (const rule of rulesFor(standing)) {
    if (!covers(rule, operation)) continue;
    const verdict = rule.condition()?.judgeRecorded(question, unrecorded) ?? 'holds';
    if (typeof verdict === 'string') judged.push({ rule, verdict });
    else unknown ??= whyUnknown(rule, verdict.unknown);
  }
  const decision = conclude(question, judged);
  const isCertain = decision.effect === 'deny' && decision.policies.length > 0;
  if (unknown !== undefined && !isCertain) throw new Undecidable(unknown);
  return decision;
}

/** What a connection out of reach was asked for was never read, so only that it still is out of reach can be told. */
function unreachable(standing: Standing, unrecorded: ReadonlySet<string>): Decision {
  for (const rule of rulesFor(standing)) {
    const condition = rule.condition();
    const verdict = condition?.ofOperation ? 'holds' : condition?.judgeRecorded(standing, unrecorded);
    if (typeof verdict === 'object') throw new Undecidable(whyUnknown(rule, verdict.unknown));
  }
  if (reachable(standing) === undefined) return denied(standing, 'unreachable');
  throw new Undecidable('it was refused before it was read, and could reach the connection now');
}

const whyUnknown = ({ name }: Rule, field: string) =>
  `the condition of ${name} reads ${field}, which the trail does not hold${whereSaid[field] ?? ''}`;
const whereSaid: Record<string, string> = {
  'operation.statement': ' in the clear for this statement',
  'operation.rows_estimate': ' for what was denied before it was counted',
};

function unrecordedOf({ agent, statement, statement_sha256 }: RecordedOperation): ReadonlySet<string> {
  const cut = (['name', 'version', 'model'] as const).filter((field) => {
    const words = agent?.[field] ?? '';
    return words.length >= mostOfAgent || words.includes('«');
  });
  const isExact = statement !== null && sha256(statement) === statement_sha256;
  return new Set([
    'identity.claims',
    ...(isExact ? [] : ['operation.statement']),
    ...cut.map((field) => `agent.${field}`),
  ]);
}

/** Characters of an agent's own words that the trail keeps. */
const mostOfAgent = 256;

const gone: Outcome = {
  ...{ effect: 'deny', policies: [], requirements: [], unmask: [], overridden: [] },
  reason: 'no-connection',
};

const isGone = (name: string, { connections, invalid }: PolicySet) =>
  !connections.has(name) && !invalid.some((one) => one.kind === 'connections' && one.name === name);

function standingOf(recorded: RecordedOperation, policySet: PolicySet): Standing {
  const { principal, connection: name } = recorded;
  if (principal === null || principal.kind === 'service' || name === null)
    throw new Undecidable('it is not recorded who asked, or for what');
  const { issuer, subject, member, email, claimed_groups, memberships, kind } = principal;
  const identity: Identity = {
    ...{ issuer, subject, member, memberships, kind },
    ...(email !== null && { email }),
    groups: claimed_groups,
    claims: {},
    tokenDigest: '',
    expiresAt: 0,
  };
  return {
    identity,
    groups: groupsOf(identity, policySet),
    agent: agentOf(recorded),
    connection: connectionOf(name, policySet),
    policySet,
    now: new Date(recorded.time),
  };
}

function connectionOf(name: string, { connections, invalid }: PolicySet): Connection {
  const broken = invalid.find(
    (one) => one.name === name && (one.kind === 'connections' || one.kind === 'classifications'),
  );
  if (broken) throw new Problem('policy-unavailable', { reason: `invalid:${broken.kind}/${name}` });
  const document = connections.get(name);
  if (document === undefined) throw new Problem('policy-unavailable', { reason: `invalid:connections/${name}` });
  return { name, version: 'draft', document, classification: new Map(), transforms: new Map() };
}

function agentOf({ agent }: RecordedOperation): AgentContext {
  const { name, version, model, attested = false } = agent ?? {};
  return {
    attested,
    ...(name != null && { name }),
    ...(version != null && { version }),
    ...(model != null && { model }),
  };
}

function operationOf(recorded: RecordedOperation, { document }: Connection): Operation {
  const { verb, risks, resources, classes, statement, estimates } = recorded;
  if (verb === null) throw new Undecidable('it is not recorded what it does');
  const { rows, bytes, changes, at_most } = estimates ?? {};
  return {
    ...{ kind: document.kind, verb, risks, resources, classes },
    statement: statement ?? '',
    parameters: [],
    recorded: { statement: statement ?? '', parameters: [] },
    masks: [],
    warnings: [],
    estimates: {
      ...(rows != null && { rows }),
      ...(bytes != null && { bytes }),
      ...(changes != null && { changes }),
    },
    ...(at_most != null && { atMost: at_most }),
    plan: undefined,
  };
}

function outcomeOf({ effect, policies, approvals, unmask, overridden, reason }: Decision): Outcome {
  return {
    effect,
    policies: [...policies],
    requirements: approvals.map(({ policy, approvers, count }) => ({ policy, approvers: [...approvers], count })),
    unmask: [...unmask],
    overridden: [...overridden],
    reason: reason ?? null,
  };
}
