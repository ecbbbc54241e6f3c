import type { Approval } from '../model/approval.ts';
import type { AuditFacts, EventType, Phase } from '../model/audit-event.ts';
import type { Passage } from '../model/call.ts';
import { sha256 } from '../model/canonical.ts';
import type { AgentContext } from '../model/identity.ts';
import type { Mask, Operation } from '../model/operation.ts';
import type { Problem } from '../model/problem.ts';
import type { Finding } from '../model/result.ts';
import type { Seal } from '../model/seal.ts';

/** How an operation ended. */
export type Outcome = {
  /** `unknown`: the target neither answered nor stopped. */
  type: 'completed' | 'failed' | 'unknown';
  problem?: Problem;
  rows?: number;
  affected?: number;
  /** Of an HTTP answer; of a program, its exit status. */
  status?: number;
  bytes?: number;
  /** Of the answer's bytes. */
  sha256?: string;
  truncated?: boolean;
  /** How many values each mask hid, where that is known. */
  masks?: readonly (Mask & { values: number | null })[];
  findings?: readonly Finding[];
  recording?: NonNullable<AuditFacts['recording']>;
  credential?: { secret: string; version: string };
  targetJob?: string;
  /** Milliseconds. */
  durations?: { total: number; queue: number; target: number; audit: number };
};

export type FactsContext = {
  gateway: AuditFacts['gateway'];
  seal: Seal;
  /** A caller's own words with what detectors recognise in them sealed. */
  conceal: (text: string) => string;
};

export type FactsInput = {
  eventId: string;
  phase: Phase;
  type: EventType;
  time: Date;
  subject: Partial<Passage>;
  note?: string;
  occurrences?: number;
};

/**
 * What the trail says of a passage: every field, null where nothing is known. Takes names and what the target marked as
 * recordable, and nothing else: no token, no claim, no request, no literal that may be classified. What is inside of a field has
 * its keys in the order of canonical JSON, here and below, as it is written faster then.
 */
export function factsOf(input: FactsInput, { gateway, seal, conceal }: FactsContext): AuditFacts {
  const { subject } = input;
  const { call, operation, connection, approval: asked } = subject;
  const { problem } = subject;
  const wordsOf = (text: string | undefined, most = shortWords) =>
    text === undefined ? null : conceal(text.slice(0, longWords)).slice(0, most);
  return wellFormed({
    event_id: input.eventId,
    phase: input.phase,
    time: input.time.toISOString(),
    type: input.type,
    session: wordsOf(subject.session ?? call?.session),
    operation: subject.operationId ?? null,
    principal: principalOf(subject),
    agent: agentOf(subject, wordsOf),
    connection: connection?.name ?? asked?.connection ?? wordsOf(call?.connection),
    target_kind: operation?.kind ?? connection?.document.kind ?? asked?.kind ?? null,
    verb: operation?.verb ?? asked?.verb ?? null,
    risks: [...(operation?.risks ?? asked?.risks ?? [])],
    resources: (operation?.recorded.resources ?? operation?.resources ?? asked?.resources ?? []).map(conceal),
    classes: [...(operation?.classes ?? [])],
    ...statementOf(subject, seal),
    decision: decisionOf(subject),
    approval: subject.approval ? approvalOf(subject.approval) : null,
    estimates: operation ? estimatesOf(operation) : null,
    protection: operation?.protection ?? null,
    masks: (operation?.masks ?? []).map(maskOf),
    findings: [],
    result: problem ? resultOf({ problem }, seal) : null,
    recording: null,
    credential: null,
    target_job: null,
    duration_ms: null,
    gateway,
    trace: call?.trace?.traceId ?? null,
    note: input.note ?? problem?.reason ?? subject.decision?.reason ?? null,
    occurrences: input.occurrences ?? 1,
  });
}

/** What the trail says of how an intent ended: what was known of it then, and what is known only now. */
export function outcomeOf(
  intent: AuditFacts,
  { outcome, time, note }: { outcome: Outcome; time: Date; note?: string | undefined },
  seal: Seal,
): AuditFacts {
  const { type, problem, masks, findings = [], recording = null, credential, targetJob = null, durations } = outcome;
  return {
    ...intent,
    ...wellFormed({
      phase: 'outcome' as const,
      time: time.toISOString(),
      type,
      ...(masks !== undefined && { masks: masks.map(maskOf) }),
      findings: findings.map(({ class: name, count }) => ({ class: name, count })),
      result: resultOf(outcome, seal),
      recording,
      credential: credential ? { secret: credential.secret, version: credential.version } : null,
      target_job: targetJob,
      duration_ms: durations ? durationsOf(durations) : null,
      note: note ?? problem?.reason ?? intent.note,
    }),
  };
}

