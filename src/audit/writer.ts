import type { AuditFacts } from '../model/audit-event.ts';
import type { Logger } from '../platform/logger.ts';
import type { Revision, Store, Write } from '../platform/store.ts';
import { WriteConflict, WriteUncertain } from '../platform/store.ts';
import { type Link, linkAll, type Prepared, prepare, startOf } from './chain.ts';
import { chunkDocument, type PlacedChunks } from './chunks.ts';
import { reachedBy } from './heads.ts';
import type { Lease } from './lease.ts';
import { stateWrites } from './operations.ts';
import { createPauses, type Timing } from './timing.ts';

/** One event on its way into the chain, with the writes that happen in the same commit or not at all. */
export type Entry = {
  facts: AuditFacts;
  path: string;
  /** The outbox document, once the event is linked. */
  data: (link: Link) => Record<string, unknown>;
  /** Of the document that is replaced; without it, the document is created. */
  revision?: Revision;
  with?: readonly Write[];
  /** What was recorded: those within are part of `data`, and only those beside are written with it. */
  chunks?: PlacedChunks;
  /** Milliseconds the caller waits. Without it, the entry stays until it lands or is refused. */
  patience?: number;
  /** By default its own instance ships it. */
  shippedBy?: 'sweeper';
};

/** `abandoned`: its caller was told that it failed. `doubted`: a copy of its commit may still arrive. */
export type Landed = { entry: Entry; link: Link; abandoned: boolean; doubted: boolean };

/** The chain is no longer this instance's; whether the event is part of it is not known. */
export class ChainLost extends Error {
  override name = 'ChainLost';
}

/** It took longer than the caller waits, or the writer was stopped. */
class Unconfirmed extends Error {
  override name = 'Unconfirmed';
}

/** An event that is durable. `revision` is of its document; unknown where only a later look told that it had landed. */
export type Recorded = Link & { revision: Revision | undefined };

type Waiting = {
  entry: Entry;
  prepared: Prepared;
  /** What else its commit writes. */
  others: readonly Write[];
  bytes: number;
  resolve: (recorded: Recorded) => void;
  reject: (error: unknown) => void;
  abandoned: boolean;
};
type Revisions = readonly (Revision | undefined)[];
type Verdict = 'landed' | 'conflict' | 'refused' | 'lost' | 'stopped';

const most = { entries: 100, bytes: 4 * 1024 * 1024, queued: 20_000 };

export type Writer = ReturnType<typeof createWriter>;

/**
 * The only writer of a chain. Events that arrive while a commit is under way share the next one. Numbers are given in
 * the order of commits, and only once the commit before is settled: one that is in doubt is sent again, the same bytes,
 * until it is known to have landed or to be impossible. So a chain has no gaps and cannot fork.
 */
