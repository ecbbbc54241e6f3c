import type { AuditEvent } from '../model/audit-event.ts';
import { createApprovalCheck } from './verify/approvals.ts';
import { type Chain, createChain } from './verify/chain.ts';
import { type Mark, readCheckpoints, type Sealed } from './verify/checkpoints.ts';
import { createFindings, type Finding, type Findings } from './verify/findings.ts';
import { createHeads } from './verify/heads.ts';
import { createIdTable } from './verify/id-table.ts';
import { createOperations } from './verify/operations.ts';
import { type ReadEvent, readEvent } from './verify/read-event.ts';
import { createRecordingCheck } from './verify/recordings.ts';
import { createSignatures, type TrustedKey } from './verify/signatures.ts';
import { createTimes } from './verify/times.ts';
import { defaultTolerance, type Tolerance } from './verify/tolerance.ts';

export type { Finding, TrustedKey };

/** A trail as it lies somewhere. Each is read once, from beginning to end, checkpoints first. */
type Trail = {
  /** Each the canonical JSON (RFC 8785) of one event; of one chain in the order of `seq`, chains in any order or mixed. */
  events: AsyncIterable<string>;
  /** Rows as `checkpointSchema` has them, by number. */
  checkpoints: AsyncIterable<unknown>;
  /** Rows of `recordings`, those of one event together and by `chunk`. Without them no recording is looked at. */
  recordings?: AsyncIterable<unknown>;
};

export type VerifyOptions = {
  /** Whose signatures count. None: then no signature is good. */
  keys: { checkpoint: readonly TrustedKey[]; approval: readonly TrustedKey[] };
  /** The trail is an excerpt: it begins after the heads of its first checkpoint. Without it, it begins with its chains. */
  excerpt?: boolean;
  /** The trail went on after what is looked at. */
  goesOn?: boolean;
  /** The order in which events come is part of what is verified: so in a bundle, not in a table. */
  ordered?: boolean;
  /** When the trail was read, where instances may still write to it: what is on its way then is not missing. */
  readAt?: Date;
  /** Recordings are there of outcomes within that time, and of others perhaps. Without it they are there of all. */
  recorded?: { from: Date; to: Date };
  /** Recordings of outcomes before that time may have been deleted, as their own retention has it. */
  recordingsFrom?: Date;
  tolerance?: Partial<Tolerance>;
  /** Told of each finding at once. */
  onFinding?: (finding: Finding) => void;
  /** Told now and then how many events were read. */
  onProgress?: (events: number) => void;
};

/** What was found, and what was looked at. */
export type Report = {
  /** At most a thousand; `found` is how many there are. */
  findings: readonly Finding[];
  found: number;
  events: number;
  /** Rows that were there twice, to the last byte, as delivery may do. */
  repeated: number;
  chains: number;
  checkpoints: number;
  /** Number and time of the last checkpoint that holds. */
  sealed: { number: number; time: string } | null;
  /** Events after the heads of that checkpoint: nobody signed for them yet. */
  unsealed: number;
  /** Of the events. */
  period: { from: string; to: string } | null;
  /** What could not be looked at, and is no finding. */
  notes: readonly string[];
};

/**
 * Recomputes every hash, follows every chain and compares it with every head that was signed. Finds what was changed,
 * removed, added or put elsewhere since, and what could not have happened as it is told. Rejects only where the trail cannot be read.
 */
export async function verifyTrail(trail: Trail, options: VerifyOptions): Promise<Report> {
  const findings = createFindings(options.onFinding);
  const tolerance: Tolerance = { ...defaultTolerance, ...options.tolerance };
  const signatures = createSignatures(options.keys.checkpoint);
  const excerpt = options.excerpt ?? false;
  const sealed = await readCheckpoints(trail.checkpoints, { signatures, findings, tolerance, excerpt });
  const look = createLook(sealed, { ...options, findings, tolerance, excerpt });
  let events = 0;
  for await (const text of trail.events) {
    look.take(readEvent(text));
    if (++events % 1000 === 0) options.onProgress?.(events);
  }
  options.onProgress?.(events);
  if (trail.recordings) await look.compare(trail.recordings);
  return look.finish(trail.recordings !== undefined);
}

