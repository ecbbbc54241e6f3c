import { isDeepStrictEqual } from 'node:util';
import {
  type Revision,
  type Store,
  type StoredDocument,
  type StoreQuery,
  Utf8,
  type Write,
  WriteConflict,
  WriteUncertain,
} from '../../src/platform/store.ts';

/** How the next call fails. `unavailable` hits reads too; a commit it hits is uncertain and was not applied. */
type StoreFailure = 'conflict' | 'uncertain-applied' | 'uncertain-lost' | 'unavailable';

export type FakeStore = Store & {
  /** Fails the next commit, or the next that `matches`; `unavailable` without `matches` also fails the next read. */
  failNext(failure: StoreFailure, matches?: (writes: readonly Write[]) => boolean): void;
  /** Until `online`: reads fail, commits are uncertain and lost, listeners get an error and then silence. */
  offline(): void;
  online(): void;
  /** Writes without preconditions or failures, at once. */
  seed(path: string, data: Record<string, unknown>): void;
  /** Removes without preconditions or failures, at once. */
  drop(path: string): void;
  /** What is stored now, by path; of one collection where one is named. */
  contents(collection?: string): Record<string, Record<string, unknown>>;
  /** Every commit that was applied, in order. */
  commits: Write[][];
  /** How many listeners are open. */
  listeners(): number;
};

type State = Map<string, StoredDocument>;
type Listener = {
  path: string;
  seen: string | undefined;
  onChange: (documents: readonly StoredDocument[]) => void;
  onError: (error: unknown) => void;
};

/** A Store in memory with the semantics of the real one: copies in and out, all or nothing, listeners told before a commit resolves. */
export function createFakeStore(): FakeStore {
  let state: State = new Map();
  let revisions = 0;
  let reachable = true;
  const failures: { failure: StoreFailure; matches?: ((writes: readonly Write[]) => boolean) | undefined }[] = [];
  const listeners = new Set<Listener>();
  const commits: Write[][] = [];

  const nextRevision = () => `r${++revisions}` as Revision;

  function notify(listener: Listener) {
    const documents = under(state, listener.path);
    const seen = documents.map(({ path, revision }) => `${path}@${revision}`).join();
    if (!listeners.has(listener) || !reachable || seen === listener.seen) return;
    listener.seen = seen;
    listener.onChange(documents);
  }

  function apply(writes: readonly Write[]) {
    const draft: State = new Map(state);
    for (const write of writes) applyOne(draft, write, nextRevision);
    state = draft;
    commits.push(structuredClone(writes) as Write[]);
    for (const listener of [...listeners]) notify(listener);
  }

  function takeFailure(writes?: readonly Write[]): StoreFailure | undefined {
    const index = failures.findIndex(({ failure, matches }) =>
      writes === undefined ? failure === 'unavailable' && !matches : (matches?.(writes) ?? true),
    );
    return index < 0 ? undefined : failures.splice(index, 1)[0]?.failure;
  }

  function refuseRead() {
    if (!reachable || takeFailure() !== undefined) throw new Error('UNAVAILABLE: the fake store is offline');
  }

  return {
    commits,

    async get(path) {
      assertPath(path, 0);
      refuseRead();
      const found = state.get(path);
      return found && structuredClone(found);
    },

    async query(query) {
      assertPath(query.collection, 1);
      refuseRead();
      return structuredClone(select(under(state, query.collection), query));
    },

    async count({ collection, where = [] }) {
      refuseRead();
      return select(under(state, collection), { collection, where, limit: Number.POSITIVE_INFINITY }).length;
    },

    async commit(writes) {
      for (const write of writes) assertPath(write.path, 0);
      const failure = takeFailure(writes);
      if (failure === 'conflict') throw new WriteConflict('injected');
      if (!reachable || failure === 'uncertain-lost' || failure === 'unavailable') throw new WriteUncertain('injected');
      apply(writes);
      if (failure === 'uncertain-applied') throw new WriteUncertain('injected');
      return writes.map(({ path }) => state.get(path)?.revision);
    },

    listen(path, onChange, onError) {
      const listener: Listener = { path, seen: undefined, onChange, onError };
      listeners.add(listener);
      queueMicrotask(() => {
        if (!reachable && listeners.has(listener)) onError(new Error('UNAVAILABLE: the fake store is offline'));
        notify(listener);
      });
      return () => void listeners.delete(listener);
    },

    failNext: (failure, matches) => void failures.push({ failure, matches }),

    offline() {
      reachable = false;
      for (const { onError } of [...listeners]) onError(new Error('UNAVAILABLE: the fake store is offline'));
    },

    online() {
      reachable = true;
      for (const listener of [...listeners]) {
        listener.seen = undefined;
        notify(listener);
      }
    },

    seed: (path, data) => apply([{ op: 'set', path, data }]),
    drop: (path) => apply([{ op: 'delete', path }]),

    contents: (collection) =>
      Object.fromEntries(
        [...state]
          .filter(([path]) => collection === undefined || parentOf(path) === collection)
          .sort(([a], [b]) => compare(a, b))
          .map(([path, { data }]) => [path, structuredClone(data)]),
      ),

    listeners: () => listeners.size,
  };
}