export function createWriter(deps: {
  store: Store;
  log: Logger;
  timing: Timing;
  openLease: () => { lease: Lease; opening: Entry };
  onLanded: (landed: Landed) => void;
}) {
  const { store, log, timing, openLease, onLanded } = deps;
  const stopping = new AbortController();
  const pauses = createPauses(timing.pause, stopping.signal);
  const queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  let lease: Lease | undefined;
  let end = startOf('');
  let stuck = false;

  function append(entry: Entry): Promise<Recorded> {
    if (stopping.signal.aborted || (entry.patience !== undefined && queue.length >= most.queued))
      return Promise.reject(new Unconfirmed('The audit trail takes no more events.'));
    const promise = enqueue(entry, 'last');
    working ??= work();
    return promise;
  }

  function enqueue(entry: Entry, place: 'first' | 'last'): Promise<Recorded> {
    const { promise, resolve, reject } = Promise.withResolvers<Recorded>();
    const others = [...stateWrites(entry.facts), ...(entry.with ?? [])];
    const prepared = prepare(entry.facts);
    const bytes = sizeOf(entry, prepared);
    const waiting: Waiting = { entry, prepared, others, bytes, resolve, reject, abandoned: false };
    if (place === 'first') queue.unshift(waiting);
    else queue.push(waiting);
    if (entry.patience === undefined) return promise;
    const timer = setTimeout(() => giveUp(waiting), entry.patience);
    return promise.finally(() => clearTimeout(timer));
  }

  /** What has not been sent is withdrawn; what has been sent may still land, and is then known to be abandoned. */
  function giveUp(waiting: Waiting) {
    const index = queue.indexOf(waiting);
    if (index >= 0) queue.splice(index, 1);
    waiting.abandoned = true;
    waiting.reject(new Unconfirmed('The event could not be made durable in time.'));
  }

  async function work() {
    await Promise.resolve();
    for (;;) {
      if (lease === undefined || lease.isLost())
        beginChain().catch((error) => log.error({ error }, 'No chain could be opened.'));
      if (queue.length === 0) break;
      await settle(takeBatch(queue));
    }
    working = undefined;
  }

  function beginChain(): Promise<Link> {
    const next = openLease();
    lease = next.lease;
    end = startOf(lease.chain);
    return enqueue(next.opening, 'first');
  }

  /** A batch that cannot be committed as one is halved until those at fault stand alone and fail alone. */
  async function settle(batch: Waiting[]): Promise<void> {
    const { links, end: next } = linkAll(
      batch.map(({ prepared }) => prepared),
      end,
    );
    const { verdict, doubted, cause, revisions = [] } = await land(batch, links);
    stuck = false;
    if (verdict === 'landed') {
      end = next;
      refuseLosers(batch);
      for (const [index, waiting] of batch.entries())
        finish(waiting, links[index], doubted, revisions[placeOf(batch, index)]);
    } else if (verdict === 'stopped') {
      for (const { reject } of batch) reject(new Unconfirmed('Stopped.'));
    } else if (verdict === 'lost') {
      leaveChain(batch, doubted);
    } else if (batch.length === 1) {
      batch[0]?.reject(cause);
    } else {
      const middle = Math.ceil(batch.length / 2);
      await settle(batch.slice(0, middle));
      if (lease === undefined) queue.unshift(...batch.slice(middle));
      else await settle(batch.slice(middle));
    }
  }

  /** What waits and builds on a revision that is gone now, as that of an approval that was just spent, cannot land any more. */
  function refuseLosers(landed: readonly Waiting[]) {
    const gone = new Set(landed.flatMap(({ others }) => others.flatMap(revisionOf)));
    if (gone.size === 0) return;
    const losers = queue.filter(({ others }) => others.some((write) => revisionOf(write).some((one) => gone.has(one))));
    for (const loser of losers) {
      queue.splice(queue.indexOf(loser), 1);
      loser.reject(new WriteConflict('Another has changed the same document.'));
    }
  }

  /** What was never sent goes to the next chain. What may be part of the lost one must not be repeated. */
  function leaveChain(batch: Waiting[], doubted: boolean) {
    lease = undefined;
    const again = batch.filter(({ entry }) => !doubted && entry.facts.type !== 'chain_opened');
    queue.unshift(...again);
    for (const waiting of batch)
      if (!again.includes(waiting)) waiting.reject(new ChainLost('A keeper took the chain.'));
  }

  function finish(waiting: Waiting, link: Link | undefined, doubted: boolean, revision: Revision | undefined) {
    if (!link) return;
    onLanded({ entry: waiting.entry, link, abandoned: waiting.abandoned, doubted });
    waiting.resolve({ ...link, revision });
  }

  /** Sends one commit until its fate is known. */
  async function land(
    batch: Waiting[],
    links: Link[],
  ): Promise<{ verdict: Verdict; doubted: boolean; cause?: unknown; revisions?: Revisions }> {
    const writes = batch.flatMap(({ entry, others }, index) => [...ownWrites(entry, links[index]), ...others]);
    let doubted = false;
    let refusals = 0;
    while (!stopping.signal.aborted) {
      try {
        if (lease?.isLost() || (lease?.isOver() && !(await lease.renew(reachedBy(end)))))
          return { verdict: 'lost', doubted };
      } catch (error) {
        await wait(error);
        continue;
      }
      const { revisions, cause } = await attempt(writes);
      if (revisions !== undefined) return { verdict: 'landed', doubted, revisions };
      const lost = cause instanceof WriteConflict;
      if (lost && !doubted) return { verdict: 'conflict', doubted, cause };
      const seen = await witness(batch, links);
      if (seen === 'landed' || seen === 'lost') return { verdict: seen, doubted: true };
      if (lost) return { verdict: 'conflict', doubted, cause };
      if (!(cause instanceof WriteUncertain) && ++refusals === 2) return { verdict: 'refused', doubted, cause };
      doubted = true;
      await wait(cause);
    }
    return { verdict: 'stopped', doubted };
  }

  async function attempt(writes: readonly Write[]): Promise<{ revisions?: Revisions; cause?: unknown }> {
    try {
      const revisions = await store.commit(writes);
      pauses.reset();
      return { revisions };
    } catch (cause) {
      return { cause };
    }
  }

  /** Whether a commit in doubt has landed: one of its documents, or the loss of the chain, tells. */
  async function witness(batch: Waiting[], links: Link[]): Promise<'landed' | 'absent' | 'lost'> {
    const [path, json] = [batch[0]?.entry.path, links[0]?.json];
    while (path !== undefined && !stopping.signal.aborted) {
      try {
        const rows = (await store.get(path))?.data['rows'];
        if (Array.isArray(rows) && rows.includes(json)) return 'landed';
        return links[0]?.event.type === 'chain_opened' || (await lease?.isKept()) ? 'absent' : 'lost';
      } catch (error) {
        await wait(error);
      }
    }
    return 'absent';
  }

  async function wait(error: unknown) {
    if (!stuck) log.warn({ error }, 'The audit trail cannot be written for the moment.');
    stuck = true;
    await pauses.wait();
  }

  return {
    /** Begins a chain; resolves when its first link is durable. */
    open(): Promise<Link> {
      const opened = beginChain();
      working ??= work();
      return opened;
    },
    append,
    /** Renews the lease; where the chain was lost, begins another. */
    async renew() {
      if (!lease || (await lease.renew(reachedBy(end)))) return;
      log.warn({ chain: lease.chain }, 'The chain was taken by a keeper.');
      working ??= work();
    },
    ready: () => lease !== undefined && !stuck && !lease.isLost() && !lease.isOver() && !stopping.signal.aborted,
    /** Resolves when nothing waits. */
    idle: async () => void (await working),
    lease: () => lease,
    /** Ends the chain: `nothingLeft` of it in the outbox, or else a keeper comes at once. */
    release: async (nothingLeft: boolean) => void (await lease?.release(nothingLeft, reachedBy(end))),
    /** What waits is refused. */
    stop() {
      stopping.abort();
      for (const { reject } of queue.splice(0)) reject(new Unconfirmed('Stopped.'));
    },
  };
}

