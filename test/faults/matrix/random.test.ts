import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { LineState } from './line.ts';
import { type Act, points } from './orders.ts';
import { type FaultStand, startFaultStand } from './stand.ts';

/**
 * Several callers at once, while faults are drawn by lot and overlap. By hand: FAULTS_SEED=7 FAULTS_DRAWS=200 vitest run
 * test/faults/random.test.ts. The same seed draws the same faults; when each is met depends on the machine.
 */
const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 1e9));
const draws = Number(process.env['FAULTS_DRAWS'] ?? 24);
const FIRST = 4_000_000;
const CALLERS = 4;

let stand: FaultStand;

describe.skipIf(process.env['FAULTS'] === undefined)('on the whole product', () => {
  beforeAll(async () => {
    stand = await startFaultStand({ patience: 3000, outcomePatience: 4000 });
  }, 600_000);

  afterAll(() => stand?.stop());

  /** Mulberry32. */
  function createLot(start: number) {
    let state = start;
    const next = () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    return { next, of: <T>(all: readonly [T, ...T[]]): T => all[Math.floor(next() * all.length)] ?? all[0] };
  }

  type Lot = ReturnType<typeof createLot>;

  const acts: readonly [Act, ...Act[]] = [
    'answer lost',
    'lost',
    'refused',
    { late: 300 },
    { wait: 500 },
    { wait: 4500 },
  ];

  /** Breaks one thing for a while. */
  async function draw(lot: Lot, id: number): Promise<string> {
    const { lines, orders } = stand;
    const kind = lot.of(['kill', 'commit', 'commit', 'line', 'bigquery', 'bigquery', 'clock'] as const);
    const milliseconds = Math.floor(lot.next() * 1500);
    if (kind === 'kill' || kind === 'commit') {
      const role = kind === 'kill' ? lot.of(['gateway', 'gateway', 'keeper'] as const) : 'gateway';
      const act = kind === 'kill' ? 'die' : lot.of(acts);
      const point = lot.of(points as unknown as [(typeof points)[number], ...typeof points]);
      orders.write({ orders: [{ id: `draw ${id}`, role, point, act, times: kind === 'kill' ? 1 : 3 }] });
      await sleep(milliseconds);
      return `${role} ${point} ${JSON.stringify(act)}`;
    }
    if (kind === 'line') {
      const name = lot.of(['firestore', 'firestore', 'secretManager', 'kms'] as const);
      const state = lot.of<LineState>(['cut', 'mute', { delay: 40 }]);
      lines[name].set(state);
      await sleep(milliseconds);
      lines[name].set('open');
      return `${name} ${JSON.stringify(state)} for ${milliseconds} ms`;
    }
    if (kind === 'bigquery') {
      const state = lot.of(['unavailable', 'quotaExceeded', 'stopped', 'answer lost', 'twice'] as const);
      lines.bigquery.set(state, 1 + Math.floor(lot.next() * 5));
      await sleep(milliseconds);
      return `BigQuery ${state}`;
    }
    const hours = lot.next() * 10 - 5;
    orders.write({ clock: { [lot.of(['gateway', 'keeper'] as const)]: hours * 3_600_000 } });
    await sleep(milliseconds);
    orders.write({});
    return `a clock is off by ${hours.toFixed(1)} hours`;
  }

  /** Sends calls without a pause, of every kind, until it is over. */
  async function call(lane: number, isOver: () => boolean) {
    const kinds = ['write', 'read', 'guarded', 'write'] as const;
    for (let turn = 0; !isOver(); turn++) {
      const key = FIRST + lane * 100_000 + turn;
      const kind = kinds[turn % kinds.length] ?? 'write';
      const first = await stand.send(key, kind);
      if (first.approval !== undefined && (await stand.approve(first.approval)) === 200) {
        // Two who come for the same yes: one of them is to get it.
        await Promise.all([stand.send(key, kind), stand.send(key, kind)]);
      }
      if (first.status === undefined) await sleep(100);
    }
  }

  test(`whatever fails, whenever, together with whatever else: the promises hold (seed ${seed})`, async () => {
    const lot = createLot(seed);
    let over = false;
    const drawn: string[] = [];
    const calling = Array.from({ length: CALLERS }, (_, lane) => call(lane, () => over));
    const sweeping = setInterval(stand.sweep, 1500);

    for (let turn = 0; turn < draws; turn++) drawn.push(await draw(lot, turn));
    over = true;
    clearInterval(sweeping);
    await stand.settle();
    await Promise.all(calling);
    await stand.settle();
    const evidence = await stand.evidence();

    const said = {
      seed,
      draws,
      answers: evidence.answers.length,
      ran: evidence.ran.length,
      events: evidence.events.length,
    };
    process.stdout.write(`${JSON.stringify(said)}\n`);
    expect(judge(evidence), drawn.join('\n')).toEqual([]);
    expect(evidence.answers.some(({ status }) => status === 200)).toBe(true);
  }, 900_000);
});
