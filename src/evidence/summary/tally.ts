import type { QueryRow } from '../../platform/bigquery.ts';
import type { Place } from '../manifest.ts';

/** What the summary tells, counted from the events of the period as they go by. The same events give the same counts. */
export type Tally = {
  events: number;
  /** Calls of each interval, by what became of them. */
  intervals: readonly { start: number; counts: readonly number[] }[];
  /** Milliseconds. */
  interval: number;
  decisions: readonly string[];
  outcomes: readonly Count[];
  /** From being asked for to the human's yes, in seconds: how many were within each of `leadTimes`, and the rest. */
  leads: readonly number[];
  /** Seconds; undefined where nothing was approved. */
  slowest: number | undefined;
  refusals: readonly Count[];
  masks: readonly Count[];
  agents: readonly Count[];
  connections: readonly Count[];
  first: Place | undefined;
  last: Place | undefined;
};

export type Count = { name: string; count: number };

/** What became of a call. */
const decisions = ['allowed', 'held for approval', 'denied', 'refused'] as const;

const decisionOf: Readonly<Record<string, number>> = {
  intended: 0,
  held: 1,
  denied: 2,
  approval_denied: 2,
  expired: 2,
  refused: 3,
};

/** Seconds, and how they are called. */
export const leadTimes = [
  [60, '1 minute'],
  [300, '5 minutes'],
  [900, '15 minutes'],
  [3600, '1 hour'],
  [14_400, '4 hours'],
  [86_400, '1 day'],
] as const;

/** Intervals that a plot can show: the shortest of these that makes no more than `most`. */
const minute = 60_000;
const lengths = [
  minute,
  5 * minute,
  15 * minute,
  60 * minute,
  180 * minute,
  360 * minute,
  1440 * minute,
  10_080 * minute,
];
const mostIntervals = 96;

function intervalOf({ from, to }: { from: Date; to: Date }): number {
  const length = to.getTime() - from.getTime();
  return lengths.find((one) => length / one <= mostIntervals) ?? Math.ceil(length / mostIntervals / minute) * minute;
}

export function createTally(period: { from: Date; to: Date }) {
  const interval = intervalOf(period);
  const [start, end] = [period.from.getTime(), period.to.getTime()];
  const intervals = Array.from({ length: Math.ceil((end - start) / interval) }, (_, index) => ({
    start: start + index * interval,
    counts: decisions.map(() => 0),
  }));
  const leads = Array<number>(leadTimes.length + 1).fill(0);
  const [outcomes, refusals, masks, agents, connections] = [counter(), counter(), counter(), counter(), counter()];
  let [events, slowest] = [0, -1];
  let first: Place | undefined;
  let last: Place | undefined;

  function addCall(type: string, time: number, occurrences: number, event: QueryRow) {
    const decision = decisionOf[type];
    if (decision === undefined) return;
    const counts = intervals[Math.floor((time - start) / interval)]?.counts;
    if (counts?.[decision] !== undefined) counts[decision] += occurrences;
    if (decision >= 2)
      refusals.add(text(event['note']) ?? text(field(event, 'result', 'error_code')) ?? type, occurrences);
    agents.add(nameOf(event), occurrences);
    connections.add(text(event['connection']) ?? 'none named', occurrences);
  }

  function addLead(event: QueryRow, time: number) {
    const asked = Date.parse(text(field(event, 'approval', 'requested_at')) ?? '');
    if (Number.isNaN(asked)) return;
    const seconds = Math.max(0, (time - asked) / 1000);
    slowest = Math.max(slowest, seconds);
    const place = leadTimes.findIndex(([most]) => seconds <= most);
    const at = place < 0 ? leadTimes.length : place;
    leads[at] = (leads[at] ?? 0) + 1;
  }

  function addMasks(event: QueryRow) {
    const list: unknown = event['masks'];
    if (!Array.isArray(list)) return;
    for (const mask of list) masks.add(text(field({ mask }, 'mask', 'class')) ?? 'unknown', 1);
  }

  return {
    /** Passes over what is not of the period. */
    add(event: QueryRow) {
      const time = Date.parse(text(event['time']) ?? '');
      if (!(time >= start && time < end)) return;
      events++;
      const place = { chain: String(event['chain']), seq: Number(event['seq']), time: String(event['time']) };
      if (first === undefined || place.time < first.time) first = place;
      if (last === undefined || place.time >= last.time) last = place;
      const type = String(event['type']);
      addCall(type, time, Number(event['occurrences']) || 1, event);
      if (type === 'approved') addLead(event, time);
      if (event['phase'] === 'outcome') {
        outcomes.add(type, 1);
        addMasks(event);
      }
    },
    end: (): Tally => ({
      ...{ events, intervals, interval, decisions, leads, first, last },
      slowest: slowest < 0 ? undefined : slowest,
      outcomes: outcomes.end(),
      refusals: refusals.end(),
      masks: masks.end(),
      agents: agents.end(),
      connections: connections.end(),
    }),
  };
}

/** Who the token says it is, and what it calls itself. */
function nameOf(event: QueryRow): string {
  const member = text(field(event, 'principal', 'member')) ?? 'unknown caller';
  const name = text(field(event, 'agent', 'name'));
  return name === undefined ? member : `${member} · ${name}`;
}

/** Names that are told apart; whoever invents more is counted with the others. */
const mostNames = 2000;
const others = 'all others';

function counter() {
  const counts = new Map<string, number>();
  return {
    add(name: string, count: number) {
      const key = counts.has(name) || counts.size < mostNames ? name : others;
      counts.set(key, (counts.get(key) ?? 0) + count);
    },
    /** The most first; of as many, by name. */
    end: (): Count[] =>
      [...counts]
        .map(([name, count]) => ({ name, count }))
        .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)),
  };
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function field(row: object, name: string, inner: string): unknown {
  const record: unknown = Reflect.get(row, name);
  return typeof record === 'object' && record !== null ? Reflect.get(record, inner) : undefined;
}
