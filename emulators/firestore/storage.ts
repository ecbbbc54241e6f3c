import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { collectionOf, lastSegment } from './names.ts';
import { inRange, type Range } from './ranges.ts';
import type { Fields } from './wire.ts';

/** A document as stored: never changed in place, so that it may be shared; times in microseconds. */
export interface StoredDocument {
  readonly name: string;
  readonly fields: Fields;
  readonly createTime: number;
  readonly updateTime: number;
}

/** What one commit did to one document. */
export interface Change {
  readonly name: string;
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
  readonly at: number;
}

export interface Storage {
  get(name: string): StoredDocument | undefined;
  /** In no promised order. */
  scan(range: Range): StoredDocument[];
  /** All or nothing, and still there when the process is killed right after. */
  persist(changes: readonly Change[], at: number): void;
  /** The moment of the last commit, of this process or one before it. */
  lastCommit(): number;
  clear(): void;
  close(): void;
}

/** Turns a document's fields into bytes and back. */
export interface FieldsCodec {
  encode(fields: Fields): Uint8Array;
  decode(bytes: Uint8Array): Fields;
}

const CACHED_DOCUMENTS = 20_000;

/*
 * WAL with synchronous=NORMAL survives a kill of the process at any point (not a power cut, which a laptop's emulator
 * need not). The exclusive lock refuses a second server on the same file.
 */
const SCHEMA = `
  pragma locking_mode = exclusive;
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists documents (
    name text primary key, collection text not null, collection_id text not null,
    body blob not null, created integer not null, updated integer not null);
  create index if not exists by_collection on documents (collection);
  create index if not exists by_collection_id on documents (collection_id);
  create table if not exists commits (one integer primary key check (one = 1), last integer not null);
  insert or ignore into commits values (1, 0);
`;

/** Documents in one SQLite file, with the most used ones decoded in memory. */
export function openStorage(file: string, codec: FieldsCodec): Storage {
  const db = new DatabaseSync(file);
  db.exec(SCHEMA);
  const byName = db.prepare('select * from documents where name = ?');
  const byCollection = db.prepare('select * from documents where collection = ?');
  const byCollectionId = db.prepare('select * from documents where collection_id = ?');
  const byPrefix = db.prepare('select * from documents where name >= ? and name < ?');
  const upsert = db.prepare(
    'insert into documents values (?, ?, ?, ?, ?, ?) on conflict (name) do update set body = excluded.body, created = excluded.created, updated = excluded.updated',
  );
  const remove = db.prepare('delete from documents where name = ?');
  const setLast = db.prepare('update commits set last = ?');
  const getLast = db.prepare('select last from commits');
  const cache = new Map<string, StoredDocument>();

  function remember(document: StoredDocument): StoredDocument {
    if (cache.size >= CACHED_DOCUMENTS) for (const oldest of cache.keys()) if (cache.delete(oldest)) break;
    cache.set(document.name, document);
    return document;
  }

  function read(row: Record<string, unknown>): StoredDocument {
    const { name, body, created, updated } = row;
    const cached = cache.get(String(name));
    if (cached !== undefined) return cached;
    if (!(body instanceof Uint8Array)) throw new TypeError('A stored document has no body.');
    const fields = codec.decode(body);
    return remember({ name: String(name), fields, createTime: Number(created), updateTime: Number(updated) });
  }

  const all = (statement: StatementSync, ...args: string[]) => statement.all(...args).map(read);
  const within = (prefix: string) => all(byPrefix, `${prefix}/`, `${prefix}0`);

  function write({ name, after }: Change): void {
    if (after === undefined) remove.run(name);
    else {
      const collection = collectionOf(name);
      const body = codec.encode(after.fields);
      upsert.run(name, collection, lastSegment(collection), body, after.createTime, after.updateTime);
    }
  }

  function atomically(work: () => void): void {
    db.exec('begin immediate');
    try {
      work();
      db.exec('commit');
    } catch (error) {
      db.exec('rollback');
      throw error;
    }
  }

  return {
    get(name) {
      const cached = cache.get(name);
      if (cached !== undefined) return cached;
      const row = byName.get(name);
      return row === undefined ? undefined : read(row);
    },
    scan(range) {
      if (range.kind === 'collection') return all(byCollection, range.path);
      if (range.kind === 'subtree') return within(range.parent);
      const candidates = range.kind === 'group' ? all(byCollectionId, range.collectionId) : within(range.parent);
      return candidates.filter((document) => inRange(range, document.name));
    },
    persist(changes, at) {
      atomically(() => {
        for (const change of changes) write(change);
        setLast.run(at);
      });
      for (const { name, after } of changes) {
        if (after === undefined) cache.delete(name);
        else remember(after);
      }
    },
    lastCommit: () => Number(getLast.get()?.['last'] ?? 0),
    clear() {
      db.exec('delete from documents');
      cache.clear();
    },
    close: () => db.close(),
  };
}
