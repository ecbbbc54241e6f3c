/**
 * PostgreSQL's text of a moment (DateStyle ISO, TimeZone UTC) in ISO 8601: `2026-01-31 12:00:00+00` →
 * `2026-01-31T12:00:00Z`. Years before 1 and beyond 9999 have a sign and six digits, as ECMAScript's (ECMA-262, 21.4.1.32.1); there
 * is a year 0, which is 1 BC. `infinity` and `-infinity` stay.
 */
export function isoTime(text: string): string {
  const match = /^(\d{4,})-(\d\d-\d\d)(?: ([\d:.]+)(.*?))?( BC)?$/.exec(text);
  if (match === null) return text;
  const [, year = '', day, time, zone = '', isBefore] = match;
  return `${isoYear(year, isBefore !== undefined)}-${day}${time === undefined ? '' : `T${time}${isoZone(zone)}`}`;
}

function isoYear(year: string, isBefore: boolean): string {
  if (isBefore) return Number(year) === 1 ? '0000' : `-${String(Number(year) - 1).padStart(6, '0')}`;
  return year.length > 4 ? `+${year.padStart(6, '0')}` : year;
}

/** A time of day with its distance from UTC: `12:00:00+05:30`, `12:00:00+02` → `12:00:00+02:00`. */
export function isoTimeOfDay(text: string): string {
  const match = /^([\d:.]+)([+-].+)$/.exec(text);
  return match === null ? text : `${match[1]}${isoZone(match[2] ?? '')}`;
}

function isoZone(zone: string): string {
  if (zone === '+00') return 'Z';
  return /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
}