function principalOf({ identity, groups }: Partial<Passage>): AuditFacts['principal'] {
  if (!identity) return null;
  const { issuer, subject, member, kind, email = null } = identity;
  const [claimed_groups, memberships] = [[...identity.groups], [...identity.memberships]];
  return { claimed_groups, email, groups: [...(groups ?? claimed_groups)], issuer, kind, member, memberships, subject };
}

function agentOf({ agent, call }: Partial<Passage>, wordsOf: WordsOf): AuditFacts['agent'] {
  const known: AgentContext | undefined = agent ?? (call && { ...call.agent, attested: false });
  if (!known) return null;
  return {
    attested: known.attested,
    conversation: wordsOf(known.conversation),
    model: wordsOf(known.model),
    name: wordsOf(known.name),
    reason: wordsOf(call?.reason, longWords),
    version: wordsOf(known.version),
  };
}

/**
 * What could not be read is kept as a keyed hash and a length: it may hold anything. A stranger's request is not kept. A plain hash of
 * what is not told whole would let a reader try what is missing, so it is keyed then.
 */
function statementOf({ operation, identity, call }: Partial<Passage>, seal: Seal) {
  if (operation) {
    const { statement, parameters } = operation.recorded;
    const isWhole = statement === operation.statement;
    const hash = isWhole ? sha256(statement) : seal('STATEMENT', operation.statement);
    return { statement, statement_sha256: hash, parameters: JSON.stringify(parameters) };
  }
  if (!identity || call?.request === undefined) return { statement: null, statement_sha256: null, parameters: null };
  const text = JSON.stringify(call.request) ?? '';
  const sealed = seal('STATEMENT', text);
  return { statement: `${sealed} ${Buffer.byteLength(text)} bytes`, statement_sha256: sealed, parameters: null };
}

function decisionOf({ decision }: Partial<Passage>): AuditFacts['decision'] {
  if (!decision) return null;
  return {
    effect: decision.effect,
    overridden: [...decision.overridden],
    policies: [...decision.policies],
    policy_version: decision.policyVersion,
    requirements: decision.approvals.map(({ policy, approvers, count }) => ({
      approvers: [...approvers],
      count,
      policy,
    })),
    unmask: [...decision.unmask],
  };
}

/** Estimates of a planner may have fractions; a column of whole numbers holds none. */
function estimatesOf({ estimates, atMost }: Operation): AuditFacts['estimates'] {
  const whole = (number: number | undefined) => (number === undefined ? null : Math.round(number));
  const { rows, bytes, changes } = estimates;
  const known = { at_most: whole(atMost), bytes: whole(bytes), changes: whole(changes), rows: whole(rows) };
  return Object.values(known).every((number) => number === null) ? null : known;
}

function approvalOf(approval: Approval): AuditFacts['approval'] {
  return {
    approvers: approval.decisions
      .filter(({ decision }) => decision === 'approve')
      .map(({ approver }) => approver.member),
    decided_at: isoTime(approval.decided_at),
    digest: approval.digest,
    id: approval.id,
    reason: approval.decisions.map(({ reason }) => reason).join('; ') || null,
    requested_at: isoTime(approval.requested_at),
    requester: approval.requester.member,
  };
}

/** A plain hash of an answer that is not recorded whole would let a reader try what it may have held, so it is keyed then. */
function resultOf(outcome: Partial<Outcome>, seal: Seal): AuditFacts['result'] {
  const { recording, sha256: hash, problem } = outcome;
  const isWhole = recording !== undefined && !recording.truncated;
  return {
    affected: outcome.affected ?? null,
    bytes: outcome.bytes ?? null,
    error_code: problem?.code ?? null,
    rows: outcome.rows ?? null,
    sha256: hash === undefined ? null : isWhole ? hash : seal('RESULT', hash),
    status: problem?.status ?? outcome.status ?? null,
    truncated: outcome.truncated ?? false,
  };
}

function maskOf({ resource, class: name, transform, values }: Mask & { values?: number | null }) {
  return { class: name, resource, transform, values: values ?? null };
}

/** Thousandths are kept: enough, and exact in JSON. */
function durationsOf({ total, queue, target, audit }: NonNullable<Outcome['durations']>) {
  const round = (milliseconds: number) => Math.round(milliseconds * 1000) / 1000;
  return { audit: round(audit), queue: round(queue), target: round(target), total: round(total) };
}

const isoTime = (time: string | undefined) => (time === undefined ? null : new Date(time).toISOString());

/** Words of a caller, who may be anybody: as many as anyone needs. */
const shortWords = 256;
const longWords = 2000;
type WordsOf = (text: string | undefined, most?: number) => string | null;

/** Half a surrogate pair has no UTF-8, hence no hash. */
function wellFormed<T>(value: T): T;
function wellFormed(value: unknown): unknown {
  return isWellFormed(value) ? value : formed(value);
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  for (const key in value) if (!isWellFormed(Reflect.get(value, key))) return false;
  return true;
}

function formed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(formed);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, formed(item)]));
}
