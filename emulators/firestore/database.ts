import { createChangeLog } from './change-log.ts';
import type { Clock } from './clock.ts';
import { failedPrecondition } from './errors.ts';
import { inRange, type Range } from './ranges.ts';
import type { Change, Storage, StoredDocument } from './storage.ts';

/** Documents with a past: what they were at a moment, what changed since, and who wants to know. */
export interface Database {
  /** The moment of a read of what is stored now. */
  now(): number;
  get(name: string, at?: number): StoredDocument | undefined;
  /** In no promised order. */
  scan(range: Range, at?: number): StoredDocument[];
  /** Newest first, or `undefined` when the moment is too long ago to tell. */
  changesSince(micros: number): Change[] | undefined;
  /** Runs `work` on a draft and stores all it drafted at one moment, or, when it throws, nothing. */
  commit<Result>(work: (draft: Draft) => Result): { result: Result; at: number };
  /** Calls back after commits, once for all of one turn of the event loop, until the returned function is called. */
  onCommit(listener: () => void): () => void;
  clear(): void;
}

/** A commit being prepared: later writes see earlier ones. */
export interface Draft {
  readonly at: number;
  get(name: string): StoredDocument | undefined;
  put(name: string, after: StoredDocument | undefined): void;
}

export function createDatabase(storage: Storage, clock: Clock): Database {
  const start = storage.lastCommit();
  let log = createChangeLog(start);
  let latest = start;
  const listeners = new Set<() => void>();
  let scheduled = false;

  /** What each document changed after `at` was at that moment. */
  function overwritten(at: number): Map<string, StoredDocument | undefined> {
    if (at < log.floor()) throw failedPrecondition('The requested snapshot version is too old.');
    return new Map(log.since(at).map(({ name, before }) => [name, before]));
  }

  function tell(): void {
    scheduled = false;
    for (const listener of listeners) listener();
  }

  function schedule(): void {
    if (scheduled || listeners.size === 0) return;
    scheduled = true;
    setImmediate(tell);
  }

  function announce(changes: readonly Change[], at: number): void {
    latest = at;
    log.append(changes);
    schedule();
  }

  return {
    now: clock.now,
    get(name, at = latest) {
      if (at >= latest) return storage.get(name);
      const past = overwritten(at);
      return past.has(name) ? past.get(name) : storage.get(name);
    },
    scan(range, at = latest) {
      const current = storage.scan(range);
      if (at >= latest) return current;
      const past = overwritten(at);
      const kept = current.filter(({ name }) => !past.has(name));
      for (const [name, before] of past) if (before !== undefined && inRange(range, name)) kept.push(before);
      return kept;
    },
    changesSince: (micros) => (micros < log.floor() ? undefined : log.since(micros)),
    commit(work) {
      const at = clock.next();
      const drafted = new Map<string, StoredDocument | undefined>();
      const result = work({
        at,
        get: (name) => (drafted.has(name) ? drafted.get(name) : storage.get(name)),
        put: (name, after) => drafted.set(name, after),
      });
      const changes = [...drafted]
        .map(([name, after]) => ({ name, before: storage.get(name), after, at }))
        .filter(({ before, after }) => before !== after);
      if (changes.length > 0) {
        storage.persist(changes, at);
        announce(changes, at);
      }
      return { result, at };
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clear() {
      storage.clear();
      latest = clock.next();
      log = createChangeLog(latest);
      schedule();
    },
  };
}
