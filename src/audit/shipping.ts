import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store } from '../platform/store.ts';
import type { AppendRows, Kept, TrailRow } from './append.ts';
import { readChunk, readChunkRecord } from './chunks.ts';
import type { DeadLetters } from './dead.ts';
import { furthest, type Heads, type Reached } from './heads.ts';
import { readRecord, readRow } from './outbox.ts';
import { isChunk } from './tables.ts';
import { releaseTape } from './taping.ts';
import { createPauses, pauseFor, type Timing } from './timing.ts';

/** A row of the document at `path`, and what is kept of it. */
type Pending = { path: string; kept: Kept; row: TrailRow };
/** `whole`: no more rows of the document are to come. `doubted`: a copy of its commit may still arrive. `tape`: the row has a document of its own, which goes with it. */
type Tracked = Pending & { whole: boolean; first: boolean; doubted: boolean; tape?: string };
/** Of one document: the rows that BigQuery has not acknowledged, whether more are to come, and what goes with it. */
type Progress = { waiting: Set<TrailRow>; shipped: Reached[]; tapes: string[]; whole: boolean; keepUntil: number };
/** A document whose rows are all in BigQuery. */
type Shipped = { path: string; rows: readonly Reached[]; tapes: readonly string[] };

/** Lengths of what is kept, which may be three times as many bytes: insertAll takes 10 MB. */
const most = { rows: 500, bytes: 3 * 1024 * 1024, deletes: 200, chunks: 16 };

/**
 * Brings rows to BigQuery in the background and deletes a document once all its rows were acknowledged and no more are
 * to come. A row may arrive twice, never not at all: what was not acknowledged stays in the outbox. Rows beyond
 * `memory` are not held but read from the outbox again.
 */
