import { createHash } from 'node:crypto';
import { asProblem, Problem, type ProblemCode } from '../model/problem.ts';
import type { Column, Lines, Masked, MaskedBody, MaskedDuplex, MaskedRows } from '../model/result.ts';
import { isGivenUp } from '../platform/giving-up.ts';
import type { Intent } from './audit.ts';
import type { Outcome } from './facts.ts';
import type { SessionTape } from './tape.ts';

/** What the caller gets of a result. Each form ends only once the outcome is recorded, and leaving early cancels at the target. */
export type Answer = RowsAnswer | BodyAnswer | DuplexAnswer;

/** Rows as text, once, in order. */
export type RowsAnswer = Common & {
  form: 'rows';
  columns: readonly Column[];
  /**
   * Batches of rows as NDJSON in UTF-8: each row's JSON array, then a newline. Throws a `Problem` when the target fails on the way or
   * the outcome cannot be recorded.
   */
  batches: AsyncIterable<Uint8Array>;
};

/** An HTTP answer. Its last piece is withheld until the outcome is recorded; of one that is `live`, its end is. */
export type BodyAnswer = Common & Pick<MaskedBody, 'form' | 'status' | 'headers' | 'content' | 'live' | 'pieces'>;

/** A connection of messages. The one that tells the end is withheld until the outcome is recorded. */
export type DuplexAnswer = Common &
  Pick<MaskedDuplex, 'form' | 'protocol' | 'upgrade' | 'send'> & { messages: AsyncIterable<Uint8Array> };

type Common = {
  /** For a caller that is gone, also when it never read: as leaving early. */
  cancel(): Promise<void>;
  /** Once the last item was read. */
  summary(): AnswerSummary;
};

/** `sha256` is over all bytes that the caller was sent, so anybody who holds them can compute it. */
export type AnswerSummary = {
  /** Of rows only. */
  rows?: number;
  affected?: number;
  truncated: boolean;
  bytes: number;
  sha256: string;
  /** What was known only once it had run; for the caller. */
  warnings?: readonly string[];
};

export type Delivery = {
  credential: Outcome['credential'];
  /** Milliseconds so far; asked when the answer ends. */
  durations: () => NonNullable<Outcome['durations']>;
  /** Called once the outcome is recorded, or failed to be. */
  ended: () => void;
};

/** Step 9: the outcome is recorded before the last byte of the answer; if it cannot be, the rest is withheld (`outcome-unrecorded`). */
export function deliver(intent: Intent, result: MaskedRows, delivery: Delivery): RowsAnswer;
export function deliver(intent: Intent, result: Masked, delivery: Delivery): Answer;
export function deliver(intent: Intent, result: Masked, delivery: Delivery): Answer {
  const { recorder } = intent;
  const kept = (bytes: Uint8Array) => recorder?.add(bytes);
  switch (result.form) {
    case 'rows': {
      const { form, columns } = result;
      recorder?.begin(columns.length > 0 ? { columns } : undefined);
      const { items, cancel, summary } = hand({ intent, result, delivery, source: withRows(result.batches), kept });
      return { form, columns, batches: items, cancel, summary };
    }
    case 'body': {
      const { form, status, headers, content, live } = result;
      recorder?.begin({ status, headers });
      const source = live ? parcels(result.pieces) : withLast(result.pieces);
      const keep = content === 'bytes' ? undefined : kept;
      const { items, cancel, summary } = hand({ intent, result, delivery, source, kept: keep });
      return { form, status, headers, content, live, pieces: items, cancel, summary };
    }
    case 'duplex': {
      const { form, protocol, upgrade } = result;
      const { tape } = intent;
      const source = withTape(result.messages[Symbol.asyncIterator](), tape);
      const send =
        tape === undefined ? result.send : (message: Uint8Array) => tape.room().then(() => result.send(message));
      const { items, cancel, summary } = hand({ intent, result, delivery, source });
      return { form, protocol, ...(upgrade !== undefined && { upgrade }), send, messages: items, cancel, summary };
    }
  }
}

/** What is handed to the caller at once. `last`: not before the outcome is recorded. */
type Parcel = { bytes: Uint8Array; rows?: number; last?: boolean; problem?: Problem };
type Source = Pick<AsyncIterator<Parcel, undefined>, 'next' | 'return'>;

type Handing = {
  intent: Intent;
  result: Masked;
  delivery: Delivery;
  source: Source;
  kept?: ((bytes: Uint8Array) => void) | undefined;
};

