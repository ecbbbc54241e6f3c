import { z } from 'zod';
import type { AuditFacts, EventType } from '../model/audit-event.ts';
import { verbs } from '../model/documents.ts';
import type { Store, Write } from '../platform/store.ts';
import { readEvent, readRecord } from './outbox.ts';
import { operationPath, runsAs } from './paths.ts';

/** Hours an operation can be looked up; a TTL policy on `expire_at` removes it then. The trail itself is for ever. */
const KEPT_HOURS = 24;

const states: Partial<Record<EventType, OperationState['state']>> = {
  held: 'waiting',
  intended: 'running',
  completed: 'done',
  failed: 'failed',
  unknown: 'unknown',
};

/**
 * Where an operation stands, for the one who asked for it. Kept in `operations`, written in the commits of its events; of one that
 * runs and needed no human, its intent in the outbox says it.
 */
const operationStateSchema = z.object({
  operation: z.string(),
  /** Of the last change. */
  event: z.string().optional(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'unknown']),
  issuer: z.string(),
  subject: z.string(),
  connection: z.string(),
  verb: z.enum(verbs),
  decision: z.object({ effect: z.enum(['allow', 'deny']), policies: z.array(z.string()), policy_version: z.string() }),
  approval: z.string().nullable(),
  /** Of the last change. */
  time: z.string(),
  code: z.string().nullable(),
});
export type OperationState = z.output<typeof operationStateSchema>;

/** The write that goes with an event which changes where an operation stands; none for others. */
export function stateWrites(facts: AuditFacts): Write[] {
  if (facts.type === 'intended' && facts.approval === null) return [];
  const document = stateIn(facts);
  if (document === undefined) return [];
  const expire_at = new Date(Date.parse(document.time) + KEPT_HOURS * 3_600_000);
  return [{ op: 'set', path: operationPath(document.operation), data: { ...document, expire_at } }];
}

function stateIn(facts: AuditFacts): OperationState | undefined {
  const state = stateOf(facts);
  const { operation, principal, connection, verb, decision, approval, time, result } = facts;
  if (!state || !operation || !principal || !connection || !verb || !decision) return undefined;
  const { effect, policies, policy_version } = decision;
  const { issuer, subject } = principal;
  return {
    ...{ operation, event: facts.event_id, state, issuer, subject, connection, verb, time },
    decision: { effect, policies, policy_version },
    approval: approval?.id ?? null,
    code: result?.error_code ?? null,
  };
}

/** A late outcome says in its note how it ended. */
function stateOf({ type, note }: AuditFacts): OperationState['state'] | undefined {
  if (type === 'outcome_late') return note === 'completed' ? 'done' : 'failed';
  return states[type];
}

export async function readState(store: Store, operation: string): Promise<OperationState | undefined> {
  if (!/^op_[0-9a-z]{1,40}$/.test(operation)) return undefined;
  const kept = async () => (await store.get(operationPath(operation)))?.data;
  // It may have ended between the two looks.
  const found = (await kept()) ?? (await readRunning(store, operation)) ?? (await kept());
  return found && operationStateSchema.parse(found);
}

async function readRunning(store: Store, operation: string): Promise<OperationState | undefined> {
  const where = [['runs', '==', runsAs(operation)]] as const;
  const [intent] = await store.query({ collection: 'outbox', where, limit: 1 });
  return intent && stateIn(readEvent(readRecord(intent).rows[0] ?? ''));
}
