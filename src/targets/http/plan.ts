import type { JsonMasks } from '../../masking/masking.ts';
import type { Pairs } from './request-headers.ts';
import type { Response } from './routes.ts';

/** What is sent to the service, and how its answer is read. Everything in it was judged; nothing of the caller's request is beside it. */
export type Plan = {
  method: string;
  /** Path and query, written anew from what was parsed, with the connection's base path. */
  path: string;
  headers: Pairs;
  body: Uint8Array;
  response: Response;
  masks: JsonMasks;
  /** Something of its documents is not for this identity. */
  hides: boolean;
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
};
