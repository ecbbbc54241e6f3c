import { documentKinds } from '../model/documents.ts';
import type { Clock } from '../platform/clock.ts';
import type { Store, StoredDocument } from '../platform/store.ts';

/** No document of the product can have this name. */
const beatName = '~beat';

/**
 * Touches a small document in each collection that instances listen to. For the keeper, every 10 s; a beat that fails is the
 * caller's to log, the next one makes good for it. One document for all would prove only its own stream: the client reopens
 * each listener's by itself and in silence.
 */
export async function beat(store: Store, clock: Clock): Promise<void> {
  const data = { beat_at: clock.now().toISOString() };
  await store.commit(documentKinds.map((kind) => ({ op: 'set', path: `${kind}/${beatName}`, data })));
}

export function isBeat({ path }: StoredDocument): boolean {
  return path.endsWith(`/${beatName}`);
}
