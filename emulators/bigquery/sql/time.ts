import { invalidQuery } from '../errors.ts';
import type { Cursor } from './cursor.ts';
import { sqlString } from './scope.ts';

const PARTS = new Set(
  `MICROSECOND MILLISECOND SECOND MINUTE HOUR DAY DAYOFWEEK DAYOFYEAR WEEK ISOWEEK MONTH QUARTER YEAR ISOYEAR DATE TIME
  DATETIME`.split(/\s+/),
);
const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];

/** A date part as written; `weekday` counts from Monday = 0 for the parts that are weeks. */
export interface Part {
  name: string;
  weekday?: number;
}

/** Reads `DAY`, `WEEK(MONDAY)`, `ISOWEEK` and so on. `WEEK` alone begins on Sunday. */
export function readPart(cursor: Cursor): Part {
  const token = cursor.peek();
  if (!PARTS.has(token.upper))
    throw invalidQuery(`A valid date part name is required but found ${token.text} at ${cursor.at()}`);
  cursor.next();
  if (token.upper === 'ISOWEEK') return { name: 'WEEK', weekday: 0 };
  if (token.upper !== 'WEEK') return { name: token.upper };
  if (!cursor.takeSymbol('(')) return { name: 'WEEK', weekday: 6 };
  const weekday = WEEKDAYS.indexOf(cursor.peek().upper);
  if (weekday < 0) throw cursor.unexpected('a weekday');
  cursor.next();
  cursor.expectSymbol(')');
  return { name: 'WEEK', weekday };
}

/** A DuckDB interval of `amount` parts. */
export function intervalOf(amount: string, part: Part): string {
  const whole = `CAST(${amount} AS BIGINT)`;
  const days = `CAST(${amount} AS INTEGER)`;
  const intervals: Record<string, string> = {
    MICROSECOND: `to_microseconds(${whole})`,
    MILLISECOND: `to_microseconds(${whole} * 1000)`,
    SECOND: `to_microseconds(${whole} * 1000000)`,
    MINUTE: `to_minutes(${whole})`,
    HOUR: `to_hours(${whole})`,
    DAY: `to_days(${days})`,
    WEEK: `to_weeks(${days})`,
    MONTH: `to_months(${days})`,
    QUARTER: `to_months(3 * ${days})`,
    YEAR: `to_years(${days})`,
  };
  const interval = intervals[part.name];
  if (!interval) throw invalidQuery(`Interval with date part ${part.name} is not supported`);
  return interval;
}

/** The start of the part in which a TIMESTAMP, DATETIME or DATE without zone lies. */
export function truncated(value: string, part: Part): string {
  if (part.name === 'WEEK') {
    const shift = `to_days(${part.weekday ?? 0})`;
    return `(date_trunc('week', ${value} - ${shift}) + ${shift})`;
  }
  if (['ISOYEAR', 'DAYOFWEEK', 'DAYOFYEAR', 'DATE', 'TIME', 'DATETIME'].includes(part.name)) {
    throw invalidQuery(`Truncating to ${part.name} is not supported by this emulator`);
  }
  return `date_trunc('${part.name.toLowerCase()}', ${value})`;
}

const MICROS: Record<string, bigint> = {
  MICROSECOND: 1n,
  MILLISECOND: 1000n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
};

/** Whole parts between two moments, towards zero. */
export function elapsed(end: string, start: string, part: Part): string {
  const size = MICROS[part.name];
  if (!size) throw invalidQuery(`TIMESTAMP_DIFF does not support the ${part.name} date part`);
  return `((epoch_us(${end}) - epoch_us(${start})) // ${size})`;
}

/** Part boundaries between two dates. */
export function boundaries(end: string, start: string, part: Part): string {
  const [last, first] = [`bq_date_only(${end})`, `bq_date_only(${start})`];
  if (part.name === 'DAY') return `(${last} - ${first})`;
  if (part.name === 'WEEK') {
    return `((CAST(${truncated(last, part)} AS DATE) - CAST(${truncated(first, part)} AS DATE)) // 7)`;
  }
  if (!['MONTH', 'QUARTER', 'YEAR'].includes(part.name)) {
    throw invalidQuery(`DATE_DIFF does not support the ${part.name} date part`);
  }
  return `date_diff('${part.name.toLowerCase()}', ${first}, ${last})`;
}

