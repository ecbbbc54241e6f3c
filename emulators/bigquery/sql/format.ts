import { invalidQuery } from '../errors.ts';
import { sqlString } from './scope.ts';

/** `FORMAT` with `%s`, `%d`, `%i`, `%f`, `%x`, `%t` and `%%`. Refuses other specifiers and a wrong number of arguments. */
export function printed(format: string, args: readonly string[]): string {
  const left = [...args];
  const pieces = [...format.matchAll(/%(%|([-+0 ]*\d*(?:\.\d+)?)([sdifxXt]))|([^%]+)|(%.?)/gs)].map(
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
  if (kind === 't') {
    if (flags) throw invalidQuery('FORMAT %t with flags is not supported by this emulator');
    return `coalesce(bq_to_string(${arg}), 'NULL')`;
  }
  if (kind === 's') return `printf('%${flags}s', CAST(${arg} AS VARCHAR))`;
  if (kind === 'f') return `printf('%${flags}f', CAST(${arg} AS DOUBLE))`;
  return `printf('%${flags}${kind === 'i' ? 'd' : kind}', CAST(${arg} AS BIGINT))`;
}
