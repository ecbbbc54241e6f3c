import type { Risk, TargetKind, Transform, Verb } from './documents.ts';

/** What a request means, in the target's own grammar. Everything after `understand` sees this and never the raw request. */
export type Operation<Plan = unknown> = {
  kind: TargetKind;
  verb: Verb;
  risks: readonly Risk[];
  /** Everything it touches: `public.users`, `pg_catalog.pg_class`, … Complete, or the risk `opaque` is set. */
  resources: readonly string[];
  /** The classes of data among what it touches. */
  classes: readonly string[];
  /** Canonical text: the exact bytes that are hashed, approved and shown to an approver. May hold classified literals; never logged. */
  statement: string;
  /** Typed parameters as the caller sent them. Never logged. */
  parameters: readonly unknown[];
  /** What of the two above may be written to the trail: literals that may be classified are replaced. */
  recorded: {
    statement: string;
    parameters: readonly unknown[];
    /** Where names that are none of the target's own may be values. */
    resources?: readonly string[];
    /** The answer may hold what is replaced here, so it is not recorded. */
    returned?: boolean;
  };
  masks: readonly Mask[];
  /** Set when it cannot be proven that nothing classified leaves: it is then refused after policy has spoken. */
  unprovable?: { rule: string; detail: string };
  warnings: readonly string[];
  /** How sure it is that a masked value stays hidden: `proven` where the target itself would refuse the raw one to the gateway's own login. */
  protection?: Protection;
  estimates: Estimates;
  /** Rows that may change, by cascades too; part of what is approved. Above it the target takes everything back. */
  atMost?: number;
  /** It goes on until one side ends it: a watch, followed logs, a shell, a tunnel. What is decided of it is looked at again while it runs. */
  live?: boolean;
  /** Only its own target reads this. */
  plan: Plan;
};

/** As much of an operation as policy needs to hear of one that nobody has sent. */
export type Touch = Pick<Operation, 'verb' | 'risks' | 'resources'>;

/** An operation of which nothing else is known. */
export function bareOperation(kind: TargetKind, touch: Touch): Operation {
  const nothing = { classes: [], parameters: [], masks: [], warnings: [], estimates: {}, plan: undefined };
  return { ...nothing, ...touch, kind, statement: '', recorded: { statement: '', parameters: [] } };
}

export type Protection = 'proven' | 'rewritten';

/** What is known beforehand, to decide by and to show to approvers. */
export type Estimates = {
  rows?: number;
  bytes?: number;
  /** Rows that would change now, by cascades too: counted, not guessed. */
  changes?: number;
  /** How the target would go about it, in its own words; for approvers only. */
  plan?: string;
};

/** One column (or field, or key) that is masked at the source. */
export type Mask = { resource: string; class: string; transform: Transform };
