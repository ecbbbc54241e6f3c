import { type Problem, type ProblemCode, problems } from '../model/problem.ts';

/**
 * What Google's clients act on (`ErrorProto.reason` and the status). They ask again at 429, 500, 502 and 503 and at `rateLimitExceeded`,
 * `backendError` and `internalError`: only what has changed nothing is told so.
 */
const words: Partial<Record<ProblemCode, readonly [status: number, reason: string]>> = {
  unauthenticated: [401, 'authError'],
  denied: [403, 'accessDenied'],
  'approval-denied': [403, 'accessDenied'],
  'masking-unprovable': [403, 'accessDenied'],
  // Neither asked again blindly, as 429 would be, nor taken for done: the message says where to go.
  'approval-pending': [403, 'approvalPending'],
  'approval-conflict': [409, 'approvalPending'],
  'approval-expired': [403, 'approvalExpired'],
  'not-found': [404, 'notFound'],
  'too-large': [413, 'responseTooLarge'],
  'rate-limited': [429, 'rateLimitExceeded'],
  // It ran: it must not be asked again.
  'outcome-unrecorded': [403, 'outcomeUnrecorded'],
  internal: [500, 'internal'],
  'target-unavailable': [502, 'badGateway'],
  'target-timeout': [504, 'timeout'],
  'audit-unavailable': [503, 'backendError'],
  'policy-unavailable': [503, 'backendError'],
  'credential-unavailable': [503, 'backendError'],
};

/** Of google.rpc.Code, by HTTP status. */
const statuses: Partial<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** A problem as Google's APIs tell one, so that `bq` and the client libraries print it. */
export function googleErrorOf(problem: Problem): { status: number; body: object } {
  const { code, detail, operation, approval, answered } = problem;
  const [status, reason] = words[code] ?? [problem.status === 422 ? 400 : problem.status, 'invalid'];
  const known =
    answered === undefined
      ? { status, reason }
      : { status: answered.status, reason: reasonIn(answered.body) ?? reason };
  const message = `sallyport: ${problems[code][1]}${detail === undefined ? '' : ` ${detail}`}${operation === undefined ? '' : ` (${operation})`}`;
  const errors = [{ message, domain: 'global', reason: known.reason }];
  const sallyport = {
    code,
    ...(operation !== undefined && { operation }),
    ...(approval !== undefined && { approval }),
  };
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: known.reason,
      domain: 'sallyport',
      metadata: sallyport,
    },
  ];
  return {
    status: known.status,
    body: { error: { code: known.status, message, errors, status: statuses[known.status] ?? 'UNKNOWN', details } },
  };
}

/** What the target itself called it. */
function reasonIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return undefined;
  return typeof body.reason === 'string' ? body.reason : undefined;
}
