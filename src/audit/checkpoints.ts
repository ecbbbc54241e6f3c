import type { ChainHead, Checkpoint } from '../model/checkpoint.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Revision, type Store, type Write, WriteConflict, WriteUncertain } from '../platform/store.ts';
import type { Append } from './append.ts';
import { createCheckpointAlarm } from './checkpoint-alarm.ts';
import { draftOf } from './checkpoint-body.ts';
import { type Latest, readLatest, troublePath, writesOf } from './checkpoint-documents.ts';
import { type Archive, createCheckpointShipping } from './checkpoint-shipping.ts';
import { type HeadDocument, headPath, readHead } from './heads.ts';
import { chainPath } from './lease.ts';
import { defaultTiming } from './timing.ts';

export type CheckpointsDeps = {
  /** On the runtime database. */
  store: Store;
  clock: Clock;
  log: Logger;
  /** Into BigQuery. */
  append: Append;
  /** With the key that only the keeper may use. */
  signer: { keyVersion: string; sign(text: string): Promise<string> };
  /** Which instance makes them. */
  keeper: string;
  /** The first day of which retention has deleted nothing; null where it deletes nothing at all. */
  retainedFrom?: (now: Date) => Promise<string | null>;
  /** The same of recordings. */
  recordingsFrom?: (now: Date) => Promise<string | null>;
  /** Into a bucket where nothing can be changed. */
  archive?: Archive;
  /** Told when the last checkpoint, of that name, is late. */
  onLate?: (checkpoint: string) => void;
};

/** `made`: false where another keeper was first, or where the last one is young enough. */
type CheckpointReport = { checkpoint: string; number: number; time: string; made: boolean; shipped: number };

export interface Checkpoints {
  /**
   * Makes the next checkpoint, of every chain's head, and brings it and those before it where they belong. Safe to run
   * twice at once. Throws when it could not be made or not be shipped; whatever was done until then holds.
   * `unlessYounger`: makes none when the last is not that many milliseconds old.
   */
  make(options?: { unlessYounger?: number }): Promise<CheckpointReport>;
}

type Seen = { latest: Latest; revision: Revision } | undefined;
type SeenHead = HeadDocument & { revision: Revision };

const most = { page: 1000, closed: 200, tries: 5 };

