type Line = { sign: ' ' | '-' | '+'; text: string };

/** Beyond so many differences nobody reads them one by one, and looking for the fewest takes long. */
const mostEdits = 1000;

/**
 * The fewest lines that are taken out and put in, in order (E. Myers, “An O(ND) Difference Algorithm and Its Variations”, 1986).
 * Where there are more than 1,000, everything between the first and the last is.
 */
export function lineDiff(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const rest = Math.min(before.length, after.length) - start;
  while (end < rest && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const [some, others] = [before, after].map((lines) => lines.slice(start, lines.length - end));
  return [
    ...before.slice(0, start).map(same),
    ...edits(some ?? [], others ?? []),
    ...before.slice(before.length - end).map(same),
  ];
}

const same = (text: string): Line => ({ sign: ' ', text });
const removed = (text: string): Line => ({ sign: '-', text });
const added = (text: string): Line => ({ sign: '+', text });

/** On each diagonal (place before − place after) how far so many edits reach. */
type Reach = ReadonlyMap<number, number>;

function edits(before: readonly string[], after: readonly string[]): Line[] {
  const steps: Reach[] = [];
  let reach: Reach = new Map([[1, 0]]);
  for (let count = 0; count <= Math.min(before.length + after.length, mostEdits); count++) {
    steps.push(reach);
    const next = new Map<number, number>();
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      const down = goesDown(reach, diagonal, count);
      let x = down ? (reach.get(diagonal + 1) ?? 0) : (reach.get(diagonal - 1) ?? 0) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(steps, before, after);
    }
    reach = next;
  }
  return [...before.map(removed), ...after.map(added)];
}

/** Whether the last edit on the diagonal puts a line in, rather than takes one out. */
function goesDown(reach: Reach, diagonal: number, count: number) {
  if (diagonal === -count) return true;
  return diagonal !== count && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1);
}

function walkBack(steps: readonly Reach[], before: readonly string[], after: readonly string[]): Line[] {
  const lines: Line[] = [];
  let [x, y] = [before.length, after.length];
  for (let count = steps.length - 1; count >= 0; count--) {
    const reach = steps[count] ?? new Map();
    const diagonal = x - y;
    const down = goesDown(reach, diagonal, count);
    const from = down ? diagonal + 1 : diagonal - 1;
    const [startX, startY] = [reach.get(from) ?? 0, (reach.get(from) ?? 0) - from];
    for (; x > startX && y > startY && x > 0 && y > 0; x--, y--) lines.push(same(before[x - 1] ?? ''));
    if (count === 0) break;
    lines.push(down ? added(after[y - 1] ?? '') : removed(before[x - 1] ?? ''));
    [x, y] = [startX, startY];
  }
  return lines.reverse();
}
