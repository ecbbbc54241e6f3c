import { z } from 'zod';
import type { QueryRow } from '../platform/bigquery.ts';

/** One chain's share of a period. */
const shareSchema = z.object({
  chain: z.string(),
  events: z.number(),
  first_seq: z.number(),
  last_seq: z.number(),
  first_at: z.string(),
  last_at: z.string(),
  /** Sequence numbers between the first and the last that no event has. */
  missing: z.number(),
});

/**
 * The events that answers for a period are made of. `whole` says that no chain has a gap between its first and its last event of
 * the period; what lies before and after these is for `completeness` and the checkpoints to tell.
 */
export type Population = {
  events: number;
  first_at: string | null;
  last_at: string | null;
  missing: number;
  status: 'whole' | 'gaps' | 'empty';
  chains: readonly z.output<typeof shareSchema>[];
};

export function createPopulation(read: (period: { from: Date; to: Date }) => Promise<QueryRow[]>) {
  return async ({ from, to }: { from: Date; to: Date }): Promise<Population> => {
    const chains = z.array(shareSchema).parse(await read({ from, to }));
    const missing = sum(chains.map((share) => share.missing));
    return {
      events: sum(chains.map((share) => share.events)),
      first_at: chains.map(({ first_at }) => first_at).toSorted()[0] ?? null,
      last_at:
        chains
          .map(({ last_at }) => last_at)
          .toSorted()
          .at(-1) ?? null,
      missing,
      status: chains.length === 0 ? 'empty' : missing > 0 ? 'gaps' : 'whole',
      chains,
    };
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
