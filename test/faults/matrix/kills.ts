import type { Order, Point } from './orders.ts';
import type { FaultStand, Kind } from './stand.ts';

/** What must be so after the gateway was killed at a point of the flow. */
export type Kill = {
  point: Point;
  kind: Kind;
  /** Whether the target began to run it. */
  ran: boolean;
  /** How it ended, by the trail; `nothing` where no intent was durable. */
  outcome: 'nothing' | 'unknown' | 'completed';
  /** What the caller was told; undefined for a torn line. */
  told?: 200;
};

const dies = (point: Point, kind: Kind, ran: boolean, outcome: Kill['outcome'], told?: 200): Kill => ({
  ...{ point, kind, ran, outcome },
  ...(told !== undefined && { told }),
});

/** SIGKILL between any two steps, and before and after every commit and every request to BigQuery. */
export const kills: readonly Kill[] = [
  dies('after authenticate', 'write', false, 'nothing'),
  dies('after resolve', 'write', false, 'nothing'),
  dies('after understand', 'write', false, 'nothing'),
  dies('after decide', 'write', false, 'nothing'),
  dies('after settle', 'guarded', false, 'nothing'),
  dies('before the intent is committed', 'guarded', false, 'nothing'),
  dies('after the intent is committed', 'guarded', false, 'unknown'),
  dies('after the intent is acknowledged', 'guarded', false, 'unknown'),
  dies('before the credential', 'write', false, 'unknown'),
  dies('after the credential', 'write', false, 'unknown'),
  dies('before execute', 'write', false, 'unknown'),
  dies('after execute', 'write', true, 'unknown'),
  dies('after execute', 'guarded', true, 'unknown'),
  dies('in the middle of rows', 'read', true, 'unknown'),
  dies('before the outcome is committed', 'write', true, 'unknown'),
  dies('after the outcome is committed', 'write', true, 'completed'),
  dies('after the outcome is acknowledged', 'write', true, 'completed'),
  dies('before shipping', 'write', true, 'completed', 200),
  dies('after shipping', 'write', true, 'completed', 200),
  dies('before deletion', 'write', true, 'completed', 200),
  dies('after deletion', 'write', true, 'completed', 200),
];

/** Where the keeper is killed while it tidies up after the gateway. */
const keeperKills: readonly Point[] = [
  'before the chain is taken',
  'after the chain is taken',
  'before it is closed as unknown',
  'after it is closed as unknown',
  'before shipping',
  'after shipping',
  'before deletion',
  'after deletion',
];

/** Kills the gateway once at each of its points, with the keys from `first` on, and the keeper at its own meanwhile. */
export async function killAll(stand: FaultStand, first: number): Promise<void> {
  const pending: Order[] = keeperKills.map((point) => ({ id: `keeper ${point}`, role: 'keeper', point, act: 'die' }));
  const sweeping = setInterval(stand.sweep, 1500);
  const left = () => pending.filter((order) => !stand.orders.isTaken(order));
  const tell = (order: Order) => stand.orders.write({ orders: [order, ...left().slice(0, 1)] });
  try {
    for (const [index, kill] of kills.entries()) await perish(stand, kill, first + index, tell);
    // A dead instance is all that makes work for a keeper.
    for (let key = first + kills.length; left().length > 0; key++)
      await perish(stand, { point: 'after execute', kind: 'write' }, key, tell);
  } finally {
    clearInterval(sweeping);
  }
}

async function perish(
  stand: FaultStand,
  { point, kind }: Pick<Kill, 'point' | 'kind'>,
  key: number,
  tell: (order: Order) => void,
) {
  if (kind === 'guarded') await stand.approved(key);
  const order: Order = { id: `kill ${key}`, role: 'gateway', point, act: 'die' };
  if (isAfterTheAnswer(point)) await stand.send(key, kind);
  tell(order);
  const sent = isAfterTheAnswer(point) ? somethingToShip(stand, key, order) : stand.send(key, kind);
  await stand.untilTaken(order);
  await sent;
  await stand.untilReady('gateway');
}

const isAfterTheAnswer = (point: Point) => point.endsWith('shipping') || point.endsWith('deletion');

/** What was to be shipped of the call may be on its way already: then there is more. */
async function somethingToShip(stand: FaultStand, key: number, order: Order) {
  for (let more = 100 * key; !stand.orders.isTaken(order); more++) await stand.send(more, 'write');
}
