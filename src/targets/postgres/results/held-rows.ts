import type { Batch } from '../../../model/result.ts';

export type HeldRows = {
  add(batch: Batch): void;
  take(): Batch | undefined;
  isEmpty(): boolean;
  /** Resolves when something was added, or when it was told to. */
  arrival(): Promise<void>;
  wake(): void;
};

/** Bytes that wait for the reader: beyond them the server has to wait, too. */
const most = 1024 * 1024;

/** Rows that arrived and were not taken yet. `pause` and `resume` hold the server up. */
export function createHeldRows({ pause, resume }: { pause: () => void; resume: () => void }): HeldRows {
  const batches: Batch[] = [];
  let bytes = 0;
  let paused = false;
  let wake = () => {};
  return {
    add(batch) {
      batches.push(batch);
      bytes += batch.bytes.byteLength;
      if (bytes > most && !paused) {
        paused = true;
        pause();
      }
      wake();
    },
    take() {
      const batch = batches.shift();
      bytes -= batch?.bytes.byteLength ?? 0;
      if (paused && bytes <= most / 2) {
        paused = false;
        resume();
      }
      return batch;
    },
    isEmpty: () => batches.length === 0,
    arrival: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    wake: () => wake(),
  };
}
