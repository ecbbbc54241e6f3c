/** What the checkpoints say of one chain: each head it had, and the first checkpoint that has it. In order. */
export type Heads = {
  /** Adds what a later checkpoint says. A head that is as before is not kept again. */
  add(head: { seq: number; hash: string; closed: boolean }, position: number): void;
  /** What was said last. */
  last(): Head | undefined;
  /** The head at that very place. */
  at(seq: number): Head | undefined;
  /** The first head that covers that place. */
  covering(seq: number): Head | undefined;
  /** The last head before that place. */
  before(seq: number): Head | undefined;
  /** The place after which nothing may come. */
  end(): number | undefined;
};

/** `position` is that of the checkpoint among all that were read. */
export type Head = { seq: number; hash: string; position: number };

export function createHeads(): Heads {
  const heads: Head[] = [];
  let end: number | undefined;

  /** The first index whose head is at that place or after it. Rows come in order, so it is mostly where it was. */
  let cursor = 0;
  function indexOf(seq: number): number {
    const fits = (index: number) =>
      (heads[index - 1]?.seq ?? -1) < seq && (heads[index] === undefined || (heads[index]?.seq ?? 0) >= seq);
    if (fits(cursor)) return cursor;
    if (fits(cursor + 1)) return ++cursor;
    let [low, high] = [0, heads.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((heads[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    cursor = low;
    return low;
  }

  return {
    add({ seq, hash, closed }, position) {
      if (heads.at(-1)?.seq !== seq) heads.push({ seq, hash, position });
      if (closed) end ??= seq;
    },
    last: () => heads.at(-1),
    at(seq) {
      const found = heads[indexOf(seq)];
      return found?.seq === seq ? found : undefined;
    },
    covering: (seq) => heads[indexOf(seq)],
    before: (seq) => heads[indexOf(seq) - 1],
    end: () => end,
  };
}
