import { z } from 'zod';
import { canonicalJson, sha256 } from '../../model/canonical.ts';
import {
  type ChainHead,
  type Checkpoint,
  type CheckpointBody,
  chainHeadSchema,
  checkpointBodySchema,
  checkpointId,
  checkpointSchema,
  inOrder,
  noCheckpoint,
  rootOf,
} from '../../model/checkpoint.ts';
import type { Findings } from './findings.ts';
import { createHeads, type Heads } from './heads.ts';
import { jsonOf } from './lines.ts';
import { createRanges } from './ranges.ts';
import type { Signatures } from './signatures.ts';
import type { Tolerance } from './tolerance.ts';

/** What the checkpoints that hold say of the chains. Those that do not hold are found, and say nothing. */
export type Sealed = {
  chains: ReadonlyMap<string, Heads>;
  /** Number and time (milliseconds) of each checkpoint that holds, in order. */
  marks: readonly Mark[];
  /** The heads of the first of all: what an excerpt of the trail goes on from. */
  first: ReadonlyMap<string, ChainHead>;
  /** Events before that time may have been deleted, as retention has it. */
  retainedFrom: number | undefined;
  /** The same of recordings. */
  recordingsFrom: number | undefined;
  /** Where two checkpoints are further apart than they may be. */
  pauses: readonly Pause[];
  count: number;
};

export type Mark = { number: number; time: number };
/** `from` and `to` are the times of the checkpoints on both sides, the second of which is `number`. */
export type Pause = { from: number; to: number; number: number };

const headsSchema = z.array(chainHeadSchema);

type Read = { row: Checkpoint; body: CheckpointBody; heads: ChainHead[] };

/**
 * Reads checkpoints, by number, and finds what does not hold: in each by itself, and from one to the next. `excerpt`: the
 * first may have any number, as those before it are not part of what is looked at.
 */
export async function readCheckpoints(
  rows: AsyncIterable<unknown>,
  options: { signatures: Signatures; findings: Findings; tolerance: Tolerance; excerpt: boolean },
): Promise<Sealed> {
  const { signatures, findings, tolerance, excerpt } = options;
  const chains = new Map<string, Heads>();
  const first = new Map<string, ChainHead>();
  const marks: Mark[] = [];
  const pauses: Pause[] = [];
  const missing = createRanges();
  let before: Read | undefined;
  let last: { number: number; text: string; hashes: readonly string[] } | undefined;
  let retainedFrom: number | undefined;
  let recordingsFrom: number | undefined;
  let count = 0;

  for await (const value of rows) {
    const number = numberOf(value);
    const text = JSON.stringify(value);
    if (number === undefined) {
      findings.add({ kind: 'changed-checkpoint', detail: 'A row of the checkpoints has no number.' });
      continue;
    }
    if (last !== undefined && number <= last.number) {
      if (number === last.number && text === last.text) continue;
      findings.add(outOfOrder(number, missing.take(number), last.number));
      continue;
    }
    count++;
    if (last !== undefined && number > last.number + 1) missing.add(last.number + 1, number - 1);
    const read = readOne(value, signatures);
    if ('flaw' in read) findings.add({ kind: read.kind, checkpoint: number, detail: read.flaw });
    else follow(read, last);
    last = { number, text, hashes: hashesOf(value) };
  }

  function follow(read: Read, preceding: typeof last) {
    const { body, heads } = read;
    const complain = (kind: 'fork' | 'changed-checkpoint' | 'time', detail: string) =>
      findings.add({ kind, checkpoint: body.number, detail });
    if (preceding === undefined ? body.number === 0 && body.previous !== noCheckpoint : isFork(body, preceding))
      complain('fork', 'It does not continue the checkpoint before: one of the two was put in its place.');
    const time = Date.parse(body.time);
    const mark = marks.at(-1);
    if (mark !== undefined && time < mark.time - tolerance.clocks)
      complain('time', `It says ${body.time}, which is before the time of checkpoint ${mark.number}.`);
    if (mark !== undefined && mark.number === body.number - 1 && time > mark.time + tolerance.pause)
      pauses.push({ from: mark.time, to: time, number: body.number });
    if (before !== undefined && before.body.number === body.number - 1) compare(before, read, findings);
    const position = marks.push({ number: body.number, time }) - 1;
    for (const head of heads) {
      if (position === 0) first.set(head.chain, head);
      const known = chains.get(head.chain) ?? createHeads();
      chains.set(head.chain, known);
      if ((known.last()?.seq ?? -1) <= head.seq) known.add(head, position);
    }
    retainedFrom = laterOf(retainedFrom, body.retained_from);
    recordingsFrom = laterOf(recordingsFrom, body.recordings_from);
    before = read;
  }

  for (const { from, to } of missing.list())
    findings.add({ kind: 'missing-checkpoint', checkpoint: from, detail: `Missing: ${span(from, to)}.` });
  const [mark] = marks;
  const expired = mark && retainedFrom !== undefined && mark.time - tolerance.pause <= retainedFrom;
  if (mark && mark.number > 0 && !excerpt && !expired)
    findings.add({ kind: 'missing-checkpoint', checkpoint: 0, detail: `Missing: ${span(0, mark.number - 1)}.` });
  return { chains, marks, first, retainedFrom, recordingsFrom, pauses, count };
}

