import type { Findings } from './findings.ts';
import type { Head, Heads } from './heads.ts';
import type { ReadEvent } from './read-event.ts';

/** Where a row that was read belongs: `again` where it is there already, to the last byte. */
type Standing = 'new' | 'again' | 'beside';

/** Rows `from` to `to` that were not there when their turn came. `before` and `after` are what the first must continue and the last must be. */
type Gap = { from: number; to: number; before: readonly string[] | undefined; after: string | undefined };

export type Chain = {
  readonly name: string;
  readonly heads: Heads;
  /** Takes the row that says it stands there. Rows should come in order; those that do not are put where they belong. */
  take(row: ReadEvent, seq: number, previous: string | undefined): Standing;
  /** The place after the last. */
  next(): number;
  /** The place of the first that belongs to what is looked at. */
  start(): number;
  gaps(): readonly { from: number; to: number }[];
};

const noughts = '0'.repeat(64);

/** Follows one chain, whose rows must each continue the one before and agree with every head that was signed. */
export function createChain(
  name: string,
  deps: {
    heads: Heads;
    /** The head after which the rows begin; without it they begin with the chain. */
    anchor: { seq: number; hash: string } | undefined;
    findings: Findings;
    /** Rows that are not in order are found. */
    ordered: boolean;
    numberOf: (head: Head) => number;
  },
): Chain {
  const { heads, anchor, findings, ordered, numberOf } = deps;
  const start = anchor === undefined ? 0 : anchor.seq + 1;
  let next = start;
  let tip: readonly string[] | undefined = [anchor?.hash ?? noughts];
  let gaps: Gap[] = [];
  let last: { seq: number; text: string } | undefined;
  let broken = false;

  function take(row: ReadEvent, seq: number, previous: string | undefined): Standing {
    if (last?.seq === seq && last.text === row.text) return 'again';
    const beside = seq < next && !gaps.some(({ from, to }) => from <= seq && seq <= to);
    if (beside) putBeside(row, seq);
    else if (seq < next) fill(row, seq, previous);
    else extend(row, seq, previous);
    last = { seq, text: row.text };
    if (!beside) checkHead(row, seq);
    return beside ? 'beside' : 'new';
  }

  function extend(row: ReadEvent, seq: number, previous: string | undefined) {
    if (seq > next) gaps.push({ from: next, to: seq - 1, before: tip, after: previous });
    else checkLink(tip, row, seq, previous);
    tip = row.hashes;
    next = seq + 1;
  }

  function fill(row: ReadEvent, seq: number, previous: string | undefined) {
    const gap = gaps.find(({ from, to }) => from <= seq && seq <= to);
    if (gap === undefined) return;
    const { from, to, before, after } = gap;
    if (ordered)
      findings.add({
        kind: 'reordered',
        ...placeOf(row, seq),
        detail: `It stands behind row ${next - 1} of its chain.`,
      });
    if (seq === from) checkLink(before, row, seq, previous);
    if (seq === to && after !== undefined && !row.hashes.includes(after) && row.flaw === undefined)
      findings.add({ kind: 'changed', chain: name, seq, to_seq: seq + 1, detail: unlinked(seq + 1) });
    gaps = gaps.filter((one) => one !== gap);
    if (from < seq) gaps.push({ from, to: seq - 1, before, after: previous });
    if (seq < to) gaps.push({ from: seq + 1, to, before: row.hashes, after });
  }

  /** Its place is taken: by another, or by itself in another form. */
  function putBeside(row: ReadEvent, seq: number) {
    if (seq < start) {
      findings.add({ kind: 'added', ...placeOf(row, seq), detail: 'It is older than the first checkpoint here.' });
      return;
    }
    findings.add({ kind: 'fork', ...placeOf(row, seq), detail: 'Another row stands in this place, too.' });
    if (seq === next - 1) tip = [...(tip ?? []), ...row.hashes];
  }

  function checkLink(tip: readonly string[] | undefined, row: ReadEvent, seq: number, previous: string | undefined) {
    if (tip === undefined || previous === undefined || row.flaw !== undefined || tip.includes(previous)) return;
    const first = seq === start && anchor === undefined;
    findings.add(
      first
        ? { kind: 'changed', ...placeOf(row, seq), detail: 'It is the first of its chain, and names one before.' }
        : { kind: 'changed', chain: name, seq: seq - 1, to_seq: seq, detail: unlinked(seq) },
    );
  }

  /** Once a chain is another than was signed it stays so: that is told once, with the rows in question. */
  function checkHead(row: ReadEvent, seq: number) {
    const head = heads.at(seq);
    if (head === undefined) return;
    const agrees = row.hashes.includes(head.hash);
    if (!agrees && !broken) {
      const before = heads.before(seq)?.seq ?? start - 1;
      findings.add({
        kind: 'changed',
        chain: name,
        ...(before + 1 === seq ? placeOf(row, seq) : { seq: before + 1, to_seq: seq }),
        checkpoint: numberOf(head),
        detail: `Checkpoint ${numberOf(head)} signed another history of rows ${before + 1} to ${seq}.`,
      });
    }
    broken = !agrees;
  }

  function placeOf(row: ReadEvent, seq: number) {
    const id = row.event?.event_id;
    return { chain: name, seq, ...(id !== undefined && { event_id: id }) };
  }

  return { name, heads, take, next: () => next, start: () => start, gaps: () => gaps };
}

const unlinked = (seq: number) =>
  `Row ${seq} does not continue row ${seq - 1}: one of the two is not the one that was written.`;
