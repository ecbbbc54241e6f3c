import type { AuditFacts } from '../model/audit-event.ts';
import type { Passage } from '../model/call.ts';
import { Problem } from '../model/problem.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type StoredDocument, WriteConflict } from '../platform/store.ts';
import { createTurns } from '../platform/turns.ts';
import type { Intent } from './audit.ts';
import { type PlacedChunks, placeChunks, placeLate } from './chunks.ts';
import type { Outcome } from './facts.ts';
import { doneDocument, type OutboxRecord, pathOf, readRecord, readRow, withOutcome } from './outbox.ts';
import { createRecorder } from './recorder.ts';
import { createTape } from './tape.ts';
import { createTaping, tapeAnswer } from './taping.ts';
import { atMost, createPauses, type Timing } from './timing.ts';
import { ChainLost, type Entry, type Writer } from './writer.ts';

/** Commits of large answers that are under way at once; each may hold several MiB. */
const most = 8;

/** The intents of this instance that have no outcome yet. */
export function createIntents(deps: {
  store: Store;
  log: Logger;
  timing: Timing;
  stop: AbortSignal;
  writer: Writer;
  /** What the trail says of how an intent ended. */
  conclude: (intent: AuditFacts, outcome: Outcome, note: string | undefined) => AuditFacts;
  /** Bytes: of an answer, and of a session. */
  recordingLimit: number;
  sessionLimit: number;
}) {
  const { store, log, timing, stop, writer, conclude, recordingLimit, sessionLimit } = deps;
  const open = new Map<string, Promise<void>>();
  const inTurn = createTurns(most);

  /** An intent that is durable. The outcome replaces exactly its document, which is read, while the target works, only where it must be. */
  function begin(passage: Passage, intended: AuditFacts, known: StoredDocument | undefined): Intent {
    const { event_id: eventId } = intended;
    const path = pathOf(intended);
    const document = known ? Promise.resolve(known) : store.get(path).catch(() => 'unread' as const);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    open.set(eventId, ended);
    let completion: Promise<void> | undefined;
    const unkept = whyUnkept(passage);
    const recorder = unkept === undefined ? createRecorder(recordingLimit) : undefined;
    const taping = createTaping({ store, timing, stop, event: eventId, document });
    const tape =
      unkept === undefined ? createTape({ limit: sessionLimit, age: timing.tape, write: taping.write }) : undefined;

    async function complete(given: Outcome) {
      const recording = recorder?.take();
      const taped = await tape?.finish();
      const { lost } = taped ?? {};
      const outcome: Outcome =
        lost === undefined || given.problem !== undefined ? given : { ...given, type: 'failed', problem: lost };
      const kept = taped?.summary ?? recording?.summary;
      const ended = kept === undefined ? outcome : { ...outcome, recording: kept };
      const facts = conclude(intended, ended, outcome.problem === undefined ? unkept : undefined);
      const known = taped === undefined ? document : taping.document();
      const chunks = taped === undefined ? placeChunks(facts, recording) : ofSession;
      const recorded = record({ facts, chunks }, known).finally(() => {
        open.delete(eventId);
        end();
      });
      await withinPatience(recorded);
      if (lost !== undefined && given.problem === undefined) throw lost;
    }
    return {
      eventId,
      ...(recorder !== undefined && { recorder }),
      ...(tape !== undefined && { tape }),
      complete: (outcome) => (completion ??= complete(outcome)),
    };
  }

  /** Goes on in the background when the caller has given up, so that the intent does get its outcome. */
  async function withinPatience(recorded: Promise<void>) {
    try {
      if ((await atMost(timing.outcomePatience, recorded)) === 'late')
        throw new Error('The outcome was not confirmed in time.');
    } catch (cause) {
      recorded.catch((error) => log.alert({ error }, 'An outcome could not be recorded.'));
      throw new Problem('outcome-unrecorded', { cause });
    }
  }

  /**
   * Puts the outcome into the intent's document, and what is large of the recording before it; where a keeper has closed it meanwhile,
   * beside it.
   */
  async function record(ending: Ending, first: Promise<StoredDocument | undefined | 'unread'>): Promise<void> {
    const { taped = [] } = ending.chunks;
    const pauses = createPauses(timing.pause, stop);
    let found = await first;
    let sent = false;
    for (;;) {
      try {
        if (found === 'unread') {
          found = await store.get(pathOf(ending.facts));
          if (found && holdsRealOutcome(found)) return;
        }
        if (found !== undefined && taped.length > 0) {
          const seen = found;
          found = await inTurn(() => tapeAnswer(store, seen, taped)).catch((error) => {
            sent ||= !(error instanceof WriteConflict);
            throw error;
          });
          sent ||= found !== seen;
          if (found === 'unread') continue;
        }
        await writer.append(outcomeEntry(ending, found, sent));
        return;
      } catch (error) {
        if (stop.aborted) throw error;
        if (error instanceof WriteConflict && isLate(found)) return;
        if (!(error instanceof WriteConflict || error instanceof ChainLost)) await pauses.wait();
        found = 'unread';
      }
    }
  }

  /** An intent that landed after its caller was refused: nothing was run. */
  function abandon(eventId: string, entry: Entry) {
    const facts: AuditFacts = {
      ...entry.facts,
      phase: 'outcome',
      type: 'failed',
      result: { ...nothing, error_code: 'audit-unavailable' },
      note: 'The intent was confirmed too late, so nothing was run.',
    };
    const ending = { facts, chunks: nothingKept };
    const recorded = record(ending, Promise.resolve('unread' as const)).finally(() => open.delete(eventId));
    recorded.catch((error) => log.alert({ error, event: eventId }, 'An outcome could not be recorded.'));
    open.set(eventId, recorded);
  }

  return {
    begin,
    abandon,
    async settled() {
      await Promise.allSettled(open.values());
    },
  };
}

