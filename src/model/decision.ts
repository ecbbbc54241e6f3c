import type { Limits } from './documents.ts';

/** What policy says of one operation: refused, or allowed with obligations. */
export type Decision = {
  effect: 'allow' | 'deny';
  /** Names of the policies that decided, in order. */
  policies: readonly string[];
  policyVersion: string;
  /** Every one of these must be approved before it may run. Empty: nobody is asked. */
  approvals: readonly Requirement[];
  /** Classes this identity may see in the clear. */
  unmask: readonly string[];
  /** The lowest of all that match. */
  limits: Limits;
  /** Guards that a grant lifted by name: shown by the evidence. */
  overridden: readonly string[];
  /** For the trail: `no-grant`, `deny:<policy>`, `condition-error:<policy>`. */
  reason?: string;
};

/** One approval that a policy asks for. `count` counts people. */
export type Requirement = {
  policy: string;
  approvers: readonly string[];
  count: number /** Seconds. */;
  expires: number;
};
