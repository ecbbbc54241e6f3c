import { z } from 'zod';
import { sha256 } from '../model/canonical.ts';
import { checkpointBodySchema } from '../model/checkpoint.ts';
import type { Clock } from '../platform/clock.ts';
import type { Store } from '../platform/store.ts';
import { LATE } from './checkpoint-alarm.ts';
import { type Latest, readLatest, readPending, readTrouble } from './checkpoint-documents.ts';
import { readRecord } from './outbox.ts';
import { inOrder } from './paths.ts';

/** How the trail stands now. Ages in seconds. */
export type Integrity = {
  /** `failing` before `late`. `why` says each reason. */
  state: 'ok' | 'late' | 'failing';
  why: string[];
  time: string;
  checkpoint:
    | (Pick<Latest, 'checkpoint' | 'number' | 'time' | 'keeper' | 'hash' | 'key'> & {
        age: number;
        /** Of the signature, just now, and of the hash. `unknown`: the public key cannot be had. */
        signature: 'valid' | 'invalid' | 'unknown';
        heads: number;
        events: number;
        retained_from: string | null;
      })
    | null;
  /** `closing`: over, and not yet said to be in a checkpoint. */
  chains: { open: number; taken: number; closing: number };
  /** Not in BigQuery yet: `running` has no outcome yet; `dead` was put aside, as it cannot be shipped. */
  outbox: {
    events: number;
    running: number;
    dead: number;
    oldest: { time: string; age: number } | null;
    checkpoints: number;
  };
};

export type ReadIntegrity = () => Promise<Integrity>;

/** How long a row may wait for BigQuery before it counts as a failure. */
const UNSHIPPED = 300_000;

/** Reads how the chains, the checkpoints and the outbox stand, and verifies the last checkpoint. Throws when Firestore does not answer. */
export function createIntegrity(deps: {
  store: Store;
  clock: Clock;
  verify: (text: string, signature: string, key: string) => Promise<boolean>;
}): ReadIntegrity {
  const { store, clock, verify } = deps;
  const ageOf = (time: string) => Math.round((clock.now().getTime() - Date.parse(time)) / 1000);
  const countOf = (collection: string, state: string) => store.count({ collection, where: [['state', '==', state]] });
  const countDead = () => store.count({ collection: 'dead' });

  async function signatureOf({ body, hash, signature, key }: Latest) {
    if (sha256(body) !== hash) return 'invalid';
    try {
      return (await verify(body, signature, key)) ? 'valid' : 'invalid';
    } catch {
      return 'unknown';
    }
  }

  async function lastCheckpoint(): Promise<Integrity['checkpoint']> {
    const seen = await readLatest(store);
    if (!seen) return null;
    const { checkpoint, number, time, keeper, hash, key, body } = seen.latest;
    const said = checkpointBodySchema.parse(JSON.parse(body));
    const known = { checkpoint, number, time, keeper, hash, key };
    const isSame = said.number === number && said.time === time && said.keeper === keeper;
    return {
      ...known,
      age: ageOf(time),
      signature: isSame ? await signatureOf(seen.latest) : 'invalid',
      ...{ heads: said.heads, events: said.events, retained_from: said.retained_from },
    };
  }

  /** Names of events tell their time, so the oldest of the first few that are done is the oldest of all. */
  async function oldestEvent() {
    const first = await store.query({ collection: 'outbox', ...inOrder, limit: 20 });
    const [row] = first.map(readRecord).find(({ state }) => state === 'done')?.rows ?? [];
    if (row === undefined) return null;
    const { time } = z.object({ time: z.iso.datetime() }).parse(JSON.parse(row));
    return { time, age: ageOf(time) };
  }

  return async () => {
    const [checkpoint, open, taken, closing, events, running, dead, oldest, pending, trouble] = await Promise.all([
      lastCheckpoint(),
      countOf('chains', 'open'),
      countOf('chains', 'taken'),
      countOf('chains', 'closed'),
      countOf('outbox', 'done'),
      countOf('outbox', 'intended'),
      countDead(),
      oldestEvent(),
      readPending(store, { after: '', limit: 1 }),
      readTrouble(store),
    ]);
    const waiting = pending[0]?.checkpoint.time;
    const checkpoints = checkpoint && pending[0] ? checkpoint.number - pending[0].checkpoint.number + 1 : 0;
    const failing = [
      ...(trouble?.steps ?? []).map((step) => `${stepWords[step]} (since ${trouble?.since}).`),
      checkpoint?.signature === 'invalid' && 'The signature of the last checkpoint does not hold.',
      checkpoint?.signature === 'unknown' && 'The signature of the last checkpoint cannot be verified now.',
      waiting !== undefined && ageOf(waiting) * 1000 > LATE && 'Checkpoints wait to be shipped.',
      dead > 0 && 'Some of the trail cannot be shipped and was put aside.',
      oldest !== null && oldest.age * 1000 > UNSHIPPED && 'Events wait to be shipped.',
    ].filter((why) => typeof why === 'string');
    const late = [
      checkpoint === null && 'There is no checkpoint yet.',
      checkpoint !== null &&
        Math.abs(checkpoint.age) * 1000 > LATE &&
        'The last checkpoint is not of the last two minutes.',
    ].filter((why) => typeof why === 'string');
    return {
      state: failing.length > 0 ? 'failing' : late.length > 0 ? 'late' : 'ok',
      why: [...failing, ...late],
      time: clock.now().toISOString(),
      checkpoint,
      chains: { open, taken, closing },
      outbox: { events, running, dead, oldest, checkpoints },
    };
  };
}

const stepWords = {
  read: 'The keeper cannot read Firestore',
  sign: 'KMS does not sign checkpoints',
  keep: 'The keeper cannot write to Firestore',
  ship: 'BigQuery does not take checkpoints',
  archive: 'The bucket does not take checkpoints',
} as const;
