/** Decisions read off a list of numbers: a shorter list, or smaller numbers, make for something simpler. */
export type Choices = {
  /** From 0 up to, not including, `limit`; 0 once the list is at its end. */
  below(limit: number): number;
  /** The first is the simplest. */
  of<T>(items: readonly [T, ...T[]]): T;
  /** One of those that there are, if any. */
  any<T>(items: readonly T[]): T | undefined;
  chance(percent: number): boolean;
  /** Between `least` and `most` of what `make` makes. */
  list<T>(least: number, most: number, make: (index: number) => T): T[];
};

export function choicesFrom(numbers: readonly number[]): Choices {
  let next = 0;
  const below = (limit: number) => (numbers[next++] ?? 0) % Math.max(1, limit);
  return {
    below,
    of: (items) => items[below(items.length)] ?? items[0],
    any: (items) => items[below(items.length)],
    // No is the simpler answer.
    chance: (percent) => below(100) >= 100 - percent,
    list: (least, most, make) => Array.from({ length: least + below(most - least + 1) }, (_, index) => make(index)),
  };
}
