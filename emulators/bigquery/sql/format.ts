import { invalidQuery } from '../errors.ts';
import { sqlString } from './scope.ts';

/** `FORMAT` with `%s`, `%d`, `%i`, `%f`, `%x`, `%t`, `%T` and `%%`. Refuses other specifiers and a wrong number of arguments. */
export function printed(format: string, args: readonly string[]): string {
  const left = [...args];
  const pieces = [...format.matchAll(/%(%|([-+0 ]*\d*(?:\.\d+)?)([sdifxXtT]))|([^%]+)|(%.?)/gs)].map(
    ([whole, percent, flags = '', kind = '', literal, unknown]) => {
      if (literal !== undefined) return sqlString(literal);
      if (percent === '%') return "'%'";
      const arg = left.shift();
      if (unknown !== undefined) throw invalidQuery(`FORMAT specifier ${whole} is not supported by this emulator`);
      if (arg === undefined) throw invalidQuery('Too few arguments to FORMAT');
      return piece(flags, kind, arg);
    },
  );
  if (left.length) throw invalidQuery('Too many arguments to FORMAT');
  return pieces.length ? `(${pieces.join(' || ')})` : "''";
}

function piece(flags: string, kind: string, arg: string): string {
  if (kind === 't' || kind === 'T') {
    if (flags) throw invalidQuery(`FORMAT %${kind} with flags is not supported by this emulator`);
    if (kind === 't') return `bq_printed(${arg})`;
    // A JSON value by itself reaches the function as a text.
    const isJson = `typeof(${arg}) = 'JSON' AND ${arg} IS NOT NULL`;
    return `(CASE WHEN ${isJson} THEN 'JSON ' ELSE '' END || bq_printed_literal(${arg}))`;
  }
  if (kind === 's') return `printf('%${flags}s', CAST(${arg} AS VARCHAR))`;
  if (kind === 'f') return `printf('%${flags}f', CAST(${arg} AS DOUBLE))`;
  return `printf('%${flags}${kind === 'i' ? 'd' : kind}', CAST(${arg} AS BIGINT))`;
}
