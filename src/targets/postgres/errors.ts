import { Problem } from '../../model/problem.ts';
import { CredentialRejected } from '../../model/secret.ts';

/** R10: our own words for what the server refused. Its message, detail and hint may hold data and are never used. */
const words: Readonly<Record<string, string>> = {
  '0A000': 'feature not supported',
  '21000': 'a subquery gave more than one row',
  '22001': 'a text is too long for its type',
  '22003': 'a number is out of range',
  '22007': 'a date or time is not well formed',
  '22008': 'a date or time is out of range',
  '22012': 'division by zero',
  '2201B': 'a regular expression is not well formed',
  '22P02': 'a value is not well formed for its type',
  '22023': 'an argument is not valid',
  '22030': 'a JSON object has a key twice',
  '22032': 'JSON text is not well formed',
  '23502': 'a column may not be null',
  '23503': 'a foreign key is violated',
  '23505': 'a unique key is violated',
  '23514': 'a check is violated',
  '23P01': 'an exclusion constraint is violated',
  '25006': 'a read may not write',
  '2BP01': 'other objects depend on it',
  '40001': 'it collided with another transaction; try again',
  '40P01': 'a deadlock was ended; try again',
  '42501': 'the gateway’s role lacks the privilege',
  '42601': 'syntax error',
  '42611': 'a column definition is not valid',
  '42622': 'a name is too long',
  '42701': 'a column is named twice',
  '42702': 'a column name is ambiguous',
  '42703': 'undefined column',
  '42704': 'undefined object',
  '42712': 'a table alias is used twice',
  '42723': 'a function is defined twice',
  '42725': 'a function call is ambiguous',
  '42803':
    'a column must be in GROUP BY or in an aggregate (a table of which masked columns are named has no primary key: name every column in GROUP BY)',
  '42804': 'types do not fit',
  '42809': 'the object is of the wrong kind',
  '42830': 'a foreign key is not valid',
  '42846': 'there is no such cast',
  '42883': 'undefined function or operator for these types',
  '42P01': 'undefined table',
  '42P02': 'undefined parameter',
  '42P07': 'the table is there already',
  '42P08': 'the type of a parameter is ambiguous',
  '42P10': 'a column reference is not valid',
  '42P16': 'the table definition is not valid',
  '42P18': 'the type of a parameter cannot be told; cast it',
  '53100': 'its disk is full',
  '53200': 'it is out of memory',
  '53400': 'a configured limit is exceeded',
  '54000': 'a limit of the server is exceeded',
  '54001': 'the statement is too complex',
  '55006': 'the object is in use',
  '55P03': 'a lock could not be had in time',
  P0001: 'a trigger or function of the database refused',
};

type ServerError = { code: string };

const isServerError = (error: unknown): error is ServerError =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

/** The SQLSTATE of what the server refused; empty for anything else. */
export const codeOf = (error: unknown) => (isServerError(error) ? error.code : '');

const unavailable = (detail?: string) => new Problem('target-unavailable', detail === undefined ? {} : { detail });

/** What went wrong while a statement ran. A code that the server's users could have chosen is not repeated. */
export function runProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!isServerError(error)) return unavailable();
  const { code } = error;
  if (code === '57014')
    return new Problem('target-timeout', { detail: 'The statement took longer than its limit and was cancelled.' });
  if (/^(57P|08|53300|E[A-Z])/.test(code)) return unavailable();
  const meaning = words[code];
  const detail = meaning === undefined ? 'The target refused the statement.' : `SQLSTATE ${code}: ${meaning}.`;
  return new Problem('target-rejected', { detail });
}

/** What went wrong before anything ran. Throws-worthy as it is: a rejected credential is told apart. */
export function connectProblem(error: unknown): Error {
  if (error instanceof Problem) return error;
  const code = isServerError(error) ? error.code : '';
  if (code === '28P01' || code === '28000') return new CredentialRejected();
  if (code === '3D000') return unavailable('The database of this connection does not exist.');
  return unavailable();
}
