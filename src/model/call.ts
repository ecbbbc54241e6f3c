import type { Approval } from './approval.ts';
import type { Connection } from './connection.ts';
import type { Decision } from './decision.ts';
import type { Limits, TargetKind } from './documents.ts';
import type { AgentClaims, AgentContext, Identity, Presented } from './identity.ts';
import type { Operation } from './operation.ts';
import type { Problem } from './problem.ts';

/** One request of an agent, as an adaptor hands it to the gateway. Nothing in it is trusted yet. */
export type Call = {
  presented: Presented;
  connection: string;
  /** The kind of target whose protocol the caller speaks; a connection of another kind is not found. */
  kind?: TargetKind;
  /** In the target's own terms; its schema checks it. */
  request: unknown;
  /** Self-reported. */
  agent: AgentClaims;
  session?: string;
  reason?: string;
  /** May only lower what policy allows. */
  limits: Limits;
  dryRun: boolean;
  /** Seconds the caller is willing to wait for an approval (`Prefer: wait`); as the connection's document says where the caller cannot say. */
  wait: number | 'approval_wait';
  trace?: Trace;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
};

/** W3C Trace Context. */
export type Trace = { traceId: string; spanId: string; sampled: boolean };

/** One call on its way through the gateway: what is known of it so far. The audit trail writes what it finds here. */
export type Passage = {
  /** `op_…` */
  operationId: string;
  call: Call;
  startedAt: Date;
  session?: string;
  agent?: AgentContext;
  identity?: Identity;
  /** Groups of the identity, from its token and from the documents. */
  groups?: readonly string[];
  /** The human who answers for the agent, where `agents/{id}` names one. */
  owner?: string;
  connection?: Connection;
  operation?: Operation;
  decision?: Decision;
  approval?: Approval;
  problem?: Problem;
  /** Milliseconds spent so far, by step; `wait` is for humans. */
  spent: Record<TimedStep, number>;
  /** Milliseconds since it began. */
  elapsed: () => number;
};

export type TimedStep =
  | 'authenticate'
  | 'understand'
  | 'estimate'
  | 'decide'
  | 'settle'
  | 'wait'
  | 'intend'
  | 'execute';

export function begin(call: Call, operationId: string, startedAt: Date): Passage {
  const start = performance.now();
  const spent = { authenticate: 0, understand: 0, estimate: 0, decide: 0, settle: 0, wait: 0, intend: 0, execute: 0 };
  return { operationId, call, startedAt, spent, elapsed: () => performance.now() - start };
}

/** Does the work and adds the time it took to what the passage has spent on the step. */
export async function timed<T>(passage: Passage, step: TimedStep, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    passage.spent[step] += performance.now() - start;
  }
}

/** What the passage knows of its caller once the token is verified. What the token itself says of the agent wins over what the agent says. */
export function introduce(call: Call, identity: Identity): Required<Pick<Passage, 'identity' | 'agent' | 'session'>> {
  const agent =
    identity.agent === undefined ? { ...call.agent, attested: false } : { ...identity.agent, attested: true };
  const session = call.session ?? agent.conversation ?? `token-${identity.tokenDigest.slice(0, 32)}`;
  return { identity, agent, session };
}
