import type { AuditFacts } from '../model/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type StoredDocument, WriteConflict } from '../platform/store.ts';
import { type Append, appendAll } from './append.ts';
import { type ChainDocument, chainDocumentSchema, chainPath } from './lease.ts';
import { type OutboxRecord, readEvent, readRecord, readRow } from './outbox.ts';
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
  append: Append;
  writer: Writer;
  gateway: AuditFacts['gateway'];
}) {
  const { store, clock, log, timing, append, writer, gateway } = deps;

  async function sweep(): Promise<Swept> {
    const total: Swept = { chains: 0, closed: 0, shipped: 0 };
    for (const chain of await abandonedChains()) {
      const swept = await sweepChain(chain).catch((error) => {
        log.error({ error, chain }, 'A chain could not be swept.');
        return undefined;
      });
      total.chains += swept?.finished ? 1 : 0;
      total.closed += swept?.closed ?? 0;
      total.shipped += swept?.shipped ?? 0;
    }
    return total;
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

  async function sweepChain(chain: string) {
    const swept = { closed: 0, shipped: 0, finished: false };
    if (!(await take(chain))) return swept;
    for (;;) {
      const documents = await store.query({
        collection: 'outbox',
        where: [['chain', '==', chain]],
        limit: page.documents,
      });
      const records = documents.map(readRecord);
      if (records.length === 0) break;
      const closed = await Promise.all(records.filter(({ state }) => state === 'intended').map(closeAsUnknown));
      const shipped = await ship(records.filter(({ state }) => state === 'done'));
      swept.closed += closed.filter(Boolean).length;
      swept.shipped += shipped;
      if (closed.length === 0 && shipped === 0) return swept;
    }
    swept.finished = await mark(chain, 'closed');
    return swept;
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
    const closed = await succeeds(
      writer.append({
        facts,
        path,
        revision,
        data: ({ json }) => ({ event, chain, state: 'done', rows: [...rows, json] }),
        patience: timing.patience,
        shippedBy: 'sweeper',
      }),
    );
    const { operation, connection } = facts;
    if (closed) log.alert({ event, operation: operation ?? '', connection }, 'How an operation ended is not known.');
    return closed;
  }

  function unknownOutcome({ rows: [intent = ''] }: OutboxRecord): AuditFacts {
    const { chain, seq: _, prev_hash: __, hash: ___, ...facts } = readEvent(intent);
    const note = `The instance that ran it ended before it recorded an outcome (chain ${chain}).`;
    return { ...facts, phase: 'outcome', type: 'unknown', time: clock.now().toISOString(), gateway, note };
  }

  /** Ships whole documents and deletes those whose rows were all acknowledged. */
  async function ship(records: readonly OutboxRecord[]): Promise<number> {
    if (records.length === 0) return 0;
    const rows = records.flatMap(({ path, rows }) => rows.map((json) => ({ path, row: readRow(json) })));
    const acknowledged = await appendAll(
      append,
      rows.map(({ row }) => row),
      log,
    );
    const unsent = new Set(rows.filter((_, index) => !acknowledged.has(index)).map(({ path }) => path));
    const shipped = records.filter(({ path }) => !unsent.has(path));
    if (shipped.length > 0) await store.commit(shipped.map(({ path }) => ({ op: 'delete', path })));
    return shipped.length;
  }

  return { sweep };
}

async function succeeds(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof WriteConflict) return false;
    throw error;
  }
}
