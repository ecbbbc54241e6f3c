import { Unread, type WhyUnread } from '../platform/google-rest.ts';
import type { Store } from '../platform/store.ts';
import type { Facts } from './facts.ts';

/** Of gRPC (google.rpc.Code): what says more than that it failed. */
const whys: Readonly<Record<number, WhyUnread>> = {
  4: 'late',
  5: 'absent',
  7: 'forbidden',
  14: 'unreachable',
  16: 'unknown caller',
};

/** Reads one of the databases. What Firestore throws becomes `Unread`. */
export async function readStore<T>(
  facts: Pick<Facts, 'stores'>,
  which: 'policy' | 'runtime',
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const stores = await facts.stores();
  try {
    return await work(stores[which]);
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
    const isLate = error instanceof Error && error.message.startsWith('Firestore did not answer within');
    if (code === undefined && !isLate) throw error;
    const why = code === undefined ? 'late' : (whys[code] ?? 'refused');
    throw new Unread(
      why,
      {
        api: 'firestore',
        permission: 'datastore.entities.get and datastore.entities.list',
        of: `What stands in the ${which} database`,
      },
      { cause: error },
    );
  }
}
