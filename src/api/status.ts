import { type Problem, type ProblemCode, problems } from '../model/problem.ts';

/**
 * What Kubernetes calls each failure, where its clients act on the name (k8s.io/apimachinery, `StatusReason`). 422 is not `Invalid`: of
 * that kubectl prints the causes alone, and not the message.
 */
const reasons: Partial<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  406: 'NotAcceptable',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'BadRequest',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Refusals that clients try to get around by another form, where the status says so: from CBOR and protobuf to JSON. */
const ofForm = new Map([
  ['kubernetes:media-type', 415],
  ['kubernetes:accept', 406],
]);

/** A problem as Kubernetes' `Status`, so that kubectl and client libraries print it, and wait where they are told to. */
export function statusOf(problem: Problem, retryAfter: number | undefined) {
  const { code, detail, operation, approval } = problem;
  const status = ofForm.get(problem.reason ?? '') ?? problem.status;
  const message = `sallyport: ${titleOf(code)}${detail === undefined ? '' : ` ${detail}`}${operation === undefined ? '' : ` (${operation})`}`;
  const causes = [
    { reason: 'SallyportCode', message: code },
    ...(operation === undefined ? [] : [{ reason: 'SallyportOperation', message: operation }]),
    ...(approval === undefined ? [] : [{ reason: 'SallyportApproval', message: approval }]),
  ];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: reasons[status] ?? 'Unknown',
    details: { causes, ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }) },
    code: status,
  };
}

const titleOf = (code: ProblemCode) => problems[code][1];
