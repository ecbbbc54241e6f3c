type Template = (args: string[]) => string;

/** A function of plain arguments: fewest, most (Infinity for any number), and its DuckDB form. */
export type PlainFunction = readonly [fewest: number, most: number, template: Template];

const named =
  (duck: string): Template =>
  (args) =>
    `${duck}(${args.join(', ')})`;
const one = (duck: string): PlainFunction => [1, 1, named(duck)];
const two = (duck: string): PlainFunction => [2, 2, named(duck)];
const nullIfAnyIsNull =
  (duck: string): Template =>
  (args) =>
    `(CASE WHEN ${args.map((arg) => `${arg} IS NULL`).join(' OR ')} THEN NULL ELSE ${duck}(${args.join(', ')}) END)`;

const CONDITIONS: Record<string, PlainFunction> = {
  IF: [3, 3, ([test, yes, no]) => `(CASE WHEN ${test} THEN ${yes} ELSE ${no} END)`],
  IFNULL: [2, 2, named('coalesce')],
  COALESCE: [1, Number.POSITIVE_INFINITY, named('coalesce')],
  NULLIF: two('nullif'),
  GREATEST: [1, Number.POSITIVE_INFINITY, nullIfAnyIsNull('greatest')],
  LEAST: [1, Number.POSITIVE_INFINITY, nullIfAnyIsNull('least')],
  ERROR: one('bq_fail'),
};

const NUMBERS: Record<string, PlainFunction> = {
  ABS: one('abs'),
  SIGN: one('sign'),
  ROUND: [1, 2, (args) => `round(${args[0]}${args[1] ? `, CAST(${args[1]} AS INTEGER)` : ''})`],
  TRUNC: one('trunc'),
  CEIL: one('ceil'),
  CEILING: one('ceil'),
  FLOOR: one('floor'),
  SQRT: one('sqrt'),
  EXP: one('exp'),
  LN: one('ln'),
  LOG: [1, 2, (args) => (args[1] ? `(ln(${args[0]}) / ln(${args[1]}))` : `ln(${args[0]})`)],
  LOG10: one('log10'),
  POW: two('pow'),
  POWER: two('pow'),
  MOD: [2, 2, ([left, right]) => `(${left} % bq_divisor(${left}, ${right}))`],
  DIV: [2, 2, ([left, right]) => `(${left} // bq_divisor(${left}, ${right}))`],
  SAFE_DIVIDE: [2, 2, ([left, right]) => `(${left} / nullif(${right}, 0))`],
  IEEE_DIVIDE: [2, 2, ([left, right]) => `(CAST(${left} AS DOUBLE) / CAST(${right} AS DOUBLE))`],
  IS_NAN: one('isnan'),
  IS_INF: one('isinf'),
  RAND: [0, 0, named('random')],
};

const TRIMMED = '[\\s\\v\\x{85}\\p{Z}]+';
const trim =
  (duck: string, pattern: string): Template =>
  (args) =>
    args[1] ? `${duck}(${args.join(', ')})` : `regexp_replace(${args[0]}, '${pattern}', '', 'g')`;
const pad =
  (duck: string): Template =>
  ([text, length, filler = "' '"]) =>
    `${duck}(${text}, CAST(${length} AS INTEGER), ${filler})`;
const substring: Template = (args) => `bq_substr(${args.join(', ')})`;

const STRINGS: Record<string, PlainFunction> = {
  CONCAT: [1, Number.POSITIVE_INFINITY, (args) => `(${args.join(' || ')})`],
  LENGTH: one('length'),
  CHAR_LENGTH: one('length'),
  CHARACTER_LENGTH: one('length'),
  BYTE_LENGTH: one('strlen'),
  LOWER: one('lower'),
  UPPER: one('upper'),
  TRIM: [1, 2, trim('trim', `^${TRIMMED}|${TRIMMED}$`)],
  LTRIM: [1, 2, trim('ltrim', `^${TRIMMED}`)],
  RTRIM: [1, 2, trim('rtrim', `${TRIMMED}$`)],
  LPAD: [2, 3, pad('lpad')],
  RPAD: [2, 3, pad('rpad')],
  SUBSTR: [2, 3, substring],
  SUBSTRING: [2, 3, substring],
  LEFT: two('left'),
  RIGHT: two('right'),
  REPLACE: [3, 3, named('replace')],
  REPEAT: two('repeat'),
  REVERSE: one('reverse'),
  STARTS_WITH: two('starts_with'),
  ENDS_WITH: two('ends_with'),
  STRPOS: two('strpos'),
  INSTR: two('strpos'),
  SPLIT: [1, 2, ([text, separator = "','"]) => `string_split(${text}, ${separator})`],
  ASCII: one('ascii'),
  UNICODE: one('unicode'),
  TRANSLATE: [3, 3, named('translate')],
  EDIT_DISTANCE: two('levenshtein'),
  CHR: [1, 1, ([code]) => `chr(CAST(${code} AS INTEGER))`],
  REGEXP_CONTAINS: two('regexp_matches'),
  REGEXP_REPLACE: [3, 3, ([text, pattern, by]) => `regexp_replace(${text}, ${pattern}, ${by}, 'g')`],
  GENERATE_UUID: [0, 0, () => 'CAST(uuid() AS VARCHAR)'],
  SESSION_USER: [0, 0, () => "'emulator@localhost'"],
  SHA256: [1, 1, ([value]) => `unhex(sha256(${value}))`],
  SHA1: [1, 1, ([value]) => `unhex(sha1(${value}))`],
  MD5: [1, 1, ([value]) => `unhex(md5(${value}))`],
  TO_HEX: [1, 1, ([value]) => `lower(hex(${value}))`],
  FROM_HEX: one('unhex'),
  TO_BASE64: one('to_base64'),
  FROM_BASE64: one('from_base64'),
  SAFE_CONVERT_BYTES_TO_STRING: [1, 1, ([value]) => `decode(${value}, 'replace')`],
};