/** Hands over, counts and hashes, and records how it ended. */
function hand({ intent, result, delivery, source, kept }: Handing) {
  const hash = createHash('sha256');
  const live = result.form === 'duplex' || (result.form === 'body' && result.live);
  let rows = 0;
  let bytes = 0;
  let summary: AnswerSummary | undefined;
  let closed: Promise<void> | undefined;

  function count(parcel: Parcel): Uint8Array {
    rows += parcel.rows ?? 0;
    bytes += parcel.bytes.byteLength;
    hash.update(parcel.bytes);
    kept?.(parcel.bytes);
    return parcel.bytes;
  }

  /** What is live ends when its time is over, and has then done what it was for. */
  const isOver = (problem: Problem) => live && problem.code === 'target-timeout' && !isGivenUp(problem);
  const counted = () => (result.form === 'rows' ? { rows, bytes } : { bytes });
  const status = result.form === 'body' ? { status: result.status } : {};

  function completed(cut = false): Outcome {
    const { affected, truncated, exit, targetJob, warnings } = result.summary();
    const known = {
      ...counted(),
      truncated: truncated || cut,
      sha256: hash.digest('hex'),
      ...(affected !== undefined && { affected }),
    };
    summary = { ...known, ...(warnings !== undefined && { warnings }) };
    const ended = exit === undefined ? status : { status: exit };
    return { type: 'completed', ...known, ...ended, ...(targetJob !== undefined && { targetJob }) };
  }

  const failed = (problem: Problem): Outcome => ({
    ...{ type: isGivenUp(problem) ? 'unknown' : 'failed', problem },
    ...counted(),
  });

  /** Once, with the outcome as it is then. */
  function close(outcome: () => Outcome): Promise<void> {
    closed ??= intent
      .complete({
        ...outcome(),
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
      const step = await source.next();
      // Whoever left while it was being fetched has its outcome already.
      if (closed !== undefined) return end;
      if (step.done !== true) {
        const item = count(step.value);
        const { last, problem } = step.value;
        if (problem !== undefined) await close(() => (isOver(problem) ? completed(true) : failed(problem)));
        else if (last === true) await close(completed);
        return { done: false, value: item };
      }
    } catch (thrown) {
      const problem = asProblem(thrown);
      const ending = live && !isGivenUp(problem) ? endings[problem.code] : undefined;
      await close(() => (ending === undefined ? failed(problem) : completed(ending.cut)));
      if (ending !== undefined) return end;
      throw problem;
    }
    await close(completed);
    return end;
  }

  /** The work is cancelled at the target first, so that the outcome says what is so. What is live ends when its caller leaves. */
  async function leave(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (closed === undefined) {
      let outcome: () => Outcome = live ? completed : () => failed(new Problem('timeout', { reason: 'client-gone' }));
      try {
        await source.return?.();
      } catch (thrown) {
        outcome = () => failed(asProblem(thrown));
      }
      await close(outcome);
    }
    return end;
  }

  return {
    items: { [Symbol.asyncIterator]: () => ({ next, return: leave }) },
    async cancel() {
      await leave();
    },
    summary() {
      if (summary === undefined) throw new Error('The answer has no summary before its last item was read.');
      return summary;
    },
  };
}

/** How what is live ends well: its time is over, or its caller has left. */
const endings: Partial<Record<ProblemCode, { cut: boolean }>> = {
  'target-timeout': { cut: true },
  timeout: { cut: false },
};

/** Batches that hold rows. */
function withRows(batches: AsyncIterable<Lines>): Source {
  const source = batches[Symbol.asyncIterator]();
  return {
    async next() {
      let step = await source.next();
      while (step.done !== true && step.value.rows === 0) step = await source.next();
      return step;
    },
    ...leaving(source),
  };
}

function parcels(pieces: AsyncIterable<Uint8Array>): Source {
  const source = pieces[Symbol.asyncIterator]();
  return {
    async next() {
      const step = await source.next();
      return step.done === true ? end : { done: false, value: { bytes: step.value } };
    },
    ...leaving(source),
  };
}

/** One piece is held back until it is known whether it is the last. */
function withLast(pieces: AsyncIterable<Uint8Array>): Source {
  const source = pieces[Symbol.asyncIterator]();
  let held: Promise<IteratorResult<Uint8Array>> | undefined;
  return {
    async next() {
      const step = await (held ?? source.next());
      if (step.done === true) return end;
      const following = await source.next();
      held = Promise.resolve(following);
      return { done: false, value: { bytes: step.value, ...(following.done === true && { last: true }) } };
    },
    ...leaving(source),
  };
}

/** Nothing goes on that cannot be recorded: the session is ended at its target as soon as that is known. */
function withTape(source: Source, tape: SessionTape | undefined): Source {
  if (tape === undefined) return source;
  const { lost } = tape;
  return {
    ...leaving(source),
    async next() {
      const { promise: end, reject } = Promise.withResolvers<never>();
      const onLost = () => reject(lost.reason);
      lost.addEventListener('abort', onLost, { once: true });
      try {
        return await Promise.race([tape.room().then(() => source.next()), end]);
      } finally {
        lost.removeEventListener('abort', onLost);
        if (lost.aborted) await source.return?.();
      }
    },
  };
}

const leaving = (source: AsyncIterator<unknown>) => ({
  async return() {
    await source.return?.();
    return end;
  },
});

const end = { done: true, value: undefined } as const;
