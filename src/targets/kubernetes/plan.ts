import type { JsonMasks } from '../../masking/masking.ts';
import type { Seal } from '../../model/seal.ts';
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
  /** What is masked in what the server answers. */
  masks: JsonMasks;
  /** The same with no class left in the clear: for approvers and the trail. */
  hides: JsonMasks;
  /** How its texts are masked that are no JSON: lines of a log, and what the server says in a header. */
  tells: { report: (text: string) => string; message: (text: string) => string };
  /** For what of the answer to a dry run stands in the trail. */
  seal: Seal;
  /** What came of a dry run: how it is sent so that the same comes of it. */
  judged?: Judged;
};

/** A write as it was judged. */
export type Judged = {
  body: Uint8Array;
  headers: Plan['headers'];
  /** Whether the gateway itself made it conditional on the object's version, so that a conflict is not the caller's. */
  pinned: boolean;
  /** It cannot be made conditional, so it is tried once more right before it is sent. */
  again?: boolean;
  /** What comes of it, as one text; part of what is approved. */
  result: string;
};

/**
 * `object`: one document, a list or a Table · `watch`: events, a line each · `log`: text · `discovery`: what the server serves, without
 * data · `session`: a connection · `own`: the gateway answers by itself.
 */
export type Answering = 'object' | 'watch' | 'log' | 'discovery' | 'session' | 'own';
