import type { DocumentFile } from './document-file.ts';
import { collectionOf } from './names.ts';
import { holds, type Range } from './ranges.ts';
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
  /** All or nothing, and where there is a file, still there when the process is killed right after. */
  persist(changes: readonly Change[], at: number): void;
  /** The moment of the last commit, of this process or one before it. */
  lastCommit(): number;
  clear(): void;
  close(): void;
}

/** Of the documents that are in a file too. Without one all are kept in memory. */
const DOCUMENTS_IN_MEMORY = 20_000;

/** Documents by collection, in memory; with a file, the names of all, and those documents that were used last. */
export function createStorage(file?: DocumentFile): Storage {
  /** `undefined` for a document that is in the file alone. */
  const collections = new Map<string, Map<string, StoredDocument | undefined>>();
  const inMemory = new Set<string>();

  function collection(path: string): Map<string, StoredDocument | undefined> {
    const found = collections.get(path) ?? new Map<string, StoredDocument | undefined>();
    collections.set(path, found);
    return found;
  }

  function keep(document: StoredDocument): StoredDocument {
    collection(collectionOf(document.name)).set(document.name, document);
    if (file !== undefined) evict(document.name);
    return document;
  }

  /** The oldest is forgotten, since it can be read again. */
  function evict(newest: string): void {
    inMemory.add(newest);
    if (inMemory.size <= DOCUMENTS_IN_MEMORY) return;
    const [oldest = newest] = inMemory;
    inMemory.delete(oldest);
    collection(collectionOf(oldest)).set(oldest, undefined);
  }

  function forget(name: string): void {
    inMemory.delete(name);
    const path = collectionOf(name);
    const found = collections.get(path);
    if (found?.delete(name) && found.size === 0) collections.delete(path);
  }

  function load(): void {
    for (const name of file?.names() ?? []) collection(collectionOf(name)).set(name, undefined);
  }

  function read(name: string, document: StoredDocument | undefined): StoredDocument {
    if (document !== undefined) return document;
    if (file === undefined) throw new TypeError('A document is neither in memory nor in a file.');
    return keep(file.read(name));
  }

  load();
  return {
    get(name) {
      const found = collections.get(collectionOf(name));
      return found?.has(name) ? read(name, found.get(name)) : undefined;
    },
    scan(range) {
      const found: StoredDocument[] = [];
      for (const documents of collectionsIn(range, collections))
        for (const [name, document] of documents) found.push(read(name, document));
      return found;
    },
    persist(changes, at) {
      file?.persist(changes, at);
      for (const { name, after } of changes) {
        if (after === undefined) forget(name);
        else keep(after);
      }
    },
    lastCommit: () => file?.lastCommit() ?? 0,
    clear() {
      file?.clear();
      collections.clear();
      inMemory.clear();
    },
    close: () => file?.close(),
  };
}

/** The collections that are looked at; one that is named is not searched for. */
function collectionsIn<Documents>(range: Range, collections: ReadonlyMap<string, Documents>): Documents[] {
  if (range.kind !== 'collection')
    return [...collections].filter(([path]) => holds(range, path)).map(([, documents]) => documents);
  const documents = collections.get(range.path);
  return documents === undefined ? [] : [documents];
}
