import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';
import { aborted, invalid } from './errors.ts';
import type { Query } from './query.ts';
import type { Change } from './storage.ts';

/** What a transaction has read, and when. */
export interface Transaction {
  readonly id: Buffer;
  readonly readOnly: boolean;
  /** The one moment all its reads are of; read-write ones take it at their first read. */
  snapshot(): number;
  sawDocument(name: string): void;
  sawQuery(query: Query): void;
  /** Throws ABORTED when anything it read has changed since its snapshot. */
  verify(): void;
}

export interface Transactions {
  begin(options: { readOnly: boolean; readTime?: number }): Transaction;
  /** Refuses an id that is unknown, ended or expired, with INVALID_ARGUMENT. */
  find(id: Uint8Array): Transaction;
  /** Refuses only what cannot be an id; ending twice is fine. */
  end(id: Uint8Array): void;
}

/** Source: "Transactions time out after 270 seconds, or when idle for 60" in Firestore's quotas. */
const LIFETIME_MILLIS = 270_000;
const IDLE_MILLIS = 60_000;
const ID_BYTES = 16;

/** Optimistic transactions: nothing is locked, what was read is verified at commit. `wallClock` in milliseconds. */
export function createTransactions(database: Database, wallClock: () => number): Transactions {
  const open = new Map<string, { transaction: Transaction; begun: number; used: number }>();

  function sweep(): void {
    const now = wallClock();
    for (const [key, { begun, used }] of open)
      if (now - begun > LIFETIME_MILLIS || now - used > IDLE_MILLIS) open.delete(key);
  }

  return {
    begin({ readOnly, readTime }) {
      sweep();
      const transaction = createTransaction(database, readOnly, readTime);
      const now = wallClock();
      open.set(transaction.id.toString('hex'), { transaction, begun: now, used: now });
      return transaction;
    },
    find(id) {
      sweep();
      const entry = open.get(Buffer.from(id).toString('hex'));
      if (!entry) throw expired();
      entry.used = wallClock();
      return entry.transaction;
    },
    end(id) {
      if (id.length !== ID_BYTES) throw expired();
      open.delete(Buffer.from(id).toString('hex'));
    },
  };
}

function createTransaction(database: Database, readOnly: boolean, readTime: number | undefined): Transaction {
  let moment = readTime;
  const documents = new Set<string>();
  const queries: Query[] = [];

  function snapshot(): number {
    moment ??= database.now();
    return moment;
  }

  function conflicts(change: Change): boolean {
    return documents.has(change.name) || queries.some((query) => touches(query, change) && differs(query));
  }

  /** A limited result may stay the same although a document around it changed. */
  function differs(query: Query): boolean {
    if (!query.windowed) return true;
    const versions = (at?: number) => query.run(database, at).map(({ name, updateTime }) => `${name}@${updateTime}`);
    return versions(snapshot()).join() !== versions().join();
  }

  return {
    id: randomBytes(ID_BYTES),
    readOnly,
    snapshot,
    sawDocument: (name) => void documents.add(name),
    sawQuery: (query) => void queries.push(query),
    verify() {
      if (moment === undefined || (documents.size === 0 && queries.length === 0)) return;
      const changes = database.changesSince(moment);
      if (changes === undefined || changes.some(conflicts))
        throw aborted('Too much contention on these documents. Please try again.');
    },
  };
}

const expired = () => invalid('The referenced transaction has expired or is no longer valid.');

const touches = (query: Query, { before, after }: Change): boolean =>
  (before !== undefined && query.admits(before)) || (after !== undefined && query.admits(after));
