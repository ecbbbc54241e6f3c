import { DatabaseSync } from 'node:sqlite';
import { collectionOf, lastSegment } from './names.ts';
import type { Change, StoredDocument } from './storage.ts';
import type { Fields } from './wire.ts';

/** Turns a document's fields into bytes and back. */
export interface FieldsCodec {
  encode(fields: Fields): Uint8Array;
  decode(bytes: Uint8Array): Fields;
}

/** Where documents outlive the process. */
export interface DocumentFile {
  names(): string[];
  /** Throws when it has no document of this name. */
  read(name: string): StoredDocument;
  /** All or nothing, and still there when the process is killed right after. */
  persist(changes: readonly Change[], at: number): void;
  /** The moment of the last commit, of this process or one before it. */
  lastCommit(): number;
  clear(): void;
  close(): void;
}

/*
 * WAL with synchronous=NORMAL survives a kill of the process at any point (not a power cut, which a laptop's emulator
 * need not). The exclusive lock refuses a second server on the same file. Nothing reads the indexes of older files now.
 */
const SCHEMA = `
  pragma locking_mode = exclusive;
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists documents (
    name text primary key, collection text not null, collection_id text not null,
    body blob not null, created integer not null, updated integer not null);
  drop index if exists by_collection;
  drop index if exists by_collection_id;
  create table if not exists commits (one integer primary key check (one = 1), last integer not null);
  insert or ignore into commits values (1, 0);
`;

/** Documents in one SQLite file. Refuses a file in use. */
export function openDocumentFile(file: string, codec: FieldsCodec): DocumentFile {
  const db = new DatabaseSync(file);
  db.exec(SCHEMA);
  const byName = db.prepare('select body, created, updated from documents where name = ?');
  const everyName = db.prepare('select name from documents');
  const upsert = db.prepare(
    'insert into documents values (?, ?, ?, ?, ?, ?) on conflict (name) do update set body = excluded.body, created = excluded.created, updated = excluded.updated',
  );
  const remove = db.prepare('delete from documents where name = ?');
  const setLast = db.prepare('update commits set last = ?');
  const getLast = db.prepare('select last from commits');

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
    names: () => everyName.all().map(({ name }) => String(name)),
    read(name) {
      const { body, created, updated } = byName.get(name) ?? {};
      if (!(body instanceof Uint8Array)) throw new TypeError('A stored document has no body.');
      return { name, fields: codec.decode(body), createTime: Number(created), updateTime: Number(updated) };
    },
    persist: (changes, at) =>
      atomically(() => {
        for (const change of changes) write(change);
        setLast.run(at);
      }),
    lastCommit: () => Number(getLast.get()?.['last'] ?? 0),
    clear: () => db.exec('delete from documents'),
    close: () => db.close(),
  };
}