function applyOne(draft: State, write: Write, nextRevision: () => Revision) {
  const existing = draft.get(write.path);
  if (write.op === 'create' && existing) throw new WriteConflict(`${write.path} exists already`);
  if ('revision' in write && write.revision !== undefined && existing?.revision !== write.revision)
    throw new WriteConflict(`${write.path} was changed`);
  if (write.op === 'delete') {
    draft.delete(write.path);
    return;
  }
  const data = withoutUndefined(write.data);
  if (isDeepStrictEqual(existing?.data, data)) return;
  draft.set(write.path, { path: write.path, data, revision: nextRevision() });
}

function under(state: State, path: string): StoredDocument[] {
  const found = [...state.values()].filter((document) => document.path === path || parentOf(document.path) === path);
  return structuredClone(found.sort((a, b) => compare(a.path, b.path)));
}

function select(documents: StoredDocument[], { where = [], orderBy = [], limit }: StoreQuery) {
  return documents
    .filter(({ data }) => where.every(([field, op, value]) => holds(fieldOf(data, field), op, value)))
    .filter(({ data }) => orderBy.every(([field]) => fieldOf(data, field) !== undefined))
    .sort((a, b) => {
      for (const [field, direction] of orderBy) {
        const order = compare(fieldOf(a.data, field), fieldOf(b.data, field));
        if (order !== 0) return direction === 'asc' ? order : -order;
      }
      return orderBy.at(-1)?.[1] === 'desc' ? compare(b.path, a.path) : compare(a.path, b.path);
    })
    .slice(0, limit);
}

function holds(field: unknown, op: string, value: unknown) {
  if (op === 'in') return Array.isArray(value) && value.some((item) => isDeepStrictEqual(item, field));
  if (op === '==') return isDeepStrictEqual(field, value);
  if (field === undefined || typeof field !== typeof value) return false;
  const order = compare(field, value);
  if (op === '<') return order < 0;
  if (op === '<=') return order <= 0;
  if (op === '>') return order > 0;
  return order >= 0;
}

/** Of two values of the same kind: numbers, dates, booleans by size, text by code units. */
function compare(a: unknown, b: unknown) {
  const [left, right] = [a, b] as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}

function fieldOf(data: Record<string, unknown>, field: string): unknown {
  return field.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  }, data);
}

function withoutUndefined(data: Record<string, unknown>): Record<string, unknown> {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (value instanceof Utf8) return String(value);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) === Date.prototype) return value;
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, clean(item)]));
  };
  return structuredClone(clean(data)) as Record<string, unknown>;
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

/** Documents have an even number of segments, collections an odd one, as in Firestore. */
function assertPath(path: string, remainder: 0 | 1) {
  const segments = path.split('/');
  if (segments.length % 2 !== remainder || segments.includes('')) throw new Error(`not a valid path: ${path}`);
}
