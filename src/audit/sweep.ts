import { z } from 'zod';
import type { AuditFacts } from '../model/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type StoredDocument, type StoreQuery, WriteConflict } from '../platform/store.ts';
import type { AppendRows, TrailRow } from './append.ts';
import { type ChunkRecord, readChunk, readChunkRecord } from './chunks.ts';
import { furthest, type Heads, reachedIn } from './heads.ts';
import { type ChainDocument, chainDocumentSchema, chainPath } from './lease.ts';
import { type OutboxRecord, readEvent, readRecord, readRow, withOutcome } from './outbox.ts';
import { aboutOf, partiesIn, type Raising } from './raising.ts';
import type { Timing } from './timing.ts';
import type { Writer } from './writer.ts';

/** `closed`: intents whose outcome nobody will ever know. */
export type Swept = { chains: number; closed: number; shipped: number };

/** Documents that are read at a time; chunks are large. Text of one request, in characters: insertAll takes 10 MB. */
const page = { chains: 300, documents: 200, strays: 100, chunks: 16, text: 3 * 1024 * 1024 };

/** A document, with the rows that BigQuery is to have before it may be deleted. */
type Shipment = { path: string; text: number; rows: readonly TrailRow[] };

/**
 * Finishes what dead instances left: an intent without an outcome becomes `unknown` and is alerted, never retried; what
 * was not shipped is shipped. Touches only chains whose lease is over, and takes each before it changes anything, so an
 * instance that lives after all learns of it. Every step may be repeated and may be done by two keepers at once.
 */
export function createSweeper(deps: {
  store: Store;
  heads: Heads;
  clock: Clock;
  log: Logger;
  timing: Timing;
  append: AppendRows;
  writer: Writer;
  gateway: AuditFacts['gateway'];
  raising: Raising;
}) {
  const { store, heads, clock, log, timing, append, writer, gateway, raising } = deps;

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
      orderBy: [['alive_until', 'asc']],
      limit: page.chains,
    });
    const chains = running.map(({ data }) => chainDocumentSchema.parse(data));
    const oldest = await Promise.all([
      store.query({ collection: 'outbox', orderBy: [['event', 'asc']], limit: page.strays }),
      store.query({ collection: 'recordings', orderBy: [['event', 'asc']], limit: page.chunks }),
    ]);
    const known = new Set(chains.map(({ chain }) => chain));
    const strays = new Set(
      oldest
        .flat()
        .map(({ data }) => strayOf(data))
        .filter((chain) => !known.has(chain)),
    );
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
      const [records, chunks] = await Promise.all([pageOf(chain), chunksOf(chain)]);
      if (records.length + chunks.length === 0)
        return { count, finished: !(await isLeftElsewhere(chain)) && (await mark(chain, 'closed')) };
      const done = records.filter(({ state }) => state === 'done');
      const shipped = await ship([...done.map(shipmentOf), ...chunks.map(chunkShipmentOf)]);
      if (shipped === 0) return { count, finished: false };
      count += shipped;
    }
  }

  /** Whether a row of it waits in the document of another chain: then that goes first. */
  async function isLeftElsewhere(chain: string): Promise<boolean> {
    return (await store.query({ collection: 'outbox', where: [['also', '==', chain]], limit: 1 })).length > 0;
  }

  async function pageOf(chain: string, where: StoreQuery['where'] = []): Promise<OutboxRecord[]> {
    const filters = [['chain', '==', chain] as const, ...where];
    return (await store.query({ collection: 'outbox', where: filters, limit: page.documents })).map(readRecord);
  }

  async function chunksOf(chain: string): Promise<ChunkRecord[]> {
    const where = [['chain', '==', chain]] as const;
    return (await store.query({ collection: 'recordings', where, limit: page.chunks })).map(readChunkRecord);
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
    const write = { op: 'replace', path, data: { ...data, state }, revision } as const;
    return succeeds(heads.commit([write], [], state === 'closed' ? chain : undefined));
  }

  /** False when another keeper, or the instance itself, was first. */
  async function closeAsUnknown(record: OutboxRecord): Promise<boolean> {
    const { path, revision, event } = record;
    const facts = unknownOutcome(record);
    return succeeds(
      writer.append({
        facts,
        path,
        revision,
        data: (link) => withOutcome(record, link),
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

  /** Ships whole documents, as many at a time as one request holds, and deletes those whose rows were all acknowledged. */
  async function ship(shipments: readonly Shipment[]): Promise<number> {
    let count = 0;
    for (const some of requestsOf(shipments)) {
      const acknowledged = await append(some.flatMap(({ rows }) => rows));
      const shipped = some.filter(({ rows }) => rows.every((row) => acknowledged.has(row)));
      const deletes = shipped.map(({ path }) => ({ op: 'delete', path }) as const);
      await heads.commit(deletes, furthest(shipped.flatMap(({ rows }) => rows.flatMap(reachedIn))));
      count += shipped.length;
    }
    return count;
  }

  return { sweep };
}

const strayOf = (data: StoredDocument['data']) => z.object({ chain: z.string() }).parse(data).chain;

function shipmentOf({ path, rows, chunks }: OutboxRecord): Shipment {
  const text = [...rows, ...chunks].reduce((sum, { length }) => sum + length, 0);
  return { path, text, rows: [...rows.map(readRow), ...chunks.map(readChunk)] };
}

const chunkShipmentOf = ({ path, json }: ChunkRecord): Shipment => ({
  path,
  text: json.length,
  rows: [readChunk(json)],
});

function requestsOf(shipments: readonly Shipment[]): Shipment[][] {
  const requests: Shipment[][] = [];
  let text = Number.POSITIVE_INFINITY;
  for (const shipment of shipments) {
    text += shipment.text;
    if (text > page.text) {
      requests.push([]);
      text = shipment.text;
    }
    requests.at(-1)?.push(shipment);
  }
  return requests;
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
