/** DuckDB macros for what differs from GoogleSQL in a corner: each says in its name what it stands for. */
const CHECKED: readonly string[] = [
  // BigQuery fails on division by zero; DuckDB answers infinity or NULL.
  `bq_divisor(a, b) AS CASE WHEN b = 0 THEN bq_fail('division by zero: ' || CAST(a AS VARCHAR) || ' / ' || CAST(b AS VARCHAR)) ELSE b END`,
  // DATE - DATE is an INTERVAL in BigQuery and a number in DuckDB: refused.
  `bq_subtrahend(b) AS CASE WHEN typeof(b) = 'DATE' THEN bq_fail('DATE - DATE is not supported by this emulator; use DATE_DIFF') ELSE b END`,
  `bq_date_only(d) AS CASE WHEN typeof(d) IN ('DATE', 'VARCHAR', '"NULL"') THEN CAST(d AS DATE) ELSE bq_fail('This emulator supports DATE functions for DATE only; convert with DATE()') END`,
  // No history is kept: what was before the last change is unknown.
  `bq_unchanged_since(t, ms) AS CASE WHEN epoch_ms(t) >= ms THEN TRUE ELSE bq_fail('The table has changed since, and this emulator keeps no history') END`,
  // Arrays: an index out of bounds fails in BigQuery and is NULL in DuckDB.
  `bq_at(a, i) AS CASE WHEN typeof(a) NOT LIKE '%[]' THEN bq_fail('Subscript access is supported for ARRAY only by this emulator')
     WHEN a IS NOT NULL AND (i < 0 OR i >= len(a)) THEN bq_fail('Array index ' || i || ' is out of bounds') ELSE a[i + 1] END`,
  `bq_safe_at(a, i) AS CASE WHEN typeof(a) NOT LIKE '%[]' THEN bq_fail('Subscript access is supported for ARRAY only by this emulator')
     WHEN i < 0 THEN NULL ELSE a[i + 1] END`,
  `bq_array_to_string(a, d, n := NULL) AS CASE WHEN a IS NOT NULL AND d IS NOT NULL THEN coalesce(array_to_string(
     list_transform(a, lambda x: coalesce(CAST(x AS VARCHAR), n)), d), '') END`,
  `bq_generate(a, b, s) AS CASE WHEN s = 0 THEN bq_fail('Sequence step cannot be 0.')
     WHEN abs((b - a) / nullif(s, 0)) >= 1048575 THEN bq_fail('Cannot generate arrays with more than 1048575 elements.')
     ELSE generate_series(CAST(a AS BIGINT), CAST(b AS BIGINT), CAST(s AS BIGINT)) END`,
  `bq_generate_times(a, b, s) AS CASE WHEN (epoch_us(b) - epoch_us(a)) / nullif(epoch_us(a + s) - epoch_us(a), 0) >= 1048575
     THEN bq_fail('Cannot generate arrays with more than 1048575 elements.') ELSE generate_series(a, b, s) END`,
  // Strings: position 0 counts as 1, and one before the start is clamped to it.
  `bq_substr(s, p, n := 9223372036854775807) AS CASE WHEN n < 0 THEN bq_fail('Third argument in SUBSTR() cannot be negative')
     WHEN n = 9223372036854775807 THEN substr(s, CASE WHEN p = 0 OR p < -length(s) THEN 1 ELSE p END)
     ELSE substr(s, CASE WHEN p = 0 OR p < -length(s) THEN 1 ELSE p END, n) END`,
  // Conversions.
  `bq_timestamp_string(t) AS strftime(t, '%Y-%m-%d %H:%M:%S') || CASE WHEN epoch_us(t) % 1000000 = 0 THEN ''
     WHEN epoch_us(t) % 1000 = 0 THEN strftime(t, '.%g') ELSE strftime(t, '.%f') END`,
  `bq_to_string(x) AS CASE WHEN typeof(x) = 'BLOB' THEN decode(CAST(CASE WHEN typeof(x) = 'BLOB' THEN x END AS BLOB))
     WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN bq_timestamp_string(TRY_CAST(x AS TIMESTAMP WITH TIME ZONE)) || '+00'
     WHEN typeof(x) = 'TIMESTAMP' THEN bq_timestamp_string(TRY_CAST(x AS TIMESTAMP))
     WHEN typeof(x) = 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '')
     WHEN typeof(x) LIKE 'DECIMAL%' THEN regexp_replace(CAST(x AS VARCHAR), '\\.?0*$', '')
     WHEN typeof(x) LIKE '%[]' OR typeof(x) LIKE 'STRUCT%' OR typeof(x) IN ('JSON', 'INTERVAL') THEN bq_fail('Invalid cast to STRING')
     ELSE CAST(x AS VARCHAR) END`,
  `bq_to_bytes(x) AS CASE WHEN typeof(x) = 'BLOB' THEN TRY_CAST(x AS BLOB) ELSE encode(CAST(x AS VARCHAR)) END`,
  `bq_to_int64(x) AS CASE WHEN typeof(x) = 'VARCHAR' THEN CASE WHEN regexp_full_match(CAST(x AS VARCHAR), '\\s*[+-]?[0-9]+\\s*')
       THEN CAST(CAST(x AS VARCHAR) AS BIGINT) ELSE bq_fail('Bad int64 value: ' || CAST(x AS VARCHAR)) END
     WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
     WHEN typeof(x) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIME', 'JSON', 'BLOB') THEN bq_fail('Invalid cast to INT64')
     ELSE CAST(x AS BIGINT) END`,
  `bq_string(x) AS CASE WHEN typeof(x) <> 'JSON' THEN bq_to_string(x)
     WHEN json_type(TRY_CAST(x AS JSON)) IN ('VARCHAR') THEN json_extract_string(TRY_CAST(x AS JSON), '$')
     ELSE bq_fail('The provided JSON input is not a string') END`,
  // JSON: malformed text is NULL, and only scalars have a value.
  `bq_json_value(j, p) AS CASE WHEN json_valid(CAST(j AS VARCHAR)) THEN CASE WHEN json_type(CAST(j AS VARCHAR), p) NOT IN ('OBJECT', 'ARRAY', 'NULL')
     THEN json_extract_string(CAST(j AS VARCHAR), p) END END`,
  `bq_json_query(j, p) AS CASE WHEN json_valid(CAST(j AS VARCHAR)) THEN json_extract(CAST(j AS VARCHAR), p) END`,
  `bq_json_array(j, p) AS CASE WHEN json_valid(CAST(j AS VARCHAR)) THEN CASE WHEN json_type(CAST(j AS VARCHAR), p) = 'ARRAY'
     THEN CAST(json_extract(CAST(j AS VARCHAR), p) AS JSON[]) END END`,
  `bq_json_member(j, p) AS CASE WHEN typeof(j) = 'JSON' THEN json_extract(CAST(j AS VARCHAR), p)
     ELSE bq_fail('Subscript with a STRING is supported for JSON only') END`,
  `bq_json_type(j) AS CASE json_type(CAST(j AS VARCHAR)) WHEN 'VARCHAR' THEN 'string' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array'
     WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN 'BIGINT' THEN 'number' WHEN 'UBIGINT' THEN 'number' WHEN 'DOUBLE' THEN 'number' END`,
  `bq_json_scalar(j, wanted, type, other) AS CASE WHEN json_type(CAST(j AS VARCHAR)) IN (type, other) OR (wanted = 'FLOAT64' AND json_type(CAST(j AS VARCHAR)) = 'BIGINT')
     THEN json_extract_string(CAST(j AS VARCHAR), '$') WHEN j IS NULL THEN NULL
     ELSE bq_fail('The provided JSON input is not of type ' || wanted) END`,
  `bq_to_json_string(x) AS CASE WHEN typeof(x) = '"NULL"' THEN 'null' WHEN typeof(x) = 'JSON' THEN coalesce(TRY_CAST(x AS VARCHAR), 'null') ELSE bq_json_text(x) END`,
];

/** DuckDB allows no error() inside TRY; there its macros answer NULL instead, under names of their own. */
export function safely(sql: string): string {
  return sql.replace(
    /('(?:[^']|'')*'|"(?:[^"]|"")*")|\bbq_(?!json_text\(|printed)(?=\w+\()/g,
    (_whole, literal?: string) => literal ?? 'safe_',
  );
}

export const MACROS: readonly string[] = [
  'bq_fail(message) AS error(message)',
  'safe_fail(message) AS NULL',
  ...CHECKED,
  ...CHECKED.map(safely),
];
