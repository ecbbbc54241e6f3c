/** Every failure the product can answer with: status and title (RFC 9457). The table is closed; the order is that of the docs. */
export const problems = {
  'bad-request': [400, 'The request is not well formed.'],
  'token-in-url': [400, 'A token must never be sent in a URL.'],
  'operation-unreadable': [400, 'The operation could not be read, so nothing was run.'],
  unauthenticated: [401, 'The token is missing or not accepted.'],
  denied: [403, 'Policy denies this operation.'],
  'approval-denied': [403, 'A human denied this operation.'],
  ended: [403, 'The operation was ended before it was over.'],
  'masking-unprovable': [403, 'It cannot be proven that classified data stays masked, so nothing was run.'],
  'not-found': [404, 'There is no such thing here for this identity.'],
  timeout: [408, 'The request took too long.'],
  'approval-conflict': [409, 'The approval changed meanwhile.'],
  'not-running': [409, 'The operation does not run.'],
  'approval-expired': [410, 'The approval expired before it was used.'],
  'too-large': [413, 'The request or its result is larger than allowed.'],
  'precondition-failed': [412, 'The document changed meanwhile.'],
  'target-rejected': [422, 'The target refused the operation.'],
  'approval-pending': [429, 'A human must decide first, so nothing was run yet.'],
  'rate-limited': [429, 'Too many calls by this identity.'],
  'outcome-unrecorded': [500, 'It ran, but its outcome could not be recorded, so the result is withheld.'],
  internal: [500, 'Something went wrong on our side.'],
  'answer-unreadable': [502, 'The target’s answer could not be read, so the rest of it is withheld.'],
  'target-unavailable': [502, 'The target cannot be reached.'],
  'audit-unavailable': [503, 'The audit trail cannot be written, so nothing was run.'],
  'policy-unavailable': [503, 'The policy in force is not known, so nothing was run.'],
  'credential-unavailable': [503, 'The credential for the target cannot be read, so nothing was run.'],
  'target-timeout': [504, 'The target did not answer in time.'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof problems;

export type ProblemOptions = {
  /** For the caller: what to do. Holds nothing of the data and nothing of a driver's message. */
  detail?: string;
  /** For the trail only: why. Never sent to a caller. */
  reason?: string;
  operation?: string;
  approval?: string;
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** How the target itself put it, in its own protocol and masked: for callers who speak that. */
  answered?: { status: number; body: unknown };
  cause?: unknown;
};

/** A failure that the caller is told of. One place renders it: `problemBody`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly reason: string | undefined;
  readonly approval: string | undefined;
  readonly retryAfter: number | undefined;
  readonly answered: ProblemOptions['answered'];
  operation: string | undefined;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(problems[code][1], options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.status = problems[code][0];
    this.detail = options.detail;
    this.reason = options.reason;
    this.operation = options.operation;
    this.approval = options.approval;
    this.retryAfter = options.retryAfter;
    this.answered = options.answered;
  }
}

/** Whatever was thrown, as a Problem. What is not one already becomes `internal`, with nothing of its message. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : new Problem('internal', { cause: thrown });
}

/** The body of `application/problem+json` (RFC 9457). */
export function problemBody(problem: Problem) {
  return {
    type: `https://sallyport.dev/problems/${problem.code}`,
    title: problem.message,
    status: problem.status,
    ...(problem.detail !== undefined && { detail: problem.detail }),
    code: problem.code,
    ...(problem.operation !== undefined && { operation: problem.operation }),
    ...(problem.approval !== undefined && { approval: problem.approval }),
  };
}
