import { createHash } from 'node:crypto';
import { asProblem, Problem } from '../model/problem.ts';
import type { Column, Finding, Lines, ResultSummary } from '../model/result.ts';
import { isGivenUp } from '../platform/giving-up.ts';
import type { Intent } from './audit.ts';
import type { Outcome } from './facts.ts';

/** What the caller gets of a result: its rows as text, once, in order. */
export type Answer = {
  columns: readonly Column[];
  /**
   * Batches of rows as NDJSON in UTF-8: each row's JSON array, then a newline. Ends only once the outcome is recorded; throws a
   * `Problem` when the target fails on the way or the outcome cannot be recorded. Leaving early cancels at the target.
   */
  batches: AsyncIterable<Uint8Array>;
  /** For a caller that is gone, also when it never read a batch: as leaving early. */
  cancel(): Promise<void>;
  /** Once the last batch was read. */
  summary(): AnswerSummary;
};

/** `sha256` is over the bytes of all batches, so anybody who holds the rows can compute it. */
export type AnswerSummary = {
  rows: number;
  affected?: number;
  truncated: boolean;
  bytes: number;
  sha256: string;
  /** What was known only once it had run; for the caller. */
  warnings?: readonly string[];
};

/** A result after masking. */
export type Masked = {
  columns: readonly Column[];
  batches: AsyncIterable<Lines>;
  summary(): ResultSummary;
  findings(): readonly Finding[];
};

export type Delivery = {
  credential: Outcome['credential'];
  /** Milliseconds so far; asked when the answer ends. */
  durations: () => NonNullable<Outcome['durations']>;
  /** Called once the outcome is recorded, or failed to be. */
  ended: () => void;
};

/** Step 9: the outcome is recorded before the last byte of the answer; if it cannot be, the rest is withheld (`outcome-unrecorded`). */
export function deliver(intent: Intent, result: Masked, delivery: Delivery): Answer {
  const source = result.batches[Symbol.asyncIterator]();
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  let summary: AnswerSummary | undefined;
  let closed: Promise<void> | undefined;
  intent.recorder?.begin(result.columns);

  function count(batch: Lines) {
    rows += batch.rows;
    bytes += batch.bytes.byteLength;
    hash.update(batch.bytes);
    intent.recorder?.add(batch.bytes);
    return batch.bytes;
  }

  function completed(): Outcome {
    const { affected, truncated, targetJob, warnings } = result.summary();
    const known = { rows, bytes, truncated, sha256: hash.digest('hex'), ...(affected !== undefined && { affected }) };
    summary = { ...known, ...(warnings !== undefined && { warnings }) };
    return { type: 'completed', ...known, ...(targetJob !== undefined && { targetJob }) };
  }

  const failed = (problem: Problem): Outcome => ({
    type: isGivenUp(problem) ? 'unknown' : 'failed',
    problem,
    rows,
    bytes,
  });

  function close(outcome: Outcome): Promise<void> {
    closed ??= intent
      .complete({
        ...outcome,
        findings: result.findings(),
        durations: delivery.durations(),
        ...(delivery.credential !== undefined && { credential: delivery.credential }),
      })
      .finally(delivery.ended);
    return closed;
  }

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (closed !== undefined) return end;
    try {
      let step = await source.next();
      while (step.done !== true && step.value.rows === 0) step = await source.next();
      if (step.done !== true) return { done: false, value: count(step.value) };
    } catch (thrown) {
      const problem = asProblem(thrown);
      await close(failed(problem));
      throw problem;
    }
    await close(completed());
    return end;
  }

  /** The work is cancelled at the target first, so that the outcome says what is so. */
  async function leave(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (closed === undefined) {
      let problem = new Problem('timeout', { reason: 'client-gone' });
      try {
        await source.return?.();
      } catch (thrown) {
        problem = asProblem(thrown);
      }
      await close(failed(problem));
    }
    return end;
  }

  return {
    columns: result.columns,
    batches: { [Symbol.asyncIterator]: () => ({ next, return: leave }) },
    async cancel() {
      await leave();
    },
    summary() {
      if (summary === undefined) throw new Error('The answer has no summary before its last batch was read.');
      return summary;
    },
  };
}

const end = { done: true, value: undefined } as const;
