/** Where time comes from: an argument everywhere, so that tests hold it. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