const nothingKept: PlacedChunks = {};
/** Each chunk of a session is in a document of its own already. */
const ofSession: PlacedChunks = { unread: true };

/** Why the answer is not recorded, for the trail; undefined where it is. What may hold classified values in the clear never is. */
function whyUnkept({ connection, decision, operation }: Passage): string | undefined {
  if (decision === undefined || decision.unmask.length > 0) return 'unrecorded:unmask';
  if (connection?.document.record === 'digest') return 'unrecorded:digest';
  if (operation?.recorded.returned === true) return 'unrecorded:literals';
  return undefined;
}

/** A keeper closes with `unknown` only. So this is the instance's own, from a commit that was in doubt. */
function holdsRealOutcome(found: StoredDocument) {
  return readRecord(found)
    .rows.map(readRow)
    .some(({ phase, type }) => phase === 'outcome' && type !== 'unknown');
}

const nothing = { rows: null, affected: null, bytes: null, sha256: null, truncated: false, status: null };

const isLate = (found: StoredDocument | undefined | 'unread') =>
  found === undefined || (found !== 'unread' && readRecord(found).state === 'done');

type Ending = { facts: AuditFacts; chunks: PlacedChunks };

/** `sent`: large chunks of it were, or may have been, kept before. */
function outcomeEntry(ending: Ending, found: StoredDocument | undefined, sent: boolean): Entry {
  const record = found && readRecord(found);
  if (record?.state === 'intended') return inTimeEntry(ending, record);
  const { taped, unread } = ending.chunks;
  const wasThere = unread === true || (taped !== undefined && (record === undefined ? sent : record.taped > 0));
  return lateEntry(ending, wasThere);
}

function inTimeEntry(ending: Ending, record: OutboxRecord): Entry {
  const { path, revision } = record;
  return {
    ...{ ...ending, path, revision },
    data: (link) => ({ ...withOutcome(record, link), ...chunksOf(ending.chunks) }),
  };
}

const chunksOf = ({ within = [] }: PlacedChunks) =>
  within.length === 0 ? {} : { chunks: within.map(({ json }) => json) };

/** `wasThere`: the recording was when somebody else closed the event, and belongs to that. */
function lateEntry({ facts: outcome, chunks: kept }: Ending, wasThere: boolean): Entry {
  const chunks = wasThere ? {} : placeLate(outcome.event_id, kept);
  const recording = wasThere ? null : outcome.recording;
  const facts: AuditFacts = { ...outcome, phase: 'late', type: 'outcome_late', note: outcome.type, recording };
  return {
    ...{ facts, path: pathOf(facts), chunks },
    data: (link) => ({ ...doneDocument(link), ...chunksOf(chunks) }),
  };
}