/** `EXTRACT(part FROM value)` of a TIMESTAMP in UTC, a DATETIME or a DATE. */
export function extracted(value: string, part: Part): string {
  const special: Record<string, string> = {
    MICROSECOND: `(extract(microsecond FROM ${value}) % 1000000)`,
    MILLISECOND: `(extract(millisecond FROM ${value}) % 1000)`,
    DAYOFWEEK: `(dayofweek(${value}) + 1)`,
    DATE: `CAST(${value} AS DATE)`,
    TIME: `CAST(${value} AS TIME)`,
    DATETIME: `CAST(${value} AS TIMESTAMP)`,
  };
  if (part.name !== 'WEEK') return special[part.name] ?? `extract(${part.name.toLowerCase()} FROM ${value})`;
  if (part.weekday === 0) return `week(${value})`;
  if (part.weekday === 6) return `CAST(strftime(${value}, '%U') AS BIGINT)`;
  throw invalidQuery('EXTRACT of WEEK with another weekday than SUNDAY or MONDAY is not supported by this emulator');
}

const SAME = new Set([...'YmdHMSybBaAjpIwUVGu']);
const EXPANDED: Record<string, string> = { F: '%Y-%m-%d', T: '%H:%M:%S', R: '%H:%M', D: '%m/%d/%y' };

interface FormatElement {
  element: string;
  literal: string;
}

/** A format string as its elements and the text between them. */
function elements(format: string): FormatElement[] {
  const found = format.matchAll(/%(E\*S|E[0-9]S|E4Y|Ez|.)|([^%]+)|(%)$/gs);
  return [...found].map(([, element = '', literal = '', lone = '']) => ({ element, literal: literal + lone }));
}

/** `FORMAT_TIMESTAMP` and its kin; `zone` is undefined for values without one. Refuses elements it cannot write exactly. */
export function formatted(format: string, value: string, zone: string | undefined): string {
  const isUtc = zone !== undefined && /^'(utc|z|\+00(:00)?|etc\/utc)'$/i.test(zone);
  const pieces = elements(format).map(({ element, literal }) => {
    if (!element) return sqlString(literal);
    if (element === '%') return "'%'";
    if (element === 'n') return "'\n'";
    if (element === 'u') return `strftime(${value}, '%u')`;
    if (SAME.has(element)) return `strftime(${value}, '%${element}')`;
    const expanded = EXPANDED[element];
    if (expanded) return `strftime(${value}, '${expanded}')`;
    if (element === 'e') return `lpad(strftime(${value}, '%-d'), 2, ' ')`;
    if (element === 'E4Y') return `strftime(${value}, '%Y')`;
    if (element === 'E*S') return `rtrim(rtrim(strftime(${value}, '%S.%f'), '0'), '.')`;
    if (/^E[1-6]S$/.test(element)) return `left(strftime(${value}, '%S.%f'), ${3 + Number(element[1])})`;
    if (isUtc && element === 'z') return "'+0000'";
    if (isUtc && element === 'Ez') return "'+00:00'";
    if (isUtc && element === 'Z') return "'UTC'";
    throw invalidQuery(`Format element %${element} is not supported by this emulator`);
  });
  return pieces.length ? `(${pieces.join(' || ')})` : `(CASE WHEN ${value} IS NOT NULL THEN '' END)`;
}

/** `PARSE_TIMESTAMP` and its kin as a DuckDB format; `zoned` when the text carries its own offset. */
export function parsingFormat(format: string): { pattern: string; zoned: boolean } {
  let zoned = false;
  const pattern = elements(format).map(({ element, literal }) => {
    if (!element) return literal;
    if (element === '%') return '%%';
    if (element === 'z' || element === 'Ez') {
      zoned = true;
      return '%z';
    }
    if (element === 'E*S' || /^E[1-6]S$/.test(element)) return '%S.%f';
    if (SAME.has(element) && element !== 'u') return `%${element}`;
    const expanded = EXPANDED[element];
    if (expanded) return expanded;
    throw invalidQuery(`Format element %${element} is not supported by this emulator`);
  });
  return { pattern: pattern.join(''), zoned };
}