export function createShipper(deps: {
  store: Store;
  heads: Heads;
  dead: DeadLetters;
  clock: Clock;
  log: Logger;
  timing: Timing;
  append: AppendRows;
  /** Characters of rows that may be held. */
  memory: number;
  /** The chains that this instance has written. */
  chains: () => readonly string[];
}) {
  const { store, heads, dead, clock, log, timing, append, memory, chains } = deps;
  const stopping = new AbortController();
  const hurry = new AbortController();
  const pauses = createPauses(timing.shippingPause, hurry.signal);
  const progress = new Map<string, Progress>();
  const deletable: Shipped[] = [];
  /** Documents with a row that BigQuery refuses for good: set aside once they are finished. */
  const refused = new Set<string>();
  let kept: (Shipped & { until: number })[] = [];
  const queue: Pending[] = [];
  let held = 0;
  let spilled = false;
  let working = false;

  /** Takes a row that is durable in the document at `path`. */
  function track(pending: Tracked) {
    const { path, kept, row, whole, first, tape } = pending;
    const known = progress.get(path);
    if (held + kept.length > memory || (known === undefined && !first)) {
      forget(path);
      spilled = true;
    } else {
      const entry = known ?? { waiting: new Set(), shipped: [], tapes: [], whole, keepUntil: 0 };
      entry.whole = whole;
      entry.waiting.add(row);
      if (tape !== undefined) entry.tapes.push(tape);
      if (pending.doubted) entry.keepUntil = clock.now().getTime() + timing.doubt;
      progress.set(path, entry);
      queue.push({ path, kept, row });
      held += kept.length;
    }
    start();
  }

  /** The document is read again later; what of it waits in the queue is passed over. */
  function forget(path: string) {
    progress.delete(path);
  }

  /** Goes to work unless it is at work; what was kept for its time is deleted once that is over. */
  function start() {
    const now = clock.now().getTime();
    deletable.push(...kept.filter(({ until }) => until <= now));
    kept = kept.filter(({ until }) => until > now);
    if (working || !hasWork()) return;
    working = true;
    void work();
  }

  const hasWork = () => queue.length > 0 || deletable.length > 0 || spilled;

  async function work() {
    while (hasWork() && !stopping.signal.aborted) {
      // A full request waits for no more.
      if (queue.length < most.rows) await pauseFor(timing.linger, stopping.signal);
      try {
        const rows = take();
        if (rows.length > 0) await ship(rows);
        await deleteShipped();
        for (const path of refused) if (await dead.setAside(path)) refused.delete(path);
        if (spilled && queue.length === 0) await shipFromOutbox();
      } catch (error) {
        log.warn({ error, waiting: queue.length }, 'Audit rows wait to be shipped.');
        await pauses.wait();
      }
    }
    working = false;
  }

  function take(): Pending[] {
    let bytes = 0;
    const end = queue.findIndex(({ kept }, index) => {
      bytes += kept.length;
      return index >= most.rows || (index > 0 && bytes > most.bytes);
    });
    const taken = queue.splice(0, end < 0 ? queue.length : end);
    return taken.filter(({ path, kept }) => {
      const isKnown = progress.has(path);
      if (!isKnown) held -= kept.length;
      return isKnown;
    });
  }

  async function ship(rows: Pending[]) {
    const known = new Map(rows.map(({ row, kept }) => [row, kept]));
    const appended = await append([...known.keys()], known).catch((error) => {
      queue.unshift(...rows);
      throw error;
    });
    for (const pending of rows) {
      if (appended.acknowledged.has(pending.row)) settle(pending);
      else if (appended.refused.has(pending.row)) giveUp(pending);
      else queue.push(pending);
    }
    if (appended.acknowledged.size === 0) await pauses.wait();
    else pauses.reset();
  }

  /** Once for each document. Where others belong to it, each is to stand for itself first. */
  function giveUp({ path, kept }: Pending) {
    held -= kept.length;
    const entry = progress.get(path);
    if (entry === undefined) return;
    forget(path);
    if (entry.tapes.length > 0) spilled = true;
    else refused.add(path);
  }

  function settle({ path, kept: { length }, row }: Pending) {
    held -= length;
    const entry = progress.get(path);
    entry?.waiting.delete(row);
    if (entry && !isChunk(row)) entry.shipped.push(row);
    if (!entry || entry.waiting.size > 0 || !entry.whole) return;
    progress.delete(path);
    const { shipped: rows, tapes } = entry;
    const shipped = { path, rows, tapes };
    if (entry.keepUntil <= clock.now().getTime()) deletable.push(shipped);
    else kept.push({ ...shipped, until: entry.keepUntil });
  }

  /** The first commit brings the heads so far that the others need not touch them. What belongs to a document goes in the same as it does. */
  async function deleteShipped() {
    while (deletable.length > 0) {
      let deleted = 0;
      const end = deletable.findIndex(({ tapes }, index) => {
        deleted += 1 + tapes.length;
        return index > 0 && deleted > most.deletes;
      });
      const some = deletable.slice(0, end < 0 ? deletable.length : end);
      const paths = some.flatMap(({ path, tapes }) => [...tapes, path]);
      const deletes = paths.map((path) => ({ op: 'delete', path }) as const);
      await heads.commit(deletes, furthest(deletable.flatMap(({ rows }) => rows)));
      deletable.splice(0, some.length);
    }
  }

  /** What was not held in memory, one page at a time. */
  async function shipFromOutbox() {
    spilled = false;
    for (const chain of chains()) {
      const where = [
        ['chain', '==', chain],
        ['state', '==', 'done'],
      ] as const;
      const records = (await store.query({ collection: 'outbox', where, limit: most.rows })).map(readRecord);
      const shipped = new Set(kept.map(({ path }) => path));
      for (const record of records.filter(({ path }) => !progress.has(path) && !shipped.has(path))) {
        await releaseTape(store, record);
        trackAll(record.path, [
          ...record.rows.map((kept) => ({ kept, row: readRow(kept) })),
          ...record.chunks.map((kept) => ({ kept, row: readChunk(kept) })),
        ]);
      }
      if (records.length === most.rows) spilled = true;
      await shipChunks(chain, shipped);
    }
  }

  /** Chunks are large, so few are read at a time. */
  async function shipChunks(chain: string, shipped: ReadonlySet<string>) {
    const where = [['chain', '==', chain]] as const;
    const found = await store.query({ collection: 'recordings', where, limit: most.chunks });
    for (const { path, json } of found.map(readChunkRecord))
      if (!progress.has(path) && !shipped.has(path)) trackAll(path, [{ kept: json, row: readChunk(json) }]);
    if (found.length === most.chunks) spilled = true;
  }

  function trackAll(path: string, rows: readonly Omit<Pending, 'path'>[]) {
    for (const [index, row] of rows.entries())
      track({ path, ...row, first: index === 0, whole: index === rows.length - 1, doubted: false });
  }

  /** What is in the document, and beside it, is read from the store. */
  function readAgain(path: string) {
    forget(path);
    spilled = true;
    start();
  }

  return {
    track,
    readAgain,
    start,
    /** Ships what waits; true when nothing is left. Gives up at the deadline: a keeper goes on. */
    async drain(until: AbortSignal): Promise<boolean> {
      hurry.abort();
      while ((working || hasWork()) && !until.aborted) {
        start();
        await pauseFor(20, until);
      }
      stopping.abort();
      return progress.size === 0 && kept.length === 0 && refused.size === 0 && !hasWork();
    },
  };
}
