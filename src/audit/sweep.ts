import type { AuditFacts } from '../model/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type StoredDocument, type StoreQuery, WriteConflict } from '../platform/store.ts';
import type { AppendEvents } from './append.ts';
import { type ChainDocument, chainDocumentSchema, chainPath } from './lease.ts';
import { type OutboxRecord, readEvent, readRecord, readRow } from './outbox.ts';
import { aboutOf, partiesIn, type Raising } from './raising.ts';
import type { Timing } from './timing.ts';
import type { Writer } from './writer.ts';

/** `closed`: intents whose outcome nobody will ever know. */
export type Swept = { chains: number; closed: number; shipped: number };

const page = { chains: 300, documents: 200, strays: 100 };

/**
 * Finishes what dead instances left: an intent without an outcome becomes `unknown` and is alerted, never retried; what
 * was not shipped is shipped. Touches only chains whose lease is over, and takes each before it changes anything, so an
 * instance that lives after all learns of it. Every step may be repeated and may be done by two keepers at once.
 */
export function createSweeper(deps: {
  store: Store;
  clock: Clock;
  log: Logger;
  timing: Timing;
  append: AppendEvents;
  writer: Writer;
  gateway: AuditFacts['gateway'];
  raising: Raising;
}) {
  const { store, clock, log, timing, append, writer, gateway, raising } = deps;

  /** Closes everything before it ships anything: that BigQuery cannot be reached keeps no intent open. */
  async function sweep(): Promise<Swept> {
    await writer.renew();
    const taken = await each(await abandonedChains(), async (chain) => ((await take(chain)) ? chain : undefined));
    const chains = taken.filter((chain) => chain !== undefined);
    const closed = await each(chains, closeAll);
    await raising.finish().catch((error) => log.error({ error }, 'Alerts could not be recorded.'));
    const shipped = await each(chains, shipAll);
    return {
      chains: shipped.filter(({ finished }) => finished).length,
      closed: closed.reduce((sum, count) => sum + count, 0),
      shipped: shipped.reduce((sum, { count }) => sum + count, 0),
    };
  }

  /** A chain that cannot be swept now must not keep the others waiting. */
  async function each<T>(chains: readonly string[], work: (chain: string) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (const chain of chains)
      await work(chain).then(
        (result) => results.push(result),
        (error) => log.error({ error, chain }, 'A chain could not be swept.'),
      );
    return results;
  }

  /** Chains whose lease is over, and those that were closed although something of them turned up later. */
  async function abandonedChains(): Promise<string[]> {
    const running = await store.query({
      collection: 'chains',
      where: [['state', 'in', ['open', 'taken']]],
      limit: page.chains,
    });
    const chains = running.map(({ data }) => chainDocumentSchema.parse(data));
    const oldest = await store.query({ collection: 'outbox', orderBy: [['event', 'asc']], limit: page.strays });
    const known = new Set(chains.map(({ chain }) => chain));
    const strays = new Set(oldest.map((document) => readRecord(document).chain).filter((chain) => !known.has(chain)));
    return [...chains.filter(isAbandoned).map(({ chain }) => chain), ...strays];
  }

  const isAbandoned = ({ state, alive_until }: ChainDocument) =>
    state !== 'open' || Date.parse(alive_until) + timing.grace <= clock.now().getTime();

  async function closeAll(chain: string): Promise<number> {
    let count = 0;
    for (;;) {
      const open = await pageOf(chain, [['state', '==', 'intended']]);
      if (open.length === 0) return count;
      count += (await Promise.all(open.map(closeAsUnknown))).filter(Boolean).length;
    }
  }

  async function shipAll(chain: string): Promise<{ count: number; finished: boolean }> {
    let count = 0;
    for (;;) {
      const records = await pageOf(chain);
      if (records.length === 0) return { count, finished: await mark(chain, 'closed') };
      const shipped = await ship(records.filter(({ state }) => state === 'done'));
      if (shipped === 0) return { count, finished: false };
      count += shipped;
    }
  }

  async function pageOf(chain: string, where: StoreQuery['where'] = []): Promise<OutboxRecord[]> {
    const filters = [['chain', '==', chain] as const, ...where];
    return (await store.query({ collection: 'outbox', where: filters, limit: page.documents })).map(readRecord);
  }

  async function take(chain: string): Promise<boolean> {
    const found = await store.get(chainPath(chain));
    if (!found) return true;
    const { state, ...document } = chainDocumentSchema.parse(found.data);
    if (state === 'open' && !isAbandoned({ state, ...document })) return false;
    return state === 'taken' || mark(chain, 'taken', found);
  }

  /** False when somebody else changed the chain's document meanwhile. */
  async function mark(chain: string, state: ChainDocument['state'], seen?: StoredDocument): Promise<boolean> {
    const found = seen ?? (await store.get(chainPath(chain)));
    if (!found) return true;
    const { path, data, revision } = found;
    return succeeds(store.commit([{ op: 'replace', path, data: { ...data, state }, revision }]));
  }

  /** False when another keeper, or the instance itself, was first. */
  async function closeAsUnknown(record: OutboxRecord): Promise<boolean> {
    const { path, revision, event, chain, rows } = record;
    const facts = unknownOutcome(record);
    return succeeds(
      writer.append({
        facts,
        path,
        revision,
        data: ({ json }) => ({ event, chain, state: 'done', rows: [...rows, json] }),
        patience: timing.patience,
        shippedBy: 'sweeper',
        with: [raising.begin({ ...notKnown, key: event }, aboutOf(facts), partiesIn(facts))],
      }),
    );
  }

  function unknownOutcome({ rows: [intent = ''] }: OutboxRecord): AuditFacts {
    const { chain, seq: _, prev_hash: __, hash: ___, ...facts } = readEvent(intent);
    const note = `The instance that ran it ended before it recorded an outcome (chain ${chain}).`;
    return { ...facts, phase: 'outcome', type: 'unknown', time: clock.now().toISOString(), gateway, note };
  }

  /** Ships whole documents and deletes those whose rows were all acknowledged. */
  async function ship(records: readonly OutboxRecord[]): Promise<number> {
    if (records.length === 0) return 0;
    const rows = records.map((record) => ({ path: record.path, rows: record.rows.map(readRow) }));
    const acknowledged = await append(rows.flatMap((record) => record.rows));
    const shipped = rows.filter((record) => record.rows.every((row) => acknowledged.has(row)));
    if (shipped.length > 0) await store.commit(shipped.map(({ path }) => ({ op: 'delete', path })));
    return shipped.length;
  }

  return { sweep };
}

const notKnown = { kind: 'unknown-outcome', detail: 'How an operation ended is not known.' } as const;

async function succeeds(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof WriteConflict) return false;
    throw error;
  }
}