/** As many of the first as may share a commit: no two may write the same document, as the second could not see the first. */
function takeBatch(queue: Waiting[]): Waiting[] {
  const paths = new Set<string>();
  let bytes = 0;
  const last = queue.findIndex(({ entry, others, bytes: size }, index) => {
    const own = [entry.path, ...others.map(({ path }) => path)];
    bytes += size;
    if (index > 0 && (index >= most.entries || bytes > most.bytes || own.some((path) => paths.has(path)))) return true;
    for (const path of own) paths.add(path);
    return false;
  });
  return queue.splice(0, last < 0 ? queue.length : last);
}

/** What a write replaces, if it does. */
const revisionOf = (write: Write) => (write.op === 'replace' ? [`${write.path} ${write.revision}`] : []);

/** Where in its commit an entry's own write stands. */
function placeOf(batch: readonly Waiting[], index: number): number {
  return batch
    .slice(0, index)
    .reduce((place, { entry, others }) => place + 1 + (entry.chunks?.beside?.length ?? 0) + others.length, 0);
}

function ownWrites({ path, data, revision, chunks }: Entry, link: Link | undefined): Write[] {
  if (!link) return [];
  const { event_id: event, chain } = link.event;
  const own: Write =
    revision === undefined
      ? { op: 'create', path, data: data(link) }
      : { op: 'replace', path, data: data(link), revision };
  return [own, ...(chunks?.beside ?? []).map(({ path, row }) => setOf(path, chunkDocument(event, chain, row)))];
}

/** One that was there already is the same, so it may be written again. */
const setOf = (path: string, data: Record<string, unknown>): Write => ({ op: 'set', path, data });

/** About how many bytes of a commit it takes. An outcome's document holds its intent, too; where an operation stands is told in fewer. */
function sizeOf({ revision, chunks, with: others = [] }: Entry, { bytes: own }: Prepared): number {
  const { within = [], beside = [] } = chunks ?? {};
  const kept = within.map(({ json }) => json);
  const more = others.length === 0 ? kept : [...kept, JSON.stringify(others)];
  const large = beside.reduce((sum, { content }) => sum + (4 * content.length) / 3, 0);
  return more.reduce((sum, text) => sum + Buffer.byteLength(text), large + (revision === undefined ? 2 : 3) * own);
}
