import type { Access } from '../../target.ts';
import type { Settings } from '../settings.ts';
import type { Catalog } from './catalog.ts';

/** The catalog as of one moment, and the settings that decide how names are looked up in it. */
export type Snapshot = { catalog: Catalog; searchPath: readonly string[]; number: number };

export type Snapshots = {
  /** A snapshot of the connection's catalog, young enough. Throws what reading it threw, if there is none that can be used. */
  get(access: Access<Settings>): Promise<Snapshot>;
  /** A younger one than that given, or the same where it was read so lately that the target is not to be asked again. */
  renew(access: Access<Settings>, old: Snapshot): Promise<Snapshot>;
  /** The catalog is known to be another by now; a snapshot other than the one given is kept. */
  drop(access: Access<Settings>, old?: Snapshot): void;
};

export type SnapshotsDeps = {
  read: (access: Access<Settings>) => Promise<Catalog>;
  /** Milliseconds now. */
  now: () => number;
  /** Milliseconds for which a snapshot is young. */
  age: number;
};

type Entry = {
  key: string;
  current?: Snapshot;
  /** When the reading of `current` began, and how long it took. */
  at: number;
  took: number;
  reading?: Promise<Snapshot> | undefined;
};

/** How many times its age a snapshot is used while, or because, no younger one can be had. */
const patience = 5;

/** Milliseconds, and times what reading took, that pass between two readings that callers cause. */
const [leastPause, pauseFactor] = [3000, 10];

/**
 * One snapshot for each connection, read by one caller for all. One that is no longer young is still used while a younger one is
 * read: each statement compares what it rests on with the catalog when it runs, whatever the age of the snapshot.
 */
export function createSnapshots({ read, now, age }: SnapshotsDeps): Snapshots {
  const entries = new Map<string, Entry>();
  let latest = 0;

  function entryFor({ connection, settings, secret }: Access<Settings>): Entry {
    const key = JSON.stringify([settings, secret.version]);
    const known = entries.get(connection.name);
    if (known?.key === key) return known;
    const entry = { key, at: 0, took: 0 };
    entries.set(connection.name, entry);
    return entry;
  }

  function load(entry: Entry, access: Access<Settings>): Promise<Snapshot> {
    if (entry.reading !== undefined) return entry.reading;
    const reading: Promise<Snapshot> = readNow(access).then(
      ({ snapshot, at, took }) => {
        // One that was begun before the catalog was known to have changed serves only those who asked for it then.
        if (entry.reading === reading) Object.assign(entry, { current: snapshot, at, took, reading: undefined });
        return snapshot;
      },
      (error: unknown) => {
        if (entry.reading === reading) entry.reading = undefined;
        throw error;
      },
    );
    entry.reading = reading;
    return reading;
  }

  async function readNow(access: Access<Settings>) {
    const at = now();
    const catalog = await read(access);
    const snapshot: Snapshot = { catalog, searchPath: access.settings.search_path, number: ++latest };
    return { snapshot, at, took: now() - at };
  }

  return {
    async get(access) {
      const entry = entryFor(access);
      const { current, at } = entry;
      if (current !== undefined && now() - at < age) return current;
      const younger = load(entry, access);
      if (current === undefined || now() - at >= age * patience) return younger;
      // Whoever needs it anew asks again; until then it may fail unheard.
      younger.catch(() => {});
      return current;
    },
    async renew(access, old) {
      const entry = entryFor(access);
      const { current, at, took } = entry;
      if (current !== undefined && current !== old) return current;
      const pause = Math.max(leastPause, took * pauseFactor);
      return current === old && now() - at < pause ? old : load(entry, access);
    },
    drop(access, old) {
      const entry = entryFor(access);
      if (old !== undefined && entry.current !== old) return;
      delete entry.current;
      entry.reading = undefined;
    },
  };
}
