import { createHash, hash } from 'node:crypto';
import { z } from 'zod';
import type { AuditEvent } from '../../model/audit-event.ts';
import { canonicalJson, sha256 } from '../../model/canonical.ts';
import type { Findings } from './findings.ts';
import { createIdTable } from './id-table.ts';

export type RecordingCheck = {
  /** Keeps what an outcome says of its recording. */
  expect(event: AuditEvent): void;
  /** Compares rows of `recordings`, those of one event together and by `chunk`, with what was expected, once all events were taken. */
  compare(rows: AsyncIterable<unknown>): Promise<void>;
  /** `expired`: of recordings that were kept no longer. */
  finish(compared: boolean): { expired: number; unread: number };
};

/** What ties a row to its event. `offset_ms` is nobody's promise. */
const rowSchema = z.object({
  event_id: z.string(),
  operation: z.string(),
  session: z.string().nullable(),
  connection: z.string().nullable(),
  time: z.string(),
  direction: z.enum(['returned', 'both']),
  chunk: z.int(),
  content: z.string(),
  sha256: z.string(),
});
type Row = z.output<typeof rowSchema>;

/** What is kept of each: a hash of all that its recording must be, its chain, its place, and its time in minutes. */
type Kept = readonly [one: number, other: number, chain: number, seq: number, minute: number, seen: number];

/**
 * `kept`: recordings of outcomes before that time may have been deleted. `isWhole`: whether what happened at that time is all
 * there, so that neither an outcome nor its recording can be elsewhere or on its way.
 */
export function createRecordingCheck(deps: {
  findings: Findings;
  kept: Date | undefined;
  isWhole: (time: number) => boolean;
}): RecordingCheck {
  const { findings, kept, isWhole } = deps;
  const table = createIdTable(6);
  const chains: string[] = [];
  const numbers = new Map<string, number>();

  function expect(event: AuditEvent) {
    const { event_id, phase, recording, operation, session, connection, time, chain, seq } = event;
    // A change that returned nothing has a recording of no chunks, hence no rows.
    if (recording === null || recording.chunks === 0 || (phase !== 'outcome' && phase !== 'late')) return;
    const { chunks, bytes, sha256: digest } = recording;
    const [one, other] = wordsOf({ operation, session, connection, time }, { chunks, bytes, digest });
    const number = numbers.get(chain) ?? chains.push(chain) - 1;
    numbers.set(chain, number);
    const numbersOf: Kept = [one, other, number, seq, Math.floor(Date.parse(time) / 60_000), 0];
    table.add(event_id, 'recording', numbersOf);
  }

  async function compare(rows: AsyncIterable<unknown>) {
    let first: Row | undefined;
    let summed = summing();
    let previous = '';
    for await (const value of rows) {
      const text = JSON.stringify(value);
      if (text === previous) continue;
      previous = text;
      const read = rowSchema.safeParse(value);
      if (!read.success) {
        findings.add({ kind: 'recording-changed', detail: 'A row of the recordings does not have their shape.' });
        continue;
      }
      if (first?.event_id !== read.data.event_id) {
        if (first) judge(first, summed);
        first = { ...read.data, content: '' };
        summed = summing();
      }
      summed.add(read.data, first);
    }
    if (first) judge(first, summed);
  }

  function judge(first: Row, { end }: ReturnType<typeof summing>) {
    const { event_id, operation, session, connection, time } = first;
    const expected = table.get(event_id, 'recording');
    if (expected === undefined && !isWhole(Date.parse(time))) return;
    const place = expected && { chain: chains[expected[2] ?? 0] ?? '', seq: expected[3] ?? 0 };
    const { flaw, ...content } = end();
    const words = wordsOf({ operation, session, connection, time }, content);
    const detail = flaw ?? flawOf(expected, words);
    if (detail !== undefined) findings.add({ kind: 'recording-changed', event_id, ...place, detail });
    if (expected) expected[5] = 1;
  }

  function flawOf(expected: Uint32Array | undefined, [one, other]: readonly [number, number]): string | undefined {
    if (expected === undefined) return 'No outcome tells of this recording.';
    if (expected[5] === 1) return 'Its recording is there twice.';
    return expected[0] === one && expected[1] === other ? undefined : 'Its recording is not what was recorded.';
  }

  function finish(compared: boolean) {
    let [expired, unread] = [0, 0];
    for (const [, , chain = 0, seq = 0, minute = 0, seen] of table.all()) {
      if (seen === 1) continue;
      if (!compared) unread++;
      else if (kept && minute * 60_000 < kept.getTime()) expired++;
      else if (isWhole(minute * 60_000))
        findings.add({
          kind: 'recording-missing',
          ...{ chain: chains[chain] ?? '', seq },
          detail: 'What was returned was recorded, and is not there.',
        });
    }
    return { expired, unread };
  }

  return { expect, compare, finish };
}

type Content = { chunks: number; bytes: number; digest: string };

/** 64 bits of SHA-256 over everything that a recording must be. */
function wordsOf(about: Pick<AuditEvent, 'operation' | 'session' | 'connection' | 'time'>, content: Content) {
  const digest = hash('sha256', canonicalJson([about, content]), 'buffer');
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)] as const;
}

/** Adds up the chunks of one recording. */
function summing() {
  const all = createHash('sha256');
  let [chunks, bytes] = [0, 0];
  let flaw: string | undefined;
  return {
    add(row: Row, first: Row) {
      const { chunk, content, operation, session, connection, time } = row;
      const alike = [operation, session, connection, time].join('\n');
      if (chunk !== chunks) flaw ??= `Its chunk ${chunks} is missing or out of order.`;
      else if (sha256(content) !== row.sha256) flaw ??= `Its chunk ${chunk} does not have its hash.`;
      else if (alike !== [first.operation, first.session, first.connection, first.time].join('\n'))
        flaw ??= `Its chunk ${chunk} is said to be of something else.`;
      all.update(content);
      chunks++;
      bytes += Buffer.byteLength(content);
    },
    end: () => ({ flaw, chunks, bytes, digest: all.digest('hex') }),
  };
}