const laterOf = (known: number | undefined, day: string | null) =>
  day === null ? known : Math.max(known ?? 0, Date.parse(`${day}T00:00:00.000Z`));

const span = (from: number, to: number) => (from === to ? `checkpoint ${from}` : `checkpoints ${from} to ${to}`);

function numberOf(value: unknown): number | undefined {
  const read = z.object({ number: z.int().nonnegative() }).safeParse(value);
  return read.success ? read.data.number : undefined;
}

/** What the next may name as the one before: the hash it says, and the hash it has. */
function hashesOf(value: unknown): string[] {
  const read = z.object({ hash: z.string(), body: z.string() }).safeParse(value);
  return read.success ? [read.data.hash, sha256(read.data.body)] : [];
}

const isFork = (body: CheckpointBody, { number, hashes }: { number: number; hashes: readonly string[] }) =>
  number === body.number - 1 && !hashes.includes(body.previous);

function outOfOrder(number: number, wasMissing: boolean, last: number) {
  if (wasMissing)
    return { kind: 'reordered', checkpoint: number, detail: `It stands behind checkpoint ${last}.` } as const;
  return { kind: 'fork', checkpoint: number, detail: 'Two checkpoints have this number.' } as const;
}

type Flaw = { kind: 'changed-checkpoint' | 'bad-signature'; flaw: string };

/** A checkpoint that holds by itself. */
function readOne(value: unknown, signatures: Signatures): Read | Flaw {
  const flawed = (flaw: string): Flaw => ({ kind: 'changed-checkpoint', flaw });
  const row = checkpointSchema.safeParse(value);
  if (!row.success) return flawed('It does not have the shape of a checkpoint.');
  const { hash, body: text, heads: headsText, signature, key } = row.data;
  if (sha256(text) !== hash) return flawed('Its body does not have its hash.');
  const body = checkpointBodySchema.safeParse(jsonOf(text));
  if (!body.success || canonicalJson(body.data) !== text) return flawed('Its body does not have the shape of one.');
  const { number, time, keeper, root } = body.data;
  const said = {
    checkpoint: row.data.checkpoint,
    number: row.data.number,
    time: row.data.time,
    keeper: row.data.keeper,
  };
  if (canonicalJson(said) !== canonicalJson({ checkpoint: checkpointId(number), number, time, keeper }))
    return flawed('Its columns say something else than its body.');
  const heads = headsSchema.safeParse(jsonOf(headsText));
  if (!heads.success || canonicalJson(inOrder(heads.data)) !== headsText)
    return flawed('Its heads do not have the shape of heads.');
  if (new Set(heads.data.map(({ chain }) => chain)).size !== heads.data.length)
    return flawed('A chain has two heads in it.');
  if (heads.data.length !== body.data.heads || rootOf(heads.data) !== root)
    return flawed('Its heads do not have the root that was signed.');
  if (!signatures.isGood(text, signature, key))
    return { kind: 'bad-signature', flaw: `None of the keys that are trusted signed it; it names ${key}.` };
  return { row: row.data, body: body.data, heads: heads.data };
}

/** What may not be from one checkpoint to the next. */
function compare(before: Read, after: Read, findings: Findings) {
  const checkpoint = after.body.number;
  const now = new Map(after.heads.map((head) => [head.chain, head]));
  let grown = 0;
  for (const { chain, seq, hash, closed } of before.heads) {
    const head = now.get(chain);
    if (head === undefined) {
      if (!closed)
        findings.add({
          kind: 'vanished-chain',
          chain,
          seq,
          checkpoint,
          detail: 'It was not closed, and is not in it.',
        });
      continue;
    }
    grown -= seq + 1;
    if (closed)
      findings.add({ kind: 'closed-chain', chain, seq, checkpoint, detail: 'It was closed, and is in it again.' });
    else if (head.seq < seq || (head.seq === seq && head.hash !== hash))
      findings.add({
        kind: 'changed-checkpoint',
        ...{ chain, seq: head.seq, checkpoint },
        detail: `The chain had come to ${seq} with another history in the checkpoint before.`,
      });
  }
  for (const { seq } of after.heads) grown += seq + 1;
  if (after.body.events !== before.body.events + grown)
    findings.add({
      kind: 'changed-checkpoint',
      checkpoint,
      detail: `It counts ${after.body.events} events; by its heads there are ${before.body.events + grown}.`,
    });
}
