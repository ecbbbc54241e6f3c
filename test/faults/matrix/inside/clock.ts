import type { Clock } from '../../../../src/platform/clock.ts';
import { clockOffset } from './point.ts';

export type { Clock };

/** The machine's clock, set wrong by as much as the orders say. */
export const systemClock: Clock = { now: () => new Date(Date.now() + clockOffset()) };
