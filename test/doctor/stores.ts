import { sign } from 'node:crypto';
import { createCheckpoints } from '../../src/audit/audit.ts';
import { outboxPath, sortedBy } from '../../src/audit/paths.ts';
import { documentKinds } from '../../src/model/documents.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Store, StoredDocument } from '../../src/platform/store.ts';
import { createFakeStore } from '../fakes/store.ts';
import type { Deployment } from './healthy.ts';

/** The two databases, with what the state says is in them. The last checkpoint is made by the product itself. */
export async function storesOf({ documents, beat, checkpoint, outbox, dead, signWith }: Deployment, key: string) {
  const [policy, runtime] = [createFakeStore(), createFakeStore()];
  const beaten = new Date(Date.now() - beat.age * 1000);
  for (const kind of documentKinds) {
    for (const [name, document] of Object.entries(documents[kind])) policy.seed(`${kind}/${name}`, document);
    policy.seed(`${kind}/~beat`, { beat_at: new Date(beaten.getTime() + beat.ahead * 1000).toISOString() });
  }
  const sealed = new Date(Date.now() - checkpoint.age * 1000);
  await createCheckpoints({
    store: runtime,
    clock: { now: () => sealed },
    log: createLogger({ level: 'error', project: 'p', role: 'keeper', destination: { write: () => {} } }),
    append: async () => [],
    signer: {
      keyVersion: key,
      sign: async (text) => checkpoint.signature ?? sign('sha256', Buffer.from(text), signWith).toString('base64'),
    },
    keeper: 'ins_keeper',
  }).make();
  for (const { event, ...document } of outbox)
    runtime.seed(outboxPath(event), { ...sortedBy(event), chain: 'ch_1', ...document });
  for (let count = 0; count < dead; count += 1) runtime.seed(`dead/${count}`, {});
  return { policy: writtenAt(policy, beaten), runtime, close: async () => {} };
}

/** The database's own clock is right. */
function writtenAt(store: Store, time: Date): Store {
  const at = (found: StoredDocument | undefined) => found && { ...found, writtenAt: time.toISOString() };
  return { ...store, get: async (path) => at(await store.get(path)) };
}
