import { z } from 'zod';
import { Problem, type ProblemCode } from '../../../model/problem.ts';

/** What BigQuery says went wrong (`ErrorProto`). Its message may hold data, so it stays here. */
export type Failure = { reason: string; message: string };

const errorProto = z.object({ reason: z.string().default('unknown'), message: z.string().default('') });

const errorBody = z.object({ error: z.object({ errors: z.array(errorProto).min(1) }) });

/** Of an answer that is none of the 2xx. */
export function failureIn(status: number, body: unknown): Failure {
  const read = errorBody.safeParse(body);
  return read.data?.error.errors[0] ?? { reason: status >= 500 ? 'backendError' : 'unknown', message: '' };
}

/** What to tell of a reason ("Error messages" of BigQuery's documentation), and the HTTP status that goes with it. */
const words: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  accessDenied: [403, 'The connection’s service account may not do this in BigQuery.'],
  bytesBilledLimitExceeded: [400, 'It would be billed for more bytes than the connection allows; read less.'],
  duplicate: [409, 'Something of this name is there already.'],
  invalid: [400, 'BigQuery does not take the request: something in it does not fit.'],
  invalidQuery: [400, 'BigQuery refused the statement.'],
  notFound: [404, 'Something that it names is not there, or not for the connection’s service account.'],
  quotaExceeded: [403, 'A quota of the project is used up.'],
  rateLimitExceeded: [403, 'The project asks more of BigQuery than it may at once; try again later.'],
  jobRateLimitExceeded: [429, 'The project runs more jobs than it may at once; try again later.'],
  resourcesExceeded: [400, 'The statement needs more than BigQuery gives to one; let it do less.'],
  resourceInUse: [400, 'What it would change is in use.'],
  responseTooLarge: [403, 'The result is too large; read less.'],
  stopped: [400, 'The job was cancelled.'],
  tableUnavailable: [400, 'A table is not available now; try again later.'],
};

const passing: readonly string[] = [
  'backendError',
  'internalError',
  'badGateway',
  'jobBackendError',
  'jobInternalError',
];

/** Whether the same request may do better in a moment. */
export const isPassing = ({ reason = '' }: Problem) =>
  [...passing, 'rateLimitExceeded'].some((each) => reason === `bigquery:${each}`);

export const isReason = (problem: Problem, reason: string) => problem.reason === `bigquery:${reason}`;

/**
 * The failure in our words: the kind, and, of a statement that was only read and not run, where in it and what the caller wrote there.
 * Nothing of BigQuery's own message leaves, as it may hold values.
 */
export function problemOf({ reason, message }: Failure, statement?: string): Problem {
  if (passing.includes(reason)) return failed('target-unavailable', reason, 503, 'BigQuery failed; try again later.');
  if (reason === 'timeout') return failed('target-timeout', reason, 504, 'The job took longer than it may.');
  const [status, detail] = words[reason] ?? [400, 'BigQuery refused it.'];
  const more = statement === undefined ? undefined : pointedAt(message, statement);
  return failed('target-rejected', reason, status, more === undefined ? detail : `${detail} ${more}`);
}

function failed(code: ProblemCode, reason: string, status: number, detail: string): Problem {
  const known = Object.hasOwn(words, reason) ? reason : code === 'target-rejected' ? 'invalid' : 'backendError';
  const answered = { status, body: { reason: known } };
  return new Problem(code, { detail, reason: `bigquery:${reason}`, answered });
}

/** What the analyser says most often; a name is repeated only where the caller wrote it. */
const complaints: readonly (readonly [RegExp, string])[] = [
  [/^Syntax error/, 'It is not GoogleSQL'],
  [/^Unrecognized name: [`]?([\w.]+)/, 'It names what is not there'],
  [/^Name ([\w.]+) not found inside/, 'It names what is not there'],
  [/^Function not found: ([\w.]+)/, 'There is no such function'],
  [/^Table-valued function not found: ([\w.]+)/, 'There is no such function'],
  [/^No matching signature for \w+ ([\w.]+)/, 'The arguments do not fit'],
  [/^Query parameter '?([\w]+)'? not found/, 'A parameter is missing'],
  [/^Query parameter number/, 'A parameter is missing'],
  [/^Not found: (?:Table|Dataset) /, 'It names a table that is not there'],
  [/^Table "?[\w.]+"? must be qualified/, 'Name tables with their dataset'],
  [/aggregat/i, 'Aggregation and GROUP BY do not fit'],
];

function pointedAt(message: string, statement: string): string | undefined {
  const [, line, column] = /\[(?:at )?(\d{1,6}):(\d{1,6})\]/.exec(message) ?? [];
  const place = line === undefined ? '' : ` (line ${line}, column ${column})`;
  for (const [pattern, meaning] of complaints) {
    const found = pattern.exec(message);
    if (found === null) continue;
    const name = found[1];
    return `${meaning}${name !== undefined && statement.includes(name) ? `: ${name}` : ''}${place}.`;
  }
  return place === '' ? undefined : `It is about${place}.`;
}
