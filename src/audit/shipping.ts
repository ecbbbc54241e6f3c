import type { Clock } from '../platform/clock.ts';
import type { Store } from '../platform/store.ts';
import { type AppendDeps, appendAll } from './append.ts';
import { readRecord, readRow } from './outbox.ts';
import { createPauses, pauseFor, type Timing } from './timing.ts';

type Pending = { path: string; json: string };
/** Of one document: the rows that BigQuery has not acknowledged, and whether more are to come. */
type Progress = { waiting: Set<string>; whole: boolean; keepUntil: number };

const most = { rows: 500, bytes: 5 * 1024 * 1024, held: 32 * 1024 * 1024, deletes: 200 };

export type Shipper = ReturnType<typeof createShipper>;

/**
 * Brings rows to BigQuery in the background and deletes a document once all its rows were acknowledged and no more are
 * to come. A row may arrive twice, never not at all: what was not acknowledged stays in the outbox. Beyond 32 MiB rows
 * are no longer held in memory but read from the outbox again.
 */
export function createShipper(
  deps: AppendDeps & {
    store: Store;
    clock: Clock;
    timing: Timing;
    /** The chains that this instance has written. */
    chains: () => readonly string[];
  },
) {
  const { store, clock, log, timing, chains } = deps;
  const stopping = new AbortController();
  const pauses = createPauses(timing.pause, stopping.signal);
  const progress = new Map<string, Progress>();
  const deletable: string[] = [];
  let queue: Pending[] = [];
  let held = 0;
  let spilled = false;
  let working = false;

  /** Takes a row that is durable in the document at `path`. `whole`: no more rows are to come. */
  function track(row: Pending & { whole: boolean; first: boolean; doubted: boolean }) {
    const { path, json, whole, first } = row;
    const known = progress.get(path);
    if (held + json.length > most.held || (known === undefined && !first)) {
      if (known) held -= forget(path);
      spilled = true;
    } else {
      const entry = known ?? { waiting: new Set(), whole, keepUntil: 0 };
      entry.whole = whole;
      entry.waiting.add(json);
      if (row.doubted) entry.keepUntil = clock.now().getTime() + timing.doubt;
      progress.set(path, entry);
      queue.push({ path, json });
      held += json.length;
    }
    start();
  }

  /** The document is read again later; what of it waits in the queue is dropped. */
  function forget(path: string): number {
    progress.delete(path);
    const dropped = queue.filter((pending) => pending.path === path);
    queue = queue.filter((pending) => pending.path !== path);
    return dropped.reduce((sum, { json }) => sum + json.length, 0);
  }

  function start() {
    if (working) return;
    working = true;
    void work().finally(() => {
      working = false;
    });
  }

  const hasWork = () => queue.length > 0 || deletable.length > 0 || spilled;

  async function work() {
    while (hasWork() && !stopping.signal.aborted) {
      await pauseFor(timing.linger, stopping.signal);
      try {
        const rows = take();
        if (rows.length > 0) await ship(rows);
        await deleteShipped();
        if (spilled && queue.length === 0) await shipFromOutbox();
      } catch (error) {
        log.warn({ error, waiting: queue.length }, 'Audit rows wait to be shipped.');
        await pauses.wait();
      }
    }
  }

  function take(): Pending[] {
    let bytes = 0;
    const end = queue.findIndex(({ json }, index) => {
      bytes += json.length;
      return index >= most.rows || (index > 0 && bytes > most.bytes);
    });
    return queue.splice(0, end < 0 ? queue.length : end);
  }

  async function ship(rows: Pending[]) {
    const read = rows.map(({ json }) => readRow(json));
    const acknowledged = await appendAll(deps, read).catch((error) => {
      queue.unshift(...rows);
      throw error;
    });
    rows.forEach((row, index) => {
      if (acknowledged.has(index)) settle(row);
      else queue.push(row);
    });
    if (acknowledged.size < rows.length) await pauses.wait();
    else pauses.reset();
  }

  function settle({ path, json }: Pending) {
    held -= json.length;
    const entry = progress.get(path);
    entry?.waiting.delete(json);
    if (!entry || entry.waiting.size > 0 || !entry.whole) return;
    if (entry.keepUntil <= clock.now().getTime()) deletable.push(path);
    else spilled = true;
    progress.delete(path);
  }

  async function deleteShipped() {
    while (deletable.length > 0) {
      const paths = deletable.slice(0, most.deletes);
      await store.commit(paths.map((path) => ({ op: 'delete', path })));
      deletable.splice(0, paths.length);
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
      for (const { path, rows } of records.filter(({ path }) => !progress.has(path)))
        rows.forEach((json, index) => {
          track({ path, json, first: index === 0, whole: index === rows.length - 1, doubted: false });
        });
      if (records.length === most.rows) spilled = true;
    }
  }

  return {
    track,
    /** Ships what waits; true when nothing is left. Gives up at the deadline: a keeper goes on. */
    async drain(until: AbortSignal): Promise<boolean> {
      while (hasWork() && !until.aborted) {
        start();
        await pauseFor(20, until);
      }
      stopping.abort();
      return progress.size === 0 && !hasWork();
    },
  };
}