export function createCheckpoints(deps: CheckpointsDeps): Checkpoints {
  const {
    store,
    clock,
    log,
    append,
    signer,
    keeper,
    archive,
    retainedFrom = async () => null,
    recordingsFrom = async () => null,
    onLate = () => {},
  } = deps;
  const alarm = createCheckpointAlarm({ log, onLate: () => onLate(last?.checkpoint ?? '') });
  const shipping = createCheckpointShipping({ store, append, archive, during: alarm.during });
  let last: Pick<Latest, 'checkpoint' | 'time'> | undefined;
  /** What the store holds of this keeper's trouble: `unknown` at first, as the keeper before may have left some. */
  let told = 'unknown';

  const ageOf = (time: string) => clock.now().getTime() - Date.parse(time);

  function saw(latest: Pick<Latest, 'checkpoint' | 'time'> | undefined) {
    last = latest ?? last;
    if (last !== undefined) alarm.observe(ageOf(last.time));
  }

  /** For the console, which is another process. */
  async function tellTrouble() {
    const steps = alarm.failing();
    if (steps.join() === told) return;
    const data = { keeper, since: clock.now().toISOString(), steps };
    const write: Write =
      steps.length > 0 ? { op: 'set', path: troublePath, data } : { op: 'delete', path: troublePath };
    await store.commit([write]).then(
      () => {
        told = steps.join();
      },
      (error) => log.warn({ error }, 'What fails could not be told.'),
    );
  }

  async function make({ unlessYounger = 0 }: { unlessYounger?: number } = {}): Promise<CheckpointReport> {
    const [advanced] = await Promise.allSettled([advance(unlessYounger)]);
    saw(advanced.status === 'fulfilled' ? advanced.value : undefined);
    const shipped = await shipping.ship().finally(tellTrouble);
    if (advanced.status === 'rejected') throw advanced.reason;
    return { ...advanced.value, shipped };
  }

  /** The head of the line of checkpoints, one further if need be. */
  async function advance(unlessYounger: number): Promise<Omit<CheckpointReport, 'shipped'>> {
    const before = await look();
    for (let seen = before, tries = 1; ; seen = await look(), tries++) {
      const isYoung = seen !== undefined && Math.abs(ageOf(seen.latest.time)) < unlessYounger;
      if (seen && (isYoung || seen.latest.number !== before?.latest.number)) return reportOf(seen.latest, false);
      const made = await follow(seen, tries === most.tries);
      if (made) return reportOf(made, true);
    }
  }

  async function look(): Promise<Seen> {
    const seen = await alarm.during('read', () => readLatest(store));
    saw(seen?.latest);
    return seen;
  }

  /** The checkpoint after what was seen. Undefined when somebody changed what it says, or made one, meanwhile. */
  async function follow(seen: Seen, isLastTry: boolean): Promise<Checkpoint | undefined> {
    const now = clock.now();
    const documents = await alarm.during('read', allHeads);
    const over = documents.filter((head) => isOver(head, now)).slice(0, most.closed);
    const [keptFrom, recordedFrom] = await Promise.all([retainedFrom(now), recordingsFrom(now)]);
    const draft = draftOf({
      latest: seen?.latest,
      heads: documents.map((head) => headOf(head, over.includes(head))),
      now,
      keeper,
      retainedFrom: keptFrom,
      recordingsFrom: recordedFrom,
    });
    const signature = await alarm.during('sign', () => signer.sign(draft.checkpoint.body));
    const checkpoint = { ...draft.checkpoint, signature, key: signer.keyVersion };
    const writes = [...writesOf(checkpoint, draft.closedEvents, seen?.revision), ...over.flatMap(removalOf)];
    const kept = await alarm.during('keep', () => keep(checkpoint, writes, isLastTry));
    return kept ? checkpoint : undefined;
  }

  async function allHeads(): Promise<SeenHead[]> {
    const heads: SeenHead[] = [];
    for (;;) {
      const after = heads.at(-1)?.chain;
      const where = after === undefined ? [] : ([['chain', '>', after]] as const);
      const page = await store.query({ collection: 'heads', where, orderBy: [['chain', 'asc']], limit: most.page });
      heads.push(...page.map(({ data, revision }) => ({ ...readHead(data), revision })));
      if (page.length < most.page) return heads;
    }
  }

  /** False when a precondition was lost. One in doubt is looked for; should it arrive later, it has lost its precondition. */
  async function keep(checkpoint: Checkpoint, writes: readonly Write[], isLastTry: boolean): Promise<boolean> {
    try {
      await store.commit(writes);
      return true;
    } catch (error) {
      if (error instanceof WriteConflict && !isLastTry) return false;
      if (!(error instanceof WriteUncertain)) throw error;
      const { latest } = (await readLatest(store)) ?? {};
      if (latest === undefined || latest.number < checkpoint.number) throw error;
      return latest.hash === checkpoint.hash;
    }
  }

  return { make };
}

/**
 * Looks at the last checkpoint from another process than the keeper, which cannot tell that it is dead. Where there never was
 * one, it is awaited from the first look on.
 */
export function createCheckpointWatch(deps: Pick<CheckpointsDeps, 'store' | 'clock' | 'log' | 'onLate'>) {
  const { store, clock, log, onLate = () => {} } = deps;
  let last = { checkpoint: '', time: clock.now().toISOString() };
  const alarm = createCheckpointAlarm({ log, onLate: () => onLate(last.checkpoint) });
  return async () => {
    last = (await readLatest(store))?.latest ?? last;
    alarm.observe(clock.now().getTime() - Date.parse(last.time));
  };
}

/** Late copies of commits have had their time to arrive. */
const isOver = ({ closed_at }: HeadDocument, now: Date) =>
  closed_at !== null && Date.parse(closed_at) + defaultTiming.doubt <= now.getTime();

const headOf = ({ chain, seq, hash }: HeadDocument, closed: boolean): ChainHead => ({ chain, seq, hash, closed });

/** A chain that is over, and said to be in the same commit, leaves nothing behind. */
const removalOf = ({ chain, revision }: SeenHead): Write[] => [
  { op: 'delete', path: headPath(chain), revision },
  { op: 'delete', path: chainPath(chain) },
];

const reportOf = ({ checkpoint, number, time }: Omit<Checkpoint, 'heads'>, made: boolean) => ({
  ...{ checkpoint, number, time },
  made,
});