type LookOptions = VerifyOptions & { findings: Findings; tolerance: Tolerance; excerpt: boolean };

function createLook(sealed: Sealed, options: LookOptions) {
  const { findings, tolerance, excerpt, keys } = options;
  const { marks } = sealed;
  const chains = new Map<string, Chain>();
  const ids = createIdTable();
  const horizon = () => (excerpt ? marks[0]?.time : sealed.retainedFrom);
  const operations = createOperations({ findings, ids, tolerance, horizon });
  const approvals = createApprovalCheck({
    findings,
    signatures: createSignatures(keys.approval),
    tolerance,
    horizon,
  });
  const recordings = createRecordingCheck({ findings, kept: keptFrom(sealed, options), isWhole });
  const times = createTimes({ sealed, findings, tolerance });
  const closedAt = new Map<string, number>();
  let [events, repeated] = [0, 0];

  function chainOf(name: string): Chain {
    const known = chains.get(name);
    if (known) return known;
    const first = excerpt ? sealed.first.get(name) : undefined;
    const chain = createChain(name, {
      heads: sealed.chains.get(name) ?? createHeads(),
      anchor: first,
      findings,
      ordered: options.ordered ?? false,
      numberOf: ({ position }) => markAt(position).number,
    });
    chains.set(name, chain);
    return chain;
  }

  const markAt = (position: number): Mark => marks[position] ?? { number: -1, time: Number.NaN };

  function take(row: ReadEvent) {
    const place = row.event ?? row.place;
    if (place === undefined) {
      findings.add({ kind: 'changed', detail: 'A row cannot be read as an event, nor does it say where it stands.' });
      return;
    }
    const standing = chainOf(place.chain).take(row, place.seq, row.event?.prev_hash);
    if (standing === 'again') {
      repeated++;
      return;
    }
    events++;
    if (row.flaw !== undefined) findings.add({ kind: 'changed', ...placeOf(place), detail: row.flaw });
    if (row.event !== undefined && standing === 'new') judge(row.event);
  }

  /** What an event says, where it stands in its place. */
  function judge(event: AuditEvent) {
    const { event_id, phase, type, seq, chain } = event;
    times.take(event, chainOf(chain));
    if ((seq === 0) !== (type === 'chain_opened'))
      findings.add({ kind: 'changed', ...placeOf(event), detail: 'Each chain begins with its opening, and only so.' });
    if (type === 'chain_closed') closedAt.set(chain, Date.parse(event.time));
    if (!ids.add(event_id, phase) && phase !== 'late')
      findings.add({
        kind: phase === 'outcome' ? 'two-outcomes' : 'duplicate',
        ...placeOf(event),
        detail: 'An event of this name stands in another place, too.',
      });
    else operations.take(event);
    approvals.take(event);
    recordings.expect(event);
  }

  function finish(compared: boolean): Report {
    const { unsealed, expired, coming } = finishChains();
    const period = times.finish();
    checkEnd(period);
    const until = options.goesOn ? undefined : options.readAt?.getTime();
    const end = until ?? Math.max(period?.to ?? 0, marks.at(-1)?.time ?? 0);
    const { running, earlier } = operations.finish(end, endOf);
    const before = approvals.finish().earlier;
    const replay = recordings.finish(compared);
    const last = marks.at(-1);
    return {
      findings: findings.list,
      found: findings.count(),
      ...{ events, repeated, unsealed },
      chains: chains.size,
      checkpoints: sealed.count,
      sealed: last ? { number: last.number, time: isoOf(last.time) } : null,
      period: period ? { from: isoOf(period.from), to: isoOf(period.to) } : null,
      notes: [
        sealed.count === 0 && 'There is no checkpoint: whoever may write rows may have written all of this.',
        expired > 0 && `${expired} rows were deleted as retention has it.`,
        coming > 0 && `${coming} rows that a recent checkpoint covers are still on their way.`,
        running > 0 && `${running} operations may still be running.`,
        earlier > 0 && `${earlier} outcomes belong to intents from before.`,
        before > 0 && `${before} approvals were given before: their signatures are not part of this.`,
        replay.expired > 0 && `${replay.expired} recordings were deleted as their retention has it.`,
        replay.unread > 0 && `${replay.unread} recordings are not part of this.`,
        ...times.notes(),
      ].filter((note) => note !== false),
    };
  }

  /** Whether everything that happened then is part of this, and has arrived. */
  function isWhole(time: number) {
    const { recorded, readAt } = options;
    if (recorded && (time < recorded.from.getTime() || time >= recorded.to.getTime())) return false;
    return readAt === undefined || time < readAt.getTime() - tolerance.shipping;
  }

  /** While anything runs there is a checkpoint every minute: those at the end have no successor that would miss them. */
  function checkEnd(period: { from: number; to: number } | undefined) {
    const last = marks.at(-1);
    if (period === undefined || period.to <= (last?.time ?? period.from) + tolerance.pause) return;
    findings.add({
      kind: 'missing-checkpoint',
      checkpoint: last ? last.number + 1 : 0,
      detail: `There are events up to ${isoOf(period.to)}, and no checkpoint after ${last ? isoOf(last.time) : 'their beginning'}.`,
    });
  }

  /** What is missing: between rows that are there, at the end of a chain, or all of it. */
  function finishChains() {
    const counts = { unsealed: 0, expired: 0, coming: 0 };
    for (const name of sealed.chains.keys()) chainOf(name);
    for (const chain of chains.values()) {
      const end = chain.heads.end();
      const next = chain.next();
      const last = Math.max(chain.heads.last()?.seq ?? -1, chain.start() - 1);
      for (const { from, to } of chain.gaps()) missing(chain, 'removed', from, to, counts);
      if (last >= next) missing(chain, next === 0 ? 'removed' : 'cut-tail', next, last, counts);
      if (end !== undefined && next - 1 > end)
        findings.add({
          kind: 'closed-chain',
          ...{ chain: chain.name, seq: end + 1, to_seq: next - 1 },
          detail: `The chain was closed with row ${end}.`,
        });
      else counts.unsealed += Math.max(0, next - 1 - last);
    }
    return counts;
  }

  function missing(
    { name: chain, heads, next }: Chain,
    kind: 'removed' | 'cut-tail',
    from: number,
    to: number,
    counts: { expired: number; coming: number },
  ) {
    const head = heads.covering(kind === 'cut-tail' ? from : to);
    const covered = head && markAt(head.position);
    if (mayBeExpired(head?.position)) counts.expired += to - from + 1;
    else if (next() <= to && isComing(covered)) counts.coming += to - from + 1;
    else
      findings.add({
        kind,
        ...{ chain, seq: from, to_seq: to },
        ...(covered && { checkpoint: covered.number }),
        detail: `${to - from + 1 === 1 ? 'A row is' : `${to - from + 1} rows are`} missing${covered ? ` that checkpoint ${covered.number} covers` : ''}.`,
      });
  }

  /** The end of a chain may be durable and not be shipped yet; what stands before rows that are there was shipped before them. */
  const isComing = (mark: Mark | undefined) =>
    options.readAt !== undefined && mark !== undefined && mark.time > options.readAt.getTime() - tolerance.shipping;

  /** The last row that is missing was written after the checkpoint that does not have it yet; what is of a day that is kept must be there. */
  function mayBeExpired(position: number | undefined) {
    const { retainedFrom } = sealed;
    if (retainedFrom === undefined || position === undefined) return false;
    const mark = markAt(position);
    const since = marks[position - 1]?.time ?? (mark.number === 0 ? mark.time - tolerance.pause : 0);
    return since - tolerance.wait < retainedFrom;
  }

  function endOf(name: string): number | undefined {
    const head = sealed.chains.get(name);
    const end = head?.end() === undefined ? undefined : head.last();
    return closedAt.get(name) ?? (end && markAt(end.position).time);
  }

  return { take, compare: recordings.compare, finish };
}

/** By what is signed, and by what the caller vouches for. */
function keptFrom({ recordingsFrom }: Sealed, options: VerifyOptions): Date | undefined {
  const times = [recordingsFrom, options.recordingsFrom?.getTime()].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

const isoOf = (time: number) => new Date(time).toISOString();

const placeOf = ({ chain, seq, event_id }: { chain: string; seq: number; event_id?: string }) => ({
  ...{ chain, seq },
  ...(event_id !== undefined && { event_id }),
});
