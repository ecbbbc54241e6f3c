import type { AlertAbout } from '../model/alert.ts';
import type { AuditFacts, EventType } from '../model/audit-event.ts';
import type { Passage } from '../model/call.ts';
import { Problem } from '../model/problem.ts';
import type { Seal } from '../model/seal.ts';
import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type Write, WriteConflict } from '../platform/store.ts';
import { type Append, createAppendRows } from './append.ts';
import { breakGlassOf } from './break-glass.ts';
import { type Link, linkAll, prepare, startOf } from './chain.ts';
import { createDeadLetters } from './dead.ts';
import { type FactsInput, factsOf, type Outcome, outcomeOf } from './facts.ts';
import { createHeads, headRegistration, reachedBy } from './heads.ts';
import { createIntents } from './intents.ts';
import { createLease } from './lease.ts';
import { type OperationState, readState } from './operations.ts';
import { doneDocument, intendedDocument, pathOf } from './outbox.ts';
import { aboutOf, createRaising, type NewAlert, partiesOf } from './raising.ts';
import type { Recorder } from './recorder.ts';
import { createSampling } from './sampling.ts';
import { createShipper } from './shipping.ts';
import { cut, isTooLarge } from './size.ts';
import { createSweeper, type Swept } from './sweep.ts';
import type { SessionTape } from './tape.ts';
import { atMost, defaultTiming, pauseFor, type Timing } from './timing.ts';
import { createWriter, type Entry, type Landed } from './writer.ts';

export { type Alerts, createAlerts } from './alerts.ts';
export {
  type Answer,
  type AnswerSummary,
  type BodyAnswer,
  type DuplexAnswer,
  deliver,
  type RowsAnswer,
} from './answer.ts';
export type { Append, TableRow } from './append.ts';
export { type Checkpoints, type CheckpointsDeps, createCheckpoints, createCheckpointWatch } from './checkpoints.ts';
export { createEndings, type Endings, sweepEndings } from './endings.ts';
export type { Outcome } from './facts.ts';
export { auditDefinitions, installAudit } from './install.ts';
export { createIntegrity, type Integrity, type ReadIntegrity } from './integrity.ts';
export { createRetainedFrom, createRetention } from './retention.ts';
export { createReviews, type Reviews, type StoredReview } from './reviews.ts';
export { createRunning, type Running, type RunningOperation } from './running.ts';
export type { OperationState };

export type AuditDeps = {
  /** On the runtime database. */
  store: Store;
  clock: Clock;
  ids: Ids;
  log: Logger;
  /** Who writes: in every row. */
  gateway: AuditFacts['gateway'];
  /** Into BigQuery. */
  append: Append;
  seal: Seal;
  /** A caller's own words with what detectors recognise in them sealed. */
  conceal: (text: string) => string;
  timing?: Partial<Timing>;
  /** How much text of rows may wait in memory for BigQuery; more is read from the outbox again. */
  memory?: number;
  /** Bytes of an answer that are recorded at most; they must fit into one commit (10 MiB). */
  recordingLimit?: number;
  /** Bytes of a session that are recorded at most. */
  sessionLimit?: number;
};

/** The audit trail of one instance: what it says happened is durable before anyone acts on it. */
export interface Audit {
  /** Begins this boot's chain. Throws `audit-unavailable` when that cannot be recorded: nothing may be served. */
  open(): Promise<void>;
  /**
   * One fact, durable when it resolves; `with` are writes to the same database that happen in the same commit or not
   * at all. Throws `approval-conflict` when one of them lost its precondition and `audit-unavailable` when it cannot be
   * confirmed. Refusals of callers nobody knows are counted, not recorded one by one, when there are more than 20 a minute.
   */
  note(type: EventType, subject: Partial<Passage>, options?: { with?: readonly Write[]; note?: string }): Promise<void>;
  /**
   * The intent, durable before anything touches the target or the credential. Throws `approval-conflict` when `with`
   * lost a precondition, `too-large` when it cannot be recorded whole, and `audit-unavailable` when it cannot be
   * confirmed: then nothing may run.
   */
  intend(passage: Passage, options?: { with?: readonly Write[] }): Promise<Intent>;
  /**
   * Something that a human must look at, once for each kind and key, with its event `alert_raised`. `subject` is whom it is
   * about: they cannot answer it. Throws `audit-unavailable`; it is in the log by then, and may be raised again.
   */
  raise(alert: NewAlert, subject?: Partial<Passage>): Promise<void>;
  /** An operation goes past guards that a grant lifted: `break_glass`, and an alert whose closing is the review. Throws `audit-unavailable`. */
  breakGlass(passage: Passage): Promise<void>;
  /** Where an operation of the last day stands. Undefined where there is none. */
  find(operation: string): Promise<OperationState | undefined>;
  /** Whether an intent would be taken now. */
  ready(): boolean;
  /** For the keeper: closes and ships what dead instances left. Safe to run anywhere, also twice at once. */
  sweep(): Promise<Swept>;
  /**
   * For the keeper: what BigQuery refused for good, and was set aside in `dead` with an alert, is to be shipped again. Resolves
   * with how many documents; the next sweep ships them.
   */
  putBack(): Promise<number>;
  /** Takes no more intents, waits for outcomes, ships, ends the chain. At most 8 s. */
  close(): Promise<void>;
}

