/** Whole numbers that are missing. */
export type Ranges = {
  add(from: number, to: number): void;
  /** True where the number was missing; it is no longer. */
  take(number: number): boolean;
  list(): readonly { from: number; to: number }[];
};

export function createRanges(): Ranges {
  const ranges: { from: number; to: number }[] = [];
  return {
    add: (from, to) => void ranges.push({ from, to }),
    take(number) {
      const index = ranges.findIndex(({ from, to }) => from <= number && number <= to);
      const range = ranges[index];
      if (range === undefined) return false;
      const rest = [
        { from: range.from, to: number - 1 },
        { from: number + 1, to: range.to },
      ];
      ranges.splice(index, 1, ...rest.filter(({ from, to }) => from <= to));
      return true;
    },
    list: () => ranges,
  };
}
