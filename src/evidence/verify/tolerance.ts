/** Milliseconds. */
export type Tolerance = {
  /** How far clocks of machines may be apart. */
  clocks: number;
  /** The longest between two checkpoints. */
  pause: number;
  /** How long after an event a checkpoint may still lack it: heads move with every renewal of a lease, and with a sweep. */
  lag: number;
  /** How long an event may wait before it is in its chain. */
  wait: number;
  /** How long an operation of a dead instance may be without an outcome. */
  orphan: number;
  /** The longest an operation may run. */
  operation: number;
  /** How long a row that a checkpoint covers may be on its way to BigQuery. While that takes none, no checkpoint gets there either. */
  shipping: number;
};

const second = 1000;
const minute = 60 * second;

export const defaultTolerance: Tolerance = {
  clocks: 30 * second,
  pause: 5 * minute,
  lag: 2 * minute,
  wait: 10 * minute,
  orphan: 2 * minute,
  operation: 65 * minute,
  shipping: minute,
};
