import { setTimeout as sleep } from 'node:timers/promises';
import type { RoleName } from '../../../../demo/roles.ts';
import { type Act, openOrders, type Point, type Sabotage } from '../orders.ts';

const orders = openOrders(process.env['FAULTS_ORDERS'] ?? '');
const role = process.argv[2] as RoleName;

/** What is to happen at this point, if anything. */
export function orderAt(point: Point): Act | undefined {
  const found = orders.read().orders.find((order) => order.role === role && order.point === point);
  return found && orders.take(found) ? found.act : undefined;
}

/** A point where only the process itself can fail. */
export async function reach(point: Point): Promise<void> {
  const act = orderAt(point);
  if (act === 'die') die();
  if (typeof act === 'object' && 'wait' in act) await sleep(act.wait);
}

/** As the kernel does it: nothing is run any more. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

export const isSabotaged = (sabotage: Sabotage) => orders.read().sabotage === sabotage;

export const clockOffset = () => orders.read().clock[role] ?? 0;

export const isKeeper = role === 'keeper';
