/** The reasons of BigQuery's error table that this emulator gives, with their HTTP status. Source: BigQuery docs, "Error messages". */
const STATUS = {
  invalid: [400, 'INVALID_ARGUMENT'],
  invalidQuery: [400, 'INVALID_ARGUMENT'],
  parseError: [400, 'INVALID_ARGUMENT'],
  bytesBilledLimitExceeded: [400, 'INVALID_ARGUMENT'],
  resourceInUse: [400, 'FAILED_PRECONDITION'],
  notFound: [404, 'NOT_FOUND'],
  methodNotAllowed: [405, 'UNIMPLEMENTED'],
  duplicate: [409, 'ALREADY_EXISTS'],
  conditionNotMet: [412, 'FAILED_PRECONDITION'],
  notImplemented: [501, 'UNIMPLEMENTED'],
  backendError: [503, 'UNAVAILABLE'],
  internalError: [500, 'INTERNAL'],
} as const;

type Reason = keyof typeof STATUS;

/** `errors[]` of an error body, and `errorResult` of a failed job. */
export interface ErrorProto {
  reason: string;
  message: string;
  location?: string;
}

/** An error the real service would give; everything else that is thrown is a fault of the emulator. */
export class BigQueryError extends Error {
  readonly reason: Reason;
  readonly location: string | undefined;

  constructor(reason: Reason, message: string, location?: string) {
    super(message);
    this.name = 'BigQueryError';
    this.reason = reason;
    this.location = location;
  }
}

export const invalid = (message: string, location?: string) => new BigQueryError('invalid', message, location);
export const invalidQuery = (message: string) => new BigQueryError('invalidQuery', message, 'query');
export const notFound = (what: string) => new BigQueryError('notFound', `Not found: ${what}`);
export const duplicate = (what: string) => new BigQueryError('duplicate', `Already Exists: ${what}`);

/** The error without its HTTP clothes, as jobs carry it. */
export function errorProto(error: BigQueryError): ErrorProto {
  return { reason: error.reason, message: error.message, ...(error.location ? { location: error.location } : {}) };
}

/** The HTTP status and the JSON body of any thrown value; what is not a `BigQueryError` becomes a 500 without its text. */
export function renderError(thrown: unknown): { code: number; body: object } {
  const error = known(thrown);
  const [code, status] = STATUS[error.reason];
  const detail = { domain: 'global', ...errorProto(error), ...(error.location ? { locationType: 'parameter' } : {}) };
  return { code, body: { error: { code, message: error.message, errors: [detail], status } } };
}

function known(thrown: unknown): BigQueryError {
  if (thrown instanceof BigQueryError) return thrown;
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) {
    return invalid('The request is nested too deeply.');
  }
  return new BigQueryError('internalError', 'The emulator failed; see its log.');
}
