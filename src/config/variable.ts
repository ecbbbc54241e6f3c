import type { z } from 'zod';

/** Whoever reads a variable: a service, a job that ends by itself, or a command of `sallyport`. */
export type Reader = 'gateway' | 'console' | 'keeper' | 'install' | 'apply' | `sallyport${string}`;

/** A variable of the environment. Whether it is needed, and what holds where it is unset, is its schema's to say. */
export type Variable = {
  /** What it is, in one sentence. */
  what: string;
  is: z.ZodType;
  readBy: readonly Reader[];
  unit?: string;
  /** What holds where it is unset and the schema has no value of its own. */
  unset?: string;
  /** `refused`: any value but its default. `https only`: no address in it may be plain http. */
  onCloudRun?: 'refused' | 'https only' | 'set by Cloud Run';
};
