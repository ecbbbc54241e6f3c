import { z } from 'zod';
import type { EventType } from '../model/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store, StoredDocument, Write } from '../platform/store.ts';
import { type Ending, endingWrite, readEnding } from './endings.ts';
import { follow } from './following.ts';
import { type OperationState, readState } from './operations.ts';
import { readRecord } from './outbox.ts';
import { outboxPath } from './paths.ts';

/** What the intent of an operation that runs says of it. */
const intentSchema = z.looseObject({
  event_id: z.string(),
  operation: z.string(),
  time: z.string(),
  session: z.string().nullable(),
  principal: z.looseObject({ member: z.string() }),
  agent: z.looseObject({ name: z.string().nullable(), model: z.string().nullable() }).nullable(),
  connection: z.string(),
  verb: z.string(),
  risks: z.array(z.string()),
  statement: z.string().nullable(),
  decision: z.looseObject({ requirements: z.array(z.looseObject({ approvers: z.array(z.string()) })) }).nullable(),
  gateway: z.looseObject({ instance: z.string(), revision: z.string().nullable() }),
});

/** An operation that runs now. */
export type RunningOperation = {
  operation: string;
  event: string;
  since: string;
  session: string | null;
  member: string;
  agent: string | null;
  connection: string;
  verb: string;
  risks: readonly string[];
  statement: string | null;
  /** Whom its own decision asked for a yes. */
  approvers: readonly string[];
  instance: string;
  /** It goes on until one side ends it. */
  live: boolean;
  /** Bytes of its recording so far; undefined where none is written while it runs. */
  recorded?: number;
  /** Set once a human wanted it to end. */
  ending?: Ending;
  /** Its intent, as it is in the trail. */
  row: string;
};

type Standing = { state: OperationState['state']; connection: string; running?: RunningOperation };

/** What must be committed with the event that tells of it, so that neither is without the other. */
type AskedToEnd = { ending: Ending; writes: readonly Write[]; event: EventType; note: string };

/** What runs now, on any instance, as humans see and end it. */
export type Running = {
  /** Those that are live, the latest first. */
  list(): Promise<RunningOperation[]>;
  /** Where an operation of the last day stands; `running` only while it does. Undefined where there is none. */
  standing(operation: string): Promise<Standing | undefined>;
  /** The recording, chunk by chunk as they are written, from the first; ends once the operation has ended. */
  follow(running: RunningOperation, signal: AbortSignal): AsyncGenerator<string, undefined>;
  /** The recording so far. */
  recordingOf(running: RunningOperation): Promise<string>;
  /** Nothing is written here: the caller commits `writes`, which fail where somebody else wanted it before. */
  end(running: RunningOperation, given: { by: string; reason: string }): AskedToEnd;
};

/** At a time. */
const most = 200;

export function createRunning({ store, clock, log }: { store: Store; clock: Clock; log: Logger }): Running {
  /** One that cannot be read must not hide the others. */
  function parsed(document: StoredDocument): RunningOperation[] {
    try {
      const running = runningIn(document);
      return running === undefined ? [] : [running];
    } catch (error) {
      log.error({ error, path: document.path }, 'What runs cannot be read.');
      return [];
    }
  }

  async function withEnding(running: RunningOperation): Promise<RunningOperation> {
    const ending = await readEnding(store, running.operation);
    return ending === undefined ? running : { ...running, ending };
  }

  async function standing(operation: string): Promise<Standing | undefined> {
    const known = await readState(store, operation);
    if (known === undefined) return undefined;
    const { state, connection, event } = known;
    const found = state === 'running' && event !== undefined ? await store.get(outboxPath(event)) : undefined;
    const running = found && runningIn(found);
    return { state, connection, ...(running && { running: await withEnding(running) }) };
  }

  return {
    async list() {
      const where = [
        ['state', '==', 'intended'],
        ['live', '==', true],
      ] as const;
      const found = (await store.query({ collection: 'outbox', where, limit: most })).flatMap(parsed);
      const all = await Promise.all(found.map(withEnding));
      return all.sort((one, other) => (one.since < other.since ? 1 : -1));
    },
    standing,
    follow: ({ event }, signal) => follow(store, event, signal),
    async recordingOf({ event }) {
      let content = '';
      for await (const chunk of follow(store, event)) content += chunk;
      return content;
    },
    end({ operation }, { by, reason }) {
      const ending: Ending = { by, reason, at: clock.now().toISOString() };
      const note = JSON.stringify({ operation, reason });
      return { ending, writes: [endingWrite(operation, ending)], event: 'ending_requested', note };
    },
  };
}

/** Undefined where it has ended. */
function runningIn(document: StoredDocument): RunningOperation | undefined {
  const { state, rows, live, taped_bytes } = readRecord(document);
  const [row = ''] = rows;
  if (state !== 'intended') return undefined;
  const told = intentSchema.parse(JSON.parse(row));
  const { agent, decision, gateway, principal } = told;
  const named = [agent?.name, agent?.model].filter((part) => typeof part === 'string').join(' · ');
  return {
    ...{ operation: told.operation, event: told.event_id, since: told.time, session: told.session },
    ...{ member: principal.member, agent: named === '' ? null : named },
    ...{ connection: told.connection, verb: told.verb, risks: told.risks, statement: told.statement },
    approvers: (decision?.requirements ?? []).flatMap(({ approvers }) => approvers),
    instance: gateway.instance,
    live,
    ...(taped_bytes !== undefined && { recorded: taped_bytes }),
    row,
  };
}
