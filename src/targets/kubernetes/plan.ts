import type { Query } from './path.ts';
import type { RequestInfo } from './request-info.ts';
import type { SessionPlan } from './sessions/sessions.ts';

/** What is sent to the API server, and how its answer is read. Everything in it was judged; nothing of the caller's request is beside it. */
export type Plan = {
  info: RequestInfo;
  method: string;
  /** Path and query, written anew from what was parsed. */
  path: string;
  /** What the path's query says, decoded. */
  query: Query;
  /** Media types that the gateway can mask, of those that the caller takes. */
  accept: string;
  /** Further headers, by lower-case name. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
  answer: Answering;
  /** Of a session: what it is, and what the caller speaks. */
  session?: SessionPlan;
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
};

/**
 * `object`: one document, a list or a Table · `watch`: events, a line each · `log`: text · `discovery`: what the server serves, without
 * data · `session`: a connection · `own`: the gateway answers by itself.
 */
export type Answering = 'object' | 'watch' | 'log' | 'discovery' | 'session' | 'own';
