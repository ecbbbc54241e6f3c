import type { Risk, TargetKind, Verb } from './documents.ts';

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
  recorded: { statement: string; parameters: readonly unknown[] };
  masks: readonly Mask[];
  /** Set when it cannot be proven that nothing classified leaves: it is then refused after policy has spoken. */
  unprovable?: { rule: string; detail: string };
  warnings: readonly string[];
  estimates: { rows?: number; bytes?: number };
  /** Only its own target reads this. */
  plan: Plan;
};

/** One column (or field, or key) that is masked at the source. */
export type Mask = { resource: string; class: string; transform: Transform };
export type Transform = 'redact' | 'null' | 'token' | 'partial';
