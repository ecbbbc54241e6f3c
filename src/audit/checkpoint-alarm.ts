import type { Logger } from '../platform/logger.ts';

/** What may fail: Firestore is read, KMS signs, Firestore keeps it, BigQuery and the bucket get it. */
export const checkpointSteps = ['read', 'sign', 'keep', 'ship', 'archive'] as const;
type CheckpointStep = (typeof checkpointSteps)[number];

/** Milliseconds after which a missing checkpoint is an alarm. */
export const LATE = 120_000;

/**
 * Tells once that a step fails and once that it works again; the same for checkpoints that are late. Alerts have the field
 * `alert`, for an alert of Cloud Logging to match: `checkpoint-failing` or `checkpoint-late`.
 */
export function createCheckpointAlarm({ log, onLate = () => {} }: { log: Logger; onLate?: () => void }) {
  const failing = new Set<CheckpointStep>();
  let late = false;

  return {
    failing: () => checkpointSteps.filter((step) => failing.has(step)),
    async during<T>(step: CheckpointStep, work: () => Promise<T>): Promise<T> {
      try {
        const result = await work();
        if (failing.delete(step)) log.info({ recovered: 'checkpoint-failing', step }, 'Checkpoints work again.');
        return result;
      } catch (error) {
        if (!failing.has(step)) log.alert({ alert: 'checkpoint-failing', step, error }, 'Checkpoints fail.');
        failing.add(step);
        throw error;
      }
    },
    /** `age`: of the last checkpoint, in milliseconds; negative where the clock was set back since. */
    observe(age: number) {
      if (Math.abs(age) > LATE === late) return;
      late = !late;
      const seconds = Math.round(age / 1000);
      if (late) {
        log.alert({ alert: 'checkpoint-late', seconds }, 'The last checkpoint is not of the last two minutes.');
        onLate();
      } else log.info({ recovered: 'checkpoint-late', seconds }, 'Checkpoints are in time again.');
    },
  };
}
