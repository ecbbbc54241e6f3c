export interface Clock {
  /** A moment no commit will bear: everything committed so far is at or before it, everything to come is after it. */
  now(): number;
  /** The moment of a new commit, after every moment issued before, whatever the machine's clock does. */
  next(): number;
}

/** Issues strictly increasing commit times in microseconds, continuing after `last`. `wallClock` gives milliseconds. */
export function createClock(wallClock: () => number, last: number): Clock {
  let latest = last;
  const wall = () => Math.floor(wallClock() * 1000);
  return {
    now: () => {
      latest = Math.max(latest, wall());
      return latest;
    },
    next: () => {
      latest = Math.max(latest + 1, wall());
      return latest;
    },
  };
}
