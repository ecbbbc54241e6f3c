import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoleName } from '../../../demo/roles.ts';

/**
 * What is to happen inside a role, told by files, as a process that is about to be killed can say nothing itself: the
 * orders in one, and for each that was taken a mark, made before it is carried out.
 */

/** Where a fault can happen, in the words of the flow. */
export const points = [
  'after authenticate',
  'after resolve',
  'after understand',
  'after decide',
  'after settle',
  'before the intent is committed',
  'after the intent is committed',
  'after the intent is acknowledged',
  'before the credential',
  'after the credential',
  'before execute',
  'after execute',
  'in the middle of rows',
  'before the outcome is committed',
  'after the outcome is committed',
  'after the outcome is acknowledged',
  'before shipping',
  'after shipping',
  'before deletion',
  'after deletion',
  'before the chain is taken',
  'after the chain is taken',
  'before it is closed as unknown',
  'after it is closed as unknown',
  'before the end of the chain',
  'after the end of the chain',
] as const;
export type Point = (typeof points)[number];

/** `lost` and `late` are for commits: not applied, or applied so many milliseconds later; neither is ever acknowledged. */
export type Act = 'die' | 'answer lost' | 'lost' | { late: number } | { wait: number } | 'refused';

export type Order = { id: string; role: RoleName; point: Point; act: Act; times?: number };

/** What is broken on purpose, to see that the judge finds it. */
const sabotages = [
  'the intent is not waited for',
  'it runs before its intent',
  'an approval is spent without a precondition',
  'the answer ends before its outcome is durable',
  'a row is dropped when BigQuery is away',
  'a document is deleted before its rows are acknowledged',
  'a number of the chain is used again',
  'what failed is run once more',
  'what a dead instance left is not closed',
] as const;
export type Sabotage = (typeof sabotages)[number];

export type Orders = { orders: readonly Order[]; sabotage: Sabotage | null; clock: Partial<Record<RoleName, number>> };

const none: Orders = { orders: [], sabotage: null, clock: {} };

export function openOrders(folder: string) {
  const file = join(folder, 'orders.json');
  const mark = (id: string, time: number) => join(folder, `${id}.${time}`);
  return {
    read: (): Orders => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : none),
    write(orders: Partial<Orders>) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${file}.new`, JSON.stringify({ ...none, ...orders }));
      renameSync(`${file}.new`, file);
    },
    /** True once for each time that it is to be carried out. */
    take({ id, times = 1 }: Order): boolean {
      for (let time = 0; time < times; time++)
        try {
          closeSync(openSync(mark(id, time), 'wx'));
          return true;
        } catch {}
      return false;
    },
    isTaken: ({ id }: Pick<Order, 'id'>) => existsSync(mark(id, 0)),
  };
}
