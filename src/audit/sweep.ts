import { z } from 'zod';
import type { AuditFacts } from '../model/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Store, type StoredDocument, type StoreQuery, succeeds } from '../platform/store.ts';
import type { AppendRows, TrailRow } from './append.ts';
import { type ChunkRecord, readChunk, readChunkRecord } from './chunks.ts';
import { type DeadLetters, PUT_BACK } from './dead.ts';
import { furthest, type Heads, reachedIn } from './heads.ts';
import { type ChainDocument, chainDocumentSchema, chainPath } from './lease.ts';
import { type OutboxRecord, readEvent, readRecord, readRow, withOutcome } from './outbox.ts';
import { inOrder } from './paths.ts';
import { aboutOf, partiesIn, type Raising } from './raising.ts';
import { releaseTape, tapedIn } from './taping.ts';
import type { Timing } from './timing.ts';
import type { Writer } from './writer.ts';

/** `closed`: intents whose outcome nobody will ever know. */
export type Swept = { chains: number; closed: number; shipped: number };

/** Documents that are read at a time; chunks are large. Text of one request, in characters: insertAll takes 10 MB. */
const page = { chains: 300, documents: 200, strays: 100, chunks: 16, text: 3 * 1024 * 1024 };

/** A document, with the rows that BigQuery is to have before it may be deleted. */
type Shipment = { path: string; chain: string; text: number; rows: readonly TrailRow[] };

/**
 * Finishes what dead instances left: an intent without an outcome becomes `unknown` and is alerted, never retried; what
 * was not shipped is shipped. Touches only chains whose lease is over, and takes each before it changes anything, so an
 * instance that lives after all learns of it. Every step may be repeated and may be done by two keepers at once.
 */
export function createSweeper(deps: {
  store: Store;
  heads: Heads;
  dead: DeadLetters;
  clock: Clock;
  log: Logger;
  timing: Timing;
  append: AppendRows;
  writer: Writer;
  gateway: AuditFacts['gateway'];
  raising: Raising;
}) {
  const { store, heads, dead, clock, log, timing, append, writer, gateway, raising } = deps;

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
    const chains = running.flatMap(parsed);
    const oldest = await Promise.all([
      store.query({ collection: 'outbox', ...inOrder, limit: page.strays }),
      store.query({ collection: 'recordings', ...inOrder, limit: page.chunks }),
    ]);
    const known = new Set(chains.map(({ chain }) => chain));
    const strays = new Set((await readAll(oldest.flat(), strayOf)).filter((chain) => !known.has(chain)));
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
      for (const record of done) await releaseTape(store, record);
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
    return readAll(await store.query({ collection: 'outbox', where: filters, limit: page.documents }), readRecord);
  }

  async function chunksOf(chain: string): Promise<ChunkRecord[]> {
    const where = [['chain', '==', chain]] as const;
    return readAll(await store.query({ collection: 'recordings', where, limit: page.chunks }), readChunkRecord);
  }

  function parsed({ path, data }: StoredDocument): ChainDocument[] {
    const chain = chainDocumentSchema.safeParse(data);
    if (!chain.success) log.error({ error: chain.error, path }, 'The document of a chain cannot be read.');
    return chain.success ? [chain.data] : [];
  }

  /** What nobody can read is put aside, with an alert: it must not keep the rest waiting. */
  async function readAll<T>(documents: readonly StoredDocument[], read: (document: StoredDocument) => T): Promise<T[]> {
    const all: T[] = [];
    for (const document of documents)
      try {
        all.push(read(document));
      } catch (error) {
        log.error({ error, path: document.path }, 'A document of the outbox cannot be read.');
        const detail = `A document of the outbox cannot be read and was put aside: ${document.path}.`;
        await raising.raise({ kind: 'row-refused', key: document.path, detail }, aboutNothing, { parties: [] });
        await dead.bury(document);
      }
    return all;
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
    const facts = { ...unknownOutcome(record), recording: await tapedIn(store, record) };
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
      const { acknowledged, refused } = await append(some.flatMap(({ rows }) => rows));
      const shipped = some.filter(({ rows }) => rows.every((row) => acknowledged.has(row)));
      const deletes = shipped.map(({ path }) => ({ op: 'delete', path }) as const);
      await heads.commit(deletes, furthest(shipped.flatMap(reachedBy)));
      count += shipped.length;
      for (const { path, rows } of some)
        if (rows.some((row) => refused.has(row)) && (await dead.setAside(path))) count++;
    }
    return count;
  }

  return { sweep };
}

const strayOf = ({ data }: StoredDocument) => z.object({ chain: z.string() }).parse(data).chain;

const aboutNothing = {
  session: null,
  operation: null,
  member: null,
  connection: null,
  target_kind: null,
  verb: null,
} as const;

/** What was put back says nothing new of its chain, whose head may be over. */
const reachedBy = ({ chain, rows }: Shipment) => (chain === PUT_BACK ? [] : rows.flatMap(reachedIn));

function shipmentOf({ path, chain, rows, chunks }: OutboxRecord): Shipment {
  const text = [...rows, ...chunks].reduce((sum, { length }) => sum + length, 0);
  return { path, chain, text, rows: [...rows.map(readRow), ...chunks.map(readChunk)] };
}

const chunkShipmentOf = ({ path, chain, json }: ChunkRecord): Shipment => ({
  path,
  chain,
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
