import { setTimeout as sleep } from 'node:timers/promises';
import { createFirestoreStore as create } from '../../../../src/platform/firestore.ts';
import { type Store, type Write, WriteUncertain } from '../../../../src/platform/store.ts';
import { type Point, points } from '../orders.ts';
import { die, isKeeper, isSabotaged, orderAt } from './point.ts';

export * from '../../../../src/platform/firestore.ts';

export const createFirestoreStore: typeof create = async (options) => {
  const real = await create(options);
  return { ...real, commit: (writes) => commit(real, writes.map(sabotaged)) };
};

async function commit(store: Store, writes: readonly Write[]) {
  const what = nameOf(writes);
  if (what === undefined) return store.commit(writes);
  if (what === 'it is closed as unknown' && isSabotaged('what a dead instance left is not closed')) throw refusal();
  const before = orderAt(pointOf('before', what));
  if (before === 'die') die();
  if (before === 'refused') throw refusal();
  if (before === 'lost') throw new WriteUncertain('The commit was lost on its way.');
  if (typeof before === 'object' && 'late' in before) {
    setTimeout(() => store.commit(writes).catch(() => undefined), before.late);
    throw new WriteUncertain('The commit is under way.');
  }
  if (typeof before === 'object') await sleep(before.wait);
  const revisions = await store.commit(writes);
  const after = orderAt(pointOf('after', what));
  if (after === 'die') die();
  if (after === 'answer lost') throw new WriteUncertain('The answer to the commit was lost.');
  if (typeof after === 'object' && 'wait' in after) await sleep(after.wait);
  return revisions;
}

const refusal = () => Object.assign(new Error('3 INVALID_ARGUMENT'), { code: 3 });

type Name =
  | 'the intent is committed'
  | 'the outcome is committed'
  | 'it is closed as unknown'
  | 'deletion'
  | 'the chain is taken'
  | 'the end of the chain';

/** What a commit is, told from what it writes. */
function nameOf(writes: readonly Write[]): Name | undefined {
  for (const write of writes) {
    if (write.path.startsWith('chains/') && write.op === 'replace' && write.data['state'] === 'taken' && isKeeper)
      return 'the chain is taken';
    if (!write.path.startsWith('outbox/')) continue;
    if (write.op === 'delete') return 'deletion';
    if (write.data['state'] === 'intended') return 'the intent is committed';
    const last = String(rowsOf(write).at(-1));
    if (write.op === 'replace')
      return last.includes('"type":"unknown"') ? 'it is closed as unknown' : 'the outcome is committed';
    if (last.includes('"type":"chain_closed"')) return 'the end of the chain';
  }
  return undefined;
}

function rowsOf(write: Write): unknown[] {
  const rows = 'data' in write ? write.data['rows'] : [];
  return Array.isArray(rows) ? rows : [];
}

function pointOf(side: 'before' | 'after', name: Name): Point {
  const found = points.find((point) => point === `${side} ${name}`);
  if (found === undefined) throw new Error(`There is no point ${side} ${name}.`);
  return found;
}

function sabotaged(write: Write): Write {
  const isSpent = write.op === 'replace' && write.data['state'] === 'spent';
  if (!isSpent || !isSabotaged('an approval is spent without a precondition')) return write;
  return { op: 'set', path: write.path, data: write.data };
}
