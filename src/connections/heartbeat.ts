import type { Clock } from '../platform/clock.ts';
import type { Store } from '../platform/store.ts';

/** A listener has no heartbeat of its own, so every instance listens to this document and the keeper touches it every 10 s. */
export const heartbeatPath = 'heartbeats/keeper';

/** Touches the heartbeat. For the keeper; a beat that fails is the caller's to log, the next one makes good for it. */
export async function beat(store: Store, clock: Clock): Promise<void> {
  await store.commit([{ op: 'set', path: heartbeatPath, data: { beat_at: clock.now().toISOString() } }]);
}