export interface Intent {
  eventId: string;
  /** Keeps what the caller is sent, for the outcome. Absent where that may not be kept. */
  recorder?: Recorder;
  /** Keeps what is said in a session, while it runs. Absent where that may not be kept. */
  tape?: SessionTape;
  /** The outcome, durable when it resolves; once. Throws `outcome-unrecorded` when that is not confirmed: the result is withheld. */
  complete(outcome: Outcome): Promise<void>;
}

/** Refusals of callers nobody knows, between two looks, that a human must look at. */
const BURST = 100;

/** In characters: 32 Mi. */
const MEMORY = 32 * 1024 * 1024;

/** 1 MiB. */
const RECORDING_LIMIT = 1024 * 1024;

/** 64 MiB. */
const SESSION_LIMIT = 64 * 1024 * 1024;

export function createAudit(deps: AuditDeps): Audit {
  const { store, clock, ids, log, gateway, append, seal, conceal } = deps;
  const timing: Timing = { ...defaultTiming, ...deps.timing };
  const stopping = new AbortController();
  const sampling = createSampling(clock);
  const ownChains: string[] = [];
  let closing = false;

  const raising = createRaising({ store, clock, log, record: recordAlert });
  const appendRows = createAppendRows(append, log, (alert) => void raise(alert).catch(tellUnraised));
  const heads = createHeads({ store, clock, log });
  const dead = createDeadLetters({ store, heads, clock });
  const shipper = createShipper({
    store,
    heads,
    dead,
    clock,
    log,
    timing,
    append: appendRows,
    memory: deps.memory ?? MEMORY,
    chains: () => ownChains,
  });
  const writer = createWriter({ store, log, timing, openLease, onLanded });
  const recordingLimit = deps.recordingLimit ?? RECORDING_LIMIT;
  const sessionLimit = deps.sessionLimit ?? SESSION_LIMIT;
  const stop = stopping.signal;
  const intents = createIntents({
    ...{ store, log, timing, stop, writer, recordingLimit, sessionLimit },
    conclude: (intent, outcome, note) => outcomeOf(intent, { outcome, time: clock.now(), note }, seal),
  });
  const sweeper = createSweeper({
    store,
    heads,
    dead,
    clock,
    log,
    timing,
    append: appendRows,
    writer,
    gateway,
    raising,
  });

  function describe(input: Omit<FactsInput, 'time'>): AuditFacts {
    return factsOf({ ...input, time: clock.now() }, { gateway, seal, conceal });
  }

  function factEntry(type: EventType, subject: Partial<Passage>, more: Partial<FactsInput> = {}): Entry {
    const facts = cut(describe({ ...more, eventId: ids('ev'), phase: 'fact', type, subject }));
    return {
      facts,
      path: pathOf(facts),
      data: doneDocument,
      patience: timing.patience,
    };
  }

  function recordAlert(note: string, about: AlertAbout, writes: readonly Write[]) {
    const { member: _, ...fields } = about;
    const entry = factEntry('alert_raised', {}, { note });
    return writer.append({ ...entry, facts: { ...entry.facts, ...fields }, with: writes });
  }

  async function raise(alert: NewAlert, subject: Partial<Passage> = {}) {
    const about = describe({ eventId: '', phase: 'fact', type: 'alert_raised', subject });
    await raising.raise(alert, aboutOf(about), partiesOf(subject)).catch(refuse);
  }

  const tellUnraised = (error: unknown) => log.error({ error }, 'An alert could not be recorded.');

  async function breakGlass(passage: Passage) {
    const { agent } = describe({ eventId: '', phase: 'fact', type: 'break_glass', subject: passage });
    const { alert, note: words } = breakGlassOf(passage, agent?.reason ?? null);
    await Promise.all([note('break_glass', passage, { note: words }), raise(alert, passage)]);
  }

  function openLease() {
    const lease = createLease({ store, clock, timing, chain: ids('ch'), gateway, heads });
    ownChains.push(lease.chain);
    const { patience: _, ...opening } = factEntry('chain_opened', {});
    const { end } = linkAll([prepare(opening.facts)], startOf(lease.chain));
    return { lease, opening: { ...opening, with: [lease.registration(), ...reachedBy(end).map(headRegistration)] } };
  }

  function onLanded({ entry, link, abandoned, doubted }: Landed) {
    const { phase, event_id } = link.event;
    if (entry.shippedBy === undefined && entry.chunks?.unread === true) shipper.readAgain(entry.path);
    else if (entry.shippedBy === undefined) track(entry, link, doubted);
    if (phase === 'intent' && abandoned) intents.abandon(event_id, entry);
  }

  function track({ path, chunks = {} }: Entry, { event, json }: Link, doubted: boolean) {
    const { within = [], taped = [], beside = [] } = chunks;
    const more = [
      ...within.map(({ row, json }) => ({ row, kept: json })),
      ...taped.map(({ row, content, path: tape }) => ({ row, kept: content, tape })),
    ];
    const whole = event.phase !== 'intent' && more.length === 0;
    shipper.track({ path, kept: json, row: event, whole, first: event.phase !== 'outcome', doubted });
    for (const [index, chunk] of more.entries())
      shipper.track({ path, ...chunk, whole: index === more.length - 1, first: false, doubted });
    for (const { path, row, content } of beside)
      shipper.track({ path, row, kept: content, whole: true, first: true, doubted });
  }

  async function note(
    type: EventType,
    subject: Partial<Passage>,
    options: { with?: readonly Write[]; note?: string } = {},
  ) {
    const { with: others = [], ...more } = options;
    if (type === 'refused' && !subject.identity && others.length === 0 && !sampling.admits(subject.problem)) return;
    await writer.append({ ...factEntry(type, subject, more), with: others }).catch(refuse);
  }

  async function intend(passage: Passage, options: { with?: readonly Write[] } = {}): Promise<Intent> {
    if (closing) throw new Problem('audit-unavailable', { reason: 'closing' });
    const eventId = ids('ev');
    const facts = describe({ eventId, phase: 'intent', type: 'intended', subject: passage });
    if (isTooLarge(facts)) throw new Problem('too-large', { reason: 'intent-too-large-to-record' });
    const path = pathOf(facts);
    const data = (link: Link) => intendedDocument(link, { live: passage.operation?.live === true });
    const recorded = await writer
      .append({ facts, path, data, patience: timing.patience, with: options.with ?? [] })
      .catch(refuse);
    const { revision } = recorded;
    const intent = intents.begin(passage, facts, revision && { path, data: data(recorded), revision });
    return { ...intent, complete: (outcome) => intent.complete(outcome).then(() => warn(outcome, eventId, passage)) };
  }

  function warn({ type }: Outcome, key: string, passage: Passage) {
    const detail = 'How an operation ended is not known: its target neither answered nor stopped.';
    if (type === 'unknown') raise({ kind: 'unknown-outcome', key, detail }, passage).catch(tellUnraised);
  }

  /** Once an hour, however many instances are flooded. */
  function tellBurst(count: number) {
    const key = clock.now().toISOString().slice(0, 13);
    const detail = `At least ${count} callers that nobody knows were refused within seconds.`;
    void raise({ kind: 'refusal-burst', key, detail }).catch(tellUnraised);
  }

  async function flushSampling() {
    for (const counted of sampling.take()) {
      const { patience: _, ...entry } = factEntry(
        'refused',
        { problem: counted.problem },
        { occurrences: counted.count },
      );
      if (counted.count >= BURST) tellBurst(counted.count);
      await writer.append(entry).catch(() => sampling.putBack(counted));
    }
  }

  /** Runs something again and again until the trail is closed; what fails is tried the next time. */
  async function every(milliseconds: number, task: () => Promise<void>) {
    while (!stopping.signal.aborted) {
      await pauseFor(milliseconds, stopping.signal);
      if (!stopping.signal.aborted)
        await task().catch((error) => log.warn({ error }, 'A task of the audit trail failed.'));
    }
  }

  async function close() {
    closing = true;
    const deadline = AbortSignal.timeout(timing.drain);
    await atMost(timing.drain / 2, intents.settled());
    stopping.abort();
    await atMost(timing.drain / 8, flushSampling());
    if (writer.lease())
      await writer.append({ ...factEntry('chain_closed', {}), patience: timing.drain / 8 }).catch((error) => {
        log.error({ error }, 'The end of the chain could not be recorded.');
      });
    const nothingLeft = await shipper.drain(deadline);
    writer.stop();
    await writer.release(nothingLeft).catch((error) => log.warn({ error }, 'The chain was not released.'));
  }

  return {
    async open() {
      await writer.open().catch(refuse);
      void every(timing.renew, writer.renew);
      void every(timing.sampling, flushSampling);
      void every(timing.renew, async () => shipper.start());
    },
    note,
    intend,
    raise,
    breakGlass,
    find: (operation) => readState(store, operation),
    ready: () => !closing && writer.ready(),
    sweep: sweeper.sweep,
    putBack: dead.putBack,
    close,
  };
}

function refuse(error: unknown): never {
  if (error instanceof WriteConflict) throw new Problem('approval-conflict', { cause: error });
  throw new Problem('audit-unavailable', { cause: error });
}
