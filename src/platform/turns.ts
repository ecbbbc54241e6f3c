/** Lets at most so many of what it is given run at once; the others wait, the first first. */
export function createTurns(most: number) {
  const waiting: (() => void)[] = [];
  let free = most;

  return async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) free--;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
