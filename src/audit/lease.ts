import { z } from 'zod';
import type { AuditFacts } from '../model/audit-event.ts';
import type { Clock } from '../platform/clock.ts';
import type { Store, StoredDocument, Write } from '../platform/store.ts';
import { WriteConflict } from '../platform/store.ts';
import type { Heads, Reached } from './heads.ts';
import type { Timing } from './timing.ts';

/**
 * `chains/{chain}`: who writes the chain, and until when it is taken to be alive. `open`: its instance writes it.
 * `taken`: its lease was over and a keeper closes what it left; its instance, should it live after all, begins another.
 * `closed`: nothing of it is left in the outbox.
 */
export const chainDocumentSchema = z.object({
  chain: z.string(),
  state: z.enum(['open', 'taken', 'closed']),
  opened_at: z.iso.datetime(),
  alive_until: z.iso.datetime(),
  role: z.string(),
  instance: z.string(),
});
export type ChainDocument = z.output<typeof chainDocumentSchema>;

export const chainPath = (chain: string) => `chains/${chain}`;

export type Lease = ReturnType<typeof createLease>;

/** The right to extend one chain, renewed in the store. Lost for good once a keeper took the chain. */
export function createLease(deps: {
  store: Store;
  clock: Clock;
  timing: Timing;
  chain: string;
  gateway: AuditFacts['gateway'];
  heads: Heads;
}) {
  const { store, clock, timing, chain, gateway, heads } = deps;
  const openedAt = clock.now().toISOString();
  let lost = false;
  let aliveUntil = clock.now().getTime() + timing.lease;

  const document = (state: ChainDocument['state']): ChainDocument => ({
    chain,
    state,
    opened_at: openedAt,
    alive_until: new Date(aliveUntil).toISOString(),
    role: gateway.role,
    instance: gateway.instance,
  });

  /** False when the chain is no longer this instance's. Throws when the store does not say. */
  async function change(state: ChainDocument['state'], until: number, reached: readonly Reached[]): Promise<boolean> {
    const found = await store.get(chainPath(chain));
    if (!isOwn(found)) {
      lost = true;
      return false;
    }
    const write = { ...document(state), alive_until: new Date(until).toISOString() };
    try {
      const renewal = { op: 'replace', path: chainPath(chain), data: write, revision: found.revision } as const;
      await heads.commit([renewal], reached, state === 'closed' ? chain : undefined);
    } catch (error) {
      if (error instanceof WriteConflict) return change(state, until, reached);
      throw error;
    }
    aliveUntil = until;
    return true;
  }

  return {
    chain,
    /** Goes into the commit of the chain's first link. */
    registration: (): Write => ({ op: 'create', path: chainPath(chain), data: document('open') }),
    isLost: () => lost,
    isOver: () => clock.now().getTime() >= aliveUntil,
    /** `reached`: how far the chain is known to be durable; its head follows. */
    renew: (reached: readonly Reached[]) => change('open', clock.now().getTime() + timing.lease, reached),
    /** Whether the chain is still this instance's, asked of the store. */
    async isKept() {
      return isOwn(await store.get(chainPath(chain)));
    },
    /** Ends it now: `closed` when nothing is left of it, else a keeper comes at once. */
    release: (nothingLeft: boolean, reached: readonly Reached[]) =>
      change(nothingLeft ? 'closed' : 'taken', clock.now().getTime(), reached),
  };
}

const isOwn = (found: StoredDocument | undefined): found is StoredDocument =>
  found !== undefined && chainDocumentSchema.parse(found.data).state === 'open';
