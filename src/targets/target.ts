import type { z } from 'zod';
import type { Connection, Limits } from '../model/connection.ts';
import type { TargetKind } from '../model/documents.ts';
import type { Operation, Touch } from '../model/operation.ts';
import type { Result } from '../model/result.ts';
import type { Seal, TokenKey } from '../model/seal.ts';
import type { Secret } from '../model/secret.ts';
import type { StructureQuestion } from '../model/structure.ts';
import type { OpenTranscript } from '../model/transcript.ts';

/**
 * A kind of target: two schemas and three small functions. Adding one is one folder, one line in `targets.ts`, one contract test.
 */
export interface Target<
  Settings = unknown,
  Request = unknown,
  Facts = unknown,
  Plan = unknown,
  Form extends Result = Result,
> {
  readonly kind: TargetKind;
  /** Of `settings` in the connection's document. */
  readonly settings: z.ZodType<Settings>;
  /** Of the caller's request; strict. */
  readonly request: z.ZodType<Request>;
  /**
   * What understanding needs from the target: of the request that is to be understood, where there is one. Without effect, cached, bounded,
   * never shown to the caller.
   */
  inspect(access: Access<Settings>, request?: Request): Promise<Facts>;
  /** Pure; the target's real grammar; unsure = `unprovable` or a Problem. */
  understand(request: Request, facts: Facts, context: Context): Promise<Operation<Plan>>;
  /**
   * Counts what a change would touch, where its target can tell: without effect, bounded, and never shown to the caller but as
   * numbers. Absent where a target cannot.
   */
  estimate?(operation: Operation<Plan>, access: Asking<Settings>): Promise<Estimate<Plan>>;
  /** Sees only the operation. Throws `CredentialRejected` before anything was run, or a Problem. */
  execute(operation: Operation<Plan>, access: Execution<Settings>): Promise<Form>;
  /** A page of what an agent may know of the target's structure: the resources that it may touch, each column with its class and mask. */
  schema(facts: Facts, question: StructureQuestion, access: Access<Settings>): Promise<unknown>;
  /** Ends pools and workers. */
  close(): Promise<void>;
}

/** What an estimate adds to an operation; where `statement` is there it takes the place of what is approved. */
export type Estimate<Plan = unknown> = Pick<Operation, 'risks' | 'estimates' | 'atMost'> &
  Partial<Pick<Operation, 'statement' | 'recorded' | 'resources' | 'classes'>> & {
    /** The plan, as it was understood for what policy says in the end, with what the estimate adds to it. */
    replan?(plan: Plan): Plan;
  };

export type Context = {
  connection: Connection;
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
  /** A literal as the trail may hold it: `«CLASS:hmac»`, keyed, so that equal literals can be told to be equal and no more. */
  seal: Seal;
  /** What tokens of a class are made with; must not stand in any text that is logged, at the target too. */
  tokenKey: TokenKey;
};

export type Access<Settings = unknown> = {
  connection: Connection;
  settings: Settings;
  secret: Secret;
  /** The call that it is for, to be named in the target's own records. */
  operation?: string;
  /** What groups its calls, likewise. */
  session?: string;
  /** Aborted when the caller is gone or the time is over: the work is then cancelled at the target. */
  signal: AbortSignal;
};

/** Who asks, for a target that knows callers of its own, or is asked what they may do. */
export type Caller = {
  /** The IAM member. */
  member: string;
  /** Without `group:`. */
  groups: readonly string[];
  /** What policy says now of something else that it might do; `ask`: once a human has approved it. Throws as `decide` does. */
  may(touch: Touch): 'allow' | 'ask' | 'deny';
};

/** Access for somebody. */
export type Asking<Settings = unknown> = Access<Settings> & { caller: Caller };

/** What a target runs with. */
export type Execution<Settings = unknown> = Asking<Settings> & {
  limits: Limits;
  /** For a target that answers with a connection: what is said on it goes through here. */
  transcript: OpenTranscript;
};