const ARRAYS: Record<string, PlainFunction> = {
  ARRAY_LENGTH: one('len'),
  ARRAY_REVERSE: one('list_reverse'),
  ARRAY_CONCAT: [1, Number.POSITIVE_INFINITY, (args) => `(${args.join(' || ')})`],
  ARRAY_FIRST: [1, 1, ([array]) => `bq_at(${array}, 0)`],
  ARRAY_LAST: [1, 1, ([array]) => `bq_at(${array}, len(${array}) - 1)`],
  ARRAY_TO_STRING: [2, 3, named('bq_array_to_string')],
  GENERATE_ARRAY: [2, 3, ([from, to, step = '1']) => `bq_generate(${from}, ${to}, ${step})`],
};

const TIMES: Record<string, PlainFunction> = {
  CURRENT_TIMESTAMP: [0, 0, named('now')],
  CURRENT_DATE: [0, 1, ([zone = "'UTC'"]) => `CAST(timezone(${zone}, now()) AS DATE)`],
  CURRENT_DATETIME: [0, 1, ([zone = "'UTC'"]) => `timezone(${zone}, now())`],
  CURRENT_TIME: [0, 1, ([zone = "'UTC'"]) => `CAST(timezone(${zone}, now()) AS TIME)`],
  TIMESTAMP: [
    1,
    2,
    ([value, zone]) =>
      zone ? `timezone(${zone}, CAST(${value} AS TIMESTAMP))` : `CAST(${value} AS TIMESTAMP WITH TIME ZONE)`,
  ],
  DATE: [1, 3, date],
  DATETIME: [1, 2, ([value, zone]) => (zone ? `timezone(${zone}, ${value})` : `CAST(${value} AS TIMESTAMP)`)],
  TIME: [1, 1, ([value]) => `CAST(${value} AS TIME)`],
  UNIX_SECONDS: [1, 1, ([value]) => `(epoch_us(date_trunc('second', ${value})) // 1000000)`],
  UNIX_MILLIS: [1, 1, ([value]) => `(epoch_us(date_trunc('millisecond', ${value})) // 1000)`],
  UNIX_MICROS: one('epoch_us'),
  UNIX_DATE: [1, 1, ([value]) => `(bq_date_only(${value}) - DATE '1970-01-01')`],
  TIMESTAMP_SECONDS: [1, 1, ([value]) => `make_timestamptz(${value} * 1000000)`],
  TIMESTAMP_MILLIS: [1, 1, ([value]) => `make_timestamptz(${value} * 1000)`],
  TIMESTAMP_MICROS: one('make_timestamptz'),
  DATE_FROM_UNIX_DATE: [1, 1, ([value]) => `(DATE '1970-01-01' + CAST(${value} AS INTEGER))`],
  LAST_DAY: [1, 1, ([value]) => `last_day(bq_date_only(${value}))`],
};

const JSONS: Record<string, PlainFunction> = {
  TO_JSON_STRING: one('bq_to_json_string'),
  TO_JSON: [1, 1, ([value]) => `CAST(bq_to_json_string(${value}) AS JSON)`],
  PARSE_JSON: [1, 1, ([value]) => `json(CAST(${value} AS VARCHAR))`],
  JSON_TYPE: one('bq_json_type'),
  STRING: one('bq_string'),
  INT64: [1, 1, ([value]) => `bq_json_scalar(${value}, 'INT64', 'BIGINT', 'UBIGINT')::BIGINT`],
  FLOAT64: [1, 1, ([value]) => `bq_json_scalar(${value}, 'FLOAT64', 'DOUBLE', 'UBIGINT')::DOUBLE`],
  BOOL: [1, 1, ([value]) => `bq_json_scalar(${value}, 'BOOL', 'BOOLEAN', 'BOOLEAN')::BOOLEAN`],
};

function date([first, second, third]: string[]): string {
  if (third) return `make_date(${first}, ${second}, ${third})`;
  return second ? `CAST(timezone(${second}, ${first}) AS DATE)` : `CAST(${first} AS DATE)`;
}

/** The allow-list of scalar functions with plain arguments. A name that is not here, in `calls.ts` or in `aggregates.ts` is refused. */
export const FUNCTIONS: Readonly<Record<string, PlainFunction>> = {
  ...CONDITIONS,
  ...NUMBERS,
  ...STRINGS,
  ...ARRAYS,
  ...TIMES,
  ...JSONS,
};
