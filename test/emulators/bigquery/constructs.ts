/** A construct of GoogleSQL, a query over `ds.ev`, and its rows — or the error that refuses it. */
export type Construct = [name: string, sql: string, expected: unknown[][] | RegExp];

/** Four events; the answers below were worked out from BigQuery's documentation. */
export const SETUP = `INSERT INTO ds.ev (id, ts, actor, ok, n, j, tags, st, steps, prev, day) VALUES
  ('1', TIMESTAMP '2026-01-01 10:15:30+00', 'ann', TRUE, 1, JSON '{"a":{"b":"x"},"n":5}', ['t1', 't2'], STRUCT(1 AS a, 'z' AS b), [STRUCT('s1' AS k, 10 AS v), ('s2', 20)], '', DATE '2026-01-01'),
  ('2', TIMESTAMP '2026-01-01 10:45:00+00', 'bob', FALSE, 2, JSON '{"a":{"b":"y"}}', ['t2'], STRUCT(2 AS a, 'w' AS b), [], 'h1', DATE '2026-01-01'),
  ('2', TIMESTAMP '2026-01-01 11:00:00+00', 'bob', TRUE, 3, NULL, [], STRUCT(3 AS a, 'q' AS b), [], 'h2', DATE '2026-01-01'),
  ('3', TIMESTAMP '2026-01-02 00:00:00+00', 'cyd', NULL, NULL, JSON '{"a":1}', ['t3'], NULL, [STRUCT('s1' AS k, 5 AS v)], 'h3', NULL)`;

const naming: Construct[] = [
  ['a name quoted as a whole', 'SELECT COUNT(*) c FROM `demo-project.ds.ev`', [[4]]],
  ['a name quoted by part', 'SELECT COUNT(*) c FROM `demo-project`.`ds`.`ev`', [[4]]],
  ['a name quoted in its project', 'SELECT COUNT(*) c FROM `demo-project`.ds.ev AS e', [[4]]],
  ['a bare name with dashes', 'SELECT COUNT(*) c FROM demo-project.ds.ev', [[4]]],
  ['a column by its table', "SELECT ev.actor FROM ds.ev WHERE ev.id = '1'", [['ann']]],
  [
    'aliases that are words elsewhere',
    'SELECT MAX(n) last, MIN(n) first, 1 AS value, 2 timestamp FROM ds.ev',
    [[3, 1, 1, 2]],
  ],
  ['comments', 'SELECT /* a */ 1 -- b\n + 1 # c\n AS x', [[2]]],
  [
    'strings',
    `SELECT 'it\\'s' a, "dq" b, r'\\n' c, '''tri'ple''' d, """a"b""" e, '\\u0041\\x42\\n' f`,
    [["it's", 'dq', '\\n', "tri'ple", 'a"b', 'AB\n']],
  ],
  ['bytes', "SELECT b'a\\xff' a, rb'\\x' b", [['Yf8=', 'XHg=']]],
  ['numbers', 'SELECT 0x1F a, -9223372036854775808 b, 1.5e3 c, .5 d', [[31, '-9223372036854775808', 1500, 0.5]]],
  ['columns without a name', 'SELECT 1, n + 1, actor FROM ds.ev WHERE n = 1', [[1, 2, 'ann']]],
  ['a statement that ends in a semicolon', 'SELECT 1 AS x;', [[1]]],
  [
    'INFORMATION_SCHEMA.TABLES',
    "SELECT table_name, table_type FROM ds.INFORMATION_SCHEMA.TABLES WHERE table_name = 'ev'",
    [['ev', 'BASE TABLE']],
  ],
  [
    'INFORMATION_SCHEMA.COLUMNS',
    "SELECT column_name, data_type FROM `demo-project`.ds.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'ev' AND ordinal_position IN (2, 9)",
    [
      ['ts', 'TIMESTAMP'],
      ['steps', 'ARRAY<STRUCT<k STRING, v INT64>>'],
    ],
  ],
];

const conditions: Construct[] = [
  [
    'records are compared by position',
    "SELECT STRUCT(id, n) = STRUCT('1', 1) a, (id, n) IN (('1', 1)) b, STRUCT(1 AS x, 2 AS y) != STRUCT(1 AS y, 2 AS x) c, st = STRUCT(1, 'z') d FROM ds.ev WHERE id = '1'",
    [[true, true, false, true]],
  ],
  [
    'IF, IFNULL, COALESCE, NULLIF',
    "SELECT IF(1>0,'a','b') a, IFNULL(NULL,'z') b, COALESCE(NULL, NULL, 3) c, NULLIF(1,1) d",
    [['a', 'z', 3, null]],
  ],
  ['CASE with an operand', "SELECT CASE actor WHEN 'ann' THEN 1 ELSE 0 END a FROM ds.ev WHERE id='1'", [[1]]],
  [
    'CASE with conditions',
    "SELECT CASE WHEN n > 2 THEN 'big' WHEN n > 1 THEN 'two' END a FROM ds.ev ORDER BY ts",
    [[null], ['two'], ['big'], [null]],
  ],
  [
    'BETWEEN, LIKE and NOT',
    "SELECT 2 BETWEEN 1 AND 3 a, 'abc' LIKE 'a%' b, 'a%c' LIKE 'a\\\\%c' c, 'abc' NOT LIKE '%z' d, NOT 1 = 2 e",
    [[true, true, true, true, true]],
  ],
  ['IN with NULL', 'SELECT 1 IN (1, NULL) a, 2 IN (1, NULL) b, 2 NOT IN (1) c', [[true, null, true]]],
  ['IS', 'SELECT NULL IS NULL a, TRUE IS NOT FALSE b, 1 IS DISTINCT FROM NULL c', [[true, true, true]]],
  ['precedence', 'SELECT 1 + 2 * 3 a, (1 + 2) * 3 b, TRUE OR FALSE AND FALSE c, -2 + 5 d', [[7, 9, true, 3]]],
  ['GREATEST and LEAST with NULL', 'SELECT GREATEST(1, 3, 2) a, GREATEST(1, NULL) b, LEAST(2, 1) c', [[3, null, 1]]],
  ['CONCAT with NULL', "SELECT CONCAT('a', 'b') a, CONCAT('a', NULL) IS NULL b, 'a' || 'b' c", [['ab', true, 'ab']]],
  ['ERROR where it is not reached', "SELECT IF(1=2, ERROR('x'), 1) e", [[1]]],
];

const numbers: Construct[] = [
  ['division', 'SELECT 7/2 a, DIV(7,2) b, MOD(7,2) c, DIV(-7,2) d, MOD(-7,2) e', [[3.5, 3, 1, -3, -1]]],
  ['SAFE_DIVIDE', 'SELECT SAFE_DIVIDE(1,0) a, SAFE_DIVIDE(4,2) b', [[null, 2]]],
  [
    'rounding away from zero',
    'SELECT ROUND(2.5) a, ROUND(-2.5) b, ROUND(1.256, 2) c, CEIL(1.2) d, FLOOR(-1.2) e, TRUNC(1.9) f',
    [[3, -3, 1.26, 2, -2, 1]],
  ],
  ['ABS, SIGN, POW, SQRT', 'SELECT ABS(-3) a, SIGN(-2) b, POW(2, 10) c, SQRT(9) d', [[3, -1, 1024, 3]]],
  [
    'CAST to INT64 rounds half away from zero',
    'SELECT CAST(2.5 AS INT64) a, CAST(-2.5 AS INT64) b, CAST("42" AS INT64) c, CAST(TRUE AS INT64) d',
    [[3, -3, 42, 1]],
  ],
  [
    'CAST to STRING',
    "SELECT CAST(1 AS STRING) a, CAST(TRUE AS STRING) b, CAST(TIMESTAMP '2026-01-01 10:00:00.120+00' AS STRING) c, CAST(DATE '2026-01-02' AS STRING) d, CAST(b'abc' AS STRING) e",
    [['1', 'true', '2026-01-01 10:00:00.120+00', '2026-01-02', 'abc']],
  ],
  ['CAST of NUMERIC', "SELECT CAST(NUMERIC '1.50' AS STRING) a, CAST('1.5' AS FLOAT64) b", [['1.5', 1.5]]],
  [
    'SAFE_CAST',
    "SELECT SAFE_CAST('x' AS INT64) a, SAFE_CAST('7' AS INT64) b, SAFE_CAST('1.5' AS INT64) c, SAFE_CAST('nope' AS TIMESTAMP) d",
    [[null, 7, null, null]],
  ],
  ['bits', 'SELECT 5 & 3 a, 5 | 3 b, 5 ^ 3 c, 1 << 4 d, ~0 e', [[1, 7, 6, 16, -1]]],
];

const strings: Construct[] = [
  [
    'case and length',
    "SELECT LOWER('AbC') a, UPPER('abc') b, LENGTH('añb') c, BYTE_LENGTH('añb') d, REVERSE('abc') e",
    [['abc', 'ABC', 3, 4, 'cba']],
  ],
  ['TRIM', "SELECT TRIM('  a\\t') a, LTRIM('xxa', 'x') b, RTRIM(' a ') c", [['a', 'a', ' a']]],
  [
    'SUBSTR',
    "SELECT SUBSTR('abcde', 2) a, SUBSTR('abcde', 2, 2) b, SUBSTR('abcde', -2) c, SUBSTR('abcde', 0, 2) d, SUBSTR('abc', -9, 2) e",
    [['bcde', 'bc', 'de', 'ab', 'ab']],
  ],
  [
    'LEFT, RIGHT, LPAD, REPEAT, REPLACE',
    "SELECT LEFT('abc', 2) a, RIGHT('abc', 2) b, LPAD('7', 3, '0') c, REPEAT('ab', 2) d, REPLACE('aXa', 'X', 'b') e",
    [['ab', 'bc', '007', 'abab', 'aba']],
  ],
  [
    'STARTS_WITH, ENDS_WITH, STRPOS',
    "SELECT STARTS_WITH('abc','a') a, ENDS_WITH('abc','b') b, STRPOS('abc','c') c",
    [[true, false, 3]],
  ],
  ['SPLIT with OFFSET', "SELECT SPLIT('a/b/c','/')[OFFSET(1)] s, SPLIT('a,b')[ORDINAL(2)] t", [['b', 'b']]],
  [
    'regular expressions',
    "SELECT REGEXP_CONTAINS('abc', r'b.') a, REGEXP_EXTRACT('k=12', r'k=(\\d+)') b, REGEXP_EXTRACT('k=12', r'z') c, REGEXP_REPLACE('a1a2', r'\\d', '#') d, REGEXP_REPLACE('ab', r'(a)(b)', r'\\2\\1') e",
    [[true, '12', null, 'a#a#', 'ba']],
  ],
  ['REGEXP_EXTRACT_ALL', "SELECT REGEXP_EXTRACT_ALL('a1b22', r'[a-z](\\d+)') a", [[['1', '22']]]],
  [
    'FORMAT',
    "SELECT FORMAT('%s-%05d %.2f %% %t', 'x', 42, 1.005, DATE '2026-01-01') f",
    [['x-00042 1.00 % 2026-01-01']],
  ],
  [
    'FORMAT of any value',
    `SELECT FORMAT('%t|%T', st, st) a, FORMAT('%T', steps) b, FORMAT('%t|%T', 1.0, ts) c, FORMAT('%T|%t', tags, CAST(NULL AS STRING)) d,
      FORMAT('%T', STRUCT('it\\'s "x"' AS only)) e, FORMAT('%T', j) f FROM ds.ev WHERE id = '1'`,
    [
      [
        '(1, z)|(1, "z")',
        '[("s1", 10), ("s2", 20)]',
        '1.0|TIMESTAMP "2026-01-01 10:15:30+00"',
        '["t1", "t2"]|NULL',
        'STRUCT("it\'s \\"x\\"")',
        'JSON \'{"a":{"b":"x"},"n":5}\'',
      ],
    ],
  ],
  ['LIKE ANY and LIKE ALL', "SELECT 'abc' LIKE ANY ('x%', 'a%') a, 'abc' LIKE ALL ('x%', 'a%') b", [[true, false]]],
  [
    'EDIT_DISTANCE, TRANSLATE, UNICODE',
    "SELECT EDIT_DISTANCE('ab', 'ac') a, TRANSLATE('abc', 'ab', 'xy') b, UNICODE('a') c",
    [[1, 'xyc', 97]],
  ],
  [
    'hashes',
    "SELECT TO_HEX(SHA256('abc')) a, TO_HEX(SHA256(CAST('abc' AS BYTES))) b, TO_HEX(MD5('')) c",
    [
      [
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        'd41d8cd98f00b204e9800998ecf8427e',
      ],
    ],
  ],
  [
    'a hash over columns',
    "SELECT TO_HEX(SHA256(CONCAT(prev, '|', id))) = TO_HEX(SHA256('|1')) h FROM ds.ev WHERE id='1'",
    [[true]],
  ],
  [
    'base 64 and hex',
    "SELECT TO_BASE64(b'abc') a, SAFE_CONVERT_BYTES_TO_STRING(FROM_BASE64('YWJj')) b, FROM_HEX('6162') c",
    [['YWJj', 'abc', 'YWI=']],
  ],
  ['CAST to BYTES keeps backslashes', "SELECT TO_HEX(CAST(r'\\x41' AS BYTES)) a", [['5c783431']]],
  ['GENERATE_UUID', 'SELECT LENGTH(GENERATE_UUID()) l', [[36]]],
];

const times: Construct[] = [
  [
    'TIMESTAMP literals',
    "SELECT TIMESTAMP '2026-01-01' a, TIMESTAMP '2026-01-01 10:00:00+02' b, TIMESTAMP '2026-01-01T10:00:00.5Z' c, TIMESTAMP \"2026-01-01 10:00:00 UTC\" d",
    [['2026-01-01T00:00:00.000Z', '2026-01-01T08:00:00.000Z', '2026-01-01T10:00:00.500Z', '2026-01-01T10:00:00.000Z']],
  ],
  [
    'TIMESTAMP_TRUNC',
    "SELECT TIMESTAMP_TRUNC(TIMESTAMP '2026-01-07 10:15:30+00', HOUR) a, TIMESTAMP_TRUNC(TIMESTAMP '2026-01-07 10:15:30+00', WEEK) b, TIMESTAMP_TRUNC(TIMESTAMP '2026-01-07 10:15:30+00', ISOWEEK) c, TIMESTAMP_TRUNC(TIMESTAMP '2026-01-07 23:30:00+00', DAY, 'Europe/Zurich') d",
    [['2026-01-07T10:00:00.000Z', '2026-01-04T00:00:00.000Z', '2026-01-05T00:00:00.000Z', '2026-01-07T23:00:00.000Z']],
  ],
  [
    'TIMESTAMP_DIFF truncates',
    "SELECT TIMESTAMP_DIFF(TIMESTAMP '2026-01-01 11:30:00+00', TIMESTAMP '2026-01-01 10:00:00+00', MINUTE) m, TIMESTAMP_DIFF(TIMESTAMP '2026-01-01 10:59:00+00', TIMESTAMP '2026-01-01 09:01:00+00', HOUR) h, TIMESTAMP_DIFF(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01 00:00:01.5+00', SECOND) s",
    [[90, 1, -1]],
  ],
  [
    'TIMESTAMP_ADD and TIMESTAMP_SUB',
    "SELECT TIMESTAMP_ADD(TIMESTAMP '2026-01-01 00:00:00+00', INTERVAL 90 MINUTE) a, TIMESTAMP_SUB(TIMESTAMP '2026-01-01 00:00:00+00', INTERVAL 1 DAY) b",
    [['2026-01-01T01:30:00.000Z', '2025-12-31T00:00:00.000Z']],
  ],
  [
    'INTERVAL arithmetic',
    "SELECT TIMESTAMP '2026-01-01' + INTERVAL 2 HOUR a, TIMESTAMP '2026-01-01' - INTERVAL (1 + 1) DAY b",
    [['2026-01-01T02:00:00.000Z', '2025-12-30T00:00:00.000Z']],
  ],
  [
    'DATE_DIFF counts boundaries',
    "SELECT DATE_DIFF(DATE '2026-03-01', DATE '2026-02-27', DAY) d, DATE_DIFF(DATE '2026-03-01', DATE '2026-02-28', MONTH) m, DATE_DIFF(DATE '2026-01-04', DATE '2026-01-03', WEEK) w, DATE_DIFF(DATE '2026-01-04', DATE '2026-01-03', ISOWEEK) i",
    [[2, 1, 1, 0]],
  ],
  [
    'DATE functions',
    "SELECT DATE_TRUNC(DATE '2026-03-15', MONTH) a, DATE(TIMESTAMP '2026-03-15 23:00:00+00') b, DATE(2026, 1, 2) c, DATE_ADD(DATE '2026-01-31', INTERVAL 1 MONTH) d, DATE_SUB(DATE '2026-01-01', INTERVAL 1 WEEK) e, LAST_DAY(DATE '2026-02-10') f",
    [['2026-03-01', '2026-03-15', '2026-01-02', '2026-02-28', '2025-12-25', '2026-02-28']],
  ],
  ['DATE in a time zone', "SELECT DATE(TIMESTAMP '2026-01-01 23:30:00+00', 'Europe/Zurich') d", [['2026-01-02']]],
  [
    'EXTRACT',
    "SELECT EXTRACT(HOUR FROM TIMESTAMP '2026-01-01 10:15:30.25+00') a, EXTRACT(DATE FROM TIMESTAMP '2026-01-01 10:15:30+00') b, EXTRACT(DAYOFWEEK FROM DATE '2026-01-04') c, EXTRACT(MILLISECOND FROM TIMESTAMP '2026-01-01 10:15:30.25+00') d, EXTRACT(ISOWEEK FROM DATE '2026-01-04') e, EXTRACT(HOUR FROM TIMESTAMP '2026-01-01 10:00:00+00' AT TIME ZONE 'Europe/Zurich') f",
    [[10, '2026-01-01', 1, 250, 1, 11]],
  ],
  [
    'FORMAT_TIMESTAMP',
    "SELECT FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%SZ', TIMESTAMP '2026-01-01 10:15:30+00') a, FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2026-01-01 10:15:30+00') b, FORMAT_TIMESTAMP('%FT%H:%M:%E6S%Ez', TIMESTAMP '2026-01-01 10:15:30.123456+00', 'UTC') c, FORMAT_TIMESTAMP('%E3S|%E*S', TIMESTAMP '2026-01-01 10:15:30.120+00') d",
    [['2026-01-01T10:15:30Z', '2026-01-01 10:15:30', '2026-01-01T10:15:30.123456+00:00', '30.120|30.12']],
  ],
  ['FORMAT_DATE', "SELECT FORMAT_DATE('%b %e, %Y', DATE '2026-01-05') f", [['Jan  5, 2026']]],
  [
    'PARSE_TIMESTAMP',
    "SELECT PARSE_TIMESTAMP('%Y-%m-%d %H:%M', '2026-01-01 10:15') a, PARSE_TIMESTAMP('%FT%T%Ez', '2026-01-01T10:15:00+02:00') b, PARSE_DATE('%Y%m%d', '20260102') c",
    [['2026-01-01T10:15:00.000Z', '2026-01-01T08:15:00.000Z', '2026-01-02']],
  ],
  [
    'UNIX times',
    "SELECT UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01+00') a, UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:01+00') b, UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5+00') c, TIMESTAMP_MILLIS(1000) d, TIMESTAMP_SECONDS(1) e, UNIX_DATE(DATE '1970-01-03') f",
    [[1000, 1000000, -1, '1970-01-01T00:00:01.000Z', '1970-01-01T00:00:01.000Z', 2]],
  ],
  [
    'TIMESTAMP()',
    "SELECT TIMESTAMP('2026-01-01 10:00:00') a, TIMESTAMP(DATE '2026-01-01') b, TIMESTAMP('2026-01-01 10:00:00', 'Europe/Zurich') c",
    [['2026-01-01T10:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T09:00:00.000Z']],
  ],
  [
    'DATETIME',
    "SELECT DATETIME '2026-01-01 10:00:00' a, DATETIME(TIMESTAMP '2026-01-01 10:00:00+00') b, DATETIME_TRUNC(DATETIME '2026-01-01 10:20:00', HOUR) c",
    [['2026-01-01T10:00:00', '2026-01-01T10:00:00', '2026-01-01T10:00:00']],
  ],
  [
    'CURRENT_TIMESTAMP',
    'SELECT COUNT(*) c FROM ds.ev WHERE ts > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 36500 DAY) AND CURRENT_DATE() > DATE "2026-01-01" AND ts < TIMESTAMP_ADD(CURRENT_TIMESTAMP, INTERVAL 36500 DAY)',
    [[4]],
  ],
  ['a string literal beside a TIMESTAMP', "SELECT COUNT(*) c FROM ds.ev WHERE ts >= '2026-01-01 11:00:00+00'", [[2]]],
];

const jsons: Construct[] = [
  ['JSON_VALUE', "SELECT JSON_VALUE(j, '$.a.b') b, JSON_VALUE(j,'$.n') n FROM ds.ev WHERE id='1'", [['x', '5']]],
  ['JSON_VALUE of an object', "SELECT JSON_VALUE(j, '$.a') b FROM ds.ev WHERE id='1'", [[null]]],
  ['JSON_VALUE of malformed text', "SELECT JSON_VALUE('{bad', '$.a') b", [[null]]],
  ['JSON_VALUE by a quoted key', `SELECT JSON_VALUE('{"a b":{"c.d":[7]}}', "$['a b'].\\"c.d\\"[0]") v`, [['7']]],
  ['JSON_QUERY', "SELECT TO_JSON_STRING(JSON_QUERY(j, '$.a')) b FROM ds.ev WHERE id='1'", [['{"b":"x"}']]],
  ['JSON_EXTRACT_SCALAR', "SELECT JSON_EXTRACT_SCALAR(j, '$.a.b') b FROM ds.ev WHERE id='1'", [['x']]],
  ['JSON_VALUE_ARRAY', 'SELECT JSON_VALUE_ARRAY(\'["a","b"]\') b', [[['a', 'b']]]],
  ['JSON field access', "SELECT STRING(j.a.b) b, INT64(j.n) n FROM ds.ev WHERE id='1'", [['x', 5]]],
  ['JSON subscript', "SELECT STRING(j['a']['b']) b FROM ds.ev WHERE id='1'", [['x']]],
  [
    'TO_JSON_STRING',
    "SELECT TO_JSON_STRING(STRUCT(1 AS a, 'x' AS b, [1, 2] AS c)) s, TO_JSON_STRING('q\"') t, TO_JSON_STRING(NULL) u",
    [['{"a":1,"b":"x","c":[1,2]}', '"q\\""', 'null']],
  ],
  [
    'TO_JSON_STRING of a row',
    "SELECT TO_JSON_STRING(e) r FROM ds.ev AS e WHERE id = '1'",
    [
      [
        '{"id":"1","ts":"2026-01-01T10:15:30Z","actor":"ann","ok":true,"n":1,"j":{"a":{"b":"x"},"n":5},"tags":["t1","t2"],"st":{"a":1,"b":"z"},"steps":[{"k":"s1","v":10},{"k":"s2","v":20}],"prev":"","day":"2026-01-01"}',
      ],
    ],
  ],
  [
    'TO_JSON_STRING of scalars',
    "SELECT TO_JSON_STRING(9007199254740993) a, TO_JSON_STRING(b'abc') b, TO_JSON_STRING(TIMESTAMP '2026-01-01 10:00:00.120+00') c, TO_JSON_STRING(NUMERIC '1.5') d, TO_JSON_STRING(DATETIME '2026-01-01 10:00:00') e",
    [['"9007199254740993"', '"YWJj"', '"2026-01-01T10:00:00.120Z"', '"1.5"', '"2026-01-01T10:00:00"']],
  ],
  [
    'TO_JSON_STRING of JSON',
    "SELECT TO_JSON_STRING(JSON_QUERY_ARRAY('[1, {}]')) a, TO_JSON_STRING(STRUCT(JSON '{}' AS j)) b",
    [['[1,{}]', '{"j":{}}']],
  ],
  ['PARSE_JSON', 'SELECT JSON_VALUE(PARSE_JSON(\'{"q":"z"}\'),\'$.q\') s', [['z']]],
  ['SAFE.PARSE_JSON', "SELECT SAFE.PARSE_JSON('{bad') IS NULL p", [[true]]],
  [
    'JSON_TYPE',
    "SELECT JSON_TYPE(JSON '1.5') a, JSON_TYPE(JSON '{}') b, JSON_TYPE(JSON 'null') c",
    [['number', 'object', 'null']],
  ],
];

const arrays: Construct[] = [
  [
    'UNNEST after a comma',
    'SELECT e.id, t FROM ds.ev e, UNNEST(e.tags) AS t ORDER BY 1,2 LIMIT 2',
    [
      ['1', 't1'],
      ['1', 't2'],
    ],
  ],
  [
    'CROSS JOIN UNNEST WITH OFFSET',
    "SELECT t, o FROM ds.ev e CROSS JOIN UNNEST(e.tags) AS t WITH OFFSET AS o WHERE e.id='1' ORDER BY o",
    [
      ['t1', 0],
      ['t2', 1],
    ],
  ],
  [
    'UNNEST WITH OFFSET without a name',
    "SELECT t, offset FROM UNNEST(['a','b']) t WITH OFFSET ORDER BY offset",
    [
      ['a', 0],
      ['b', 1],
    ],
  ],
  ['LEFT JOIN UNNEST', 'SELECT COUNT(*) c, COUNT(t) d FROM ds.ev e LEFT JOIN UNNEST(e.tags) AS t', [[5, 4]]],
  [
    'an array of the row as a FROM item',
    "SELECT s.k, s.v FROM ds.ev e, e.steps AS s WHERE e.id = '1' ORDER BY 1",
    [
      ['s1', 10],
      ['s2', 20],
    ],
  ],
  ['UNNEST of a literal', 'SELECT x FROM UNNEST([1,2,3]) AS x WHERE x > 1 ORDER BY x', [[2], [3]]],
  [
    'UNNEST of records',
    "SELECT s.k, s.v FROM UNNEST([STRUCT('a' AS k, 1 AS v), ('b', 2)]) AS s ORDER BY 1",
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  ['UNNEST of records without an alias', "SELECT k, v FROM UNNEST([STRUCT('a' AS k, 1 AS v)])", [['a', 1]]],
  ['UNNEST and its record spread', "SELECT s.* FROM UNNEST([STRUCT('a' AS k, 1 AS v)]) AS s", [['a', 1]]],
  ['IN UNNEST', "SELECT COUNT(*) c FROM ds.ev WHERE 't2' IN UNNEST(tags)", [[2]]],
  [
    'EXISTS over UNNEST',
    "SELECT COUNT(*) c FROM ds.ev WHERE EXISTS(SELECT 1 FROM UNNEST(tags) t WHERE t LIKE 't1%')",
    [[1]],
  ],
  [
    'ARRAY of a subquery',
    "SELECT ARRAY(SELECT UPPER(t) FROM UNNEST(tags) t ORDER BY t DESC) a FROM ds.ev WHERE id='1'",
    [[['T2', 'T1']]],
  ],
  [
    'ARRAY of records',
    "SELECT ARRAY(SELECT AS STRUCT s.k, s.v * 2 AS w FROM UNNEST(steps) s ORDER BY s.k) a FROM ds.ev WHERE id='1'",
    [
      [
        [
          { k: 's1', w: 20 },
          { k: 's2', w: 40 },
        ],
      ],
    ],
  ],
  ['ARRAY of an empty subquery', 'SELECT ARRAY_LENGTH(ARRAY(SELECT x FROM UNNEST([1]) x WHERE x > 1)) n', [[0]]],
  [
    'subscripts',
    "SELECT ARRAY_LENGTH(tags) l, tags[OFFSET(0)] a, tags[SAFE_OFFSET(9)] b, tags[ORDINAL(2)] c, tags[1] d FROM ds.ev WHERE id='1'",
    [[2, 't1', null, 't2', 't2']],
  ],
  [
    'ARRAY_TO_STRING',
    "SELECT ARRAY_TO_STRING(['a', NULL, 'b'], ',') a, ARRAY_TO_STRING(['a', NULL], ',', '-') b, ARRAY_TO_STRING(CAST([] AS ARRAY<STRING>), ',') c",
    [['a,b', 'a,-', '']],
  ],
  [
    'ARRAY_CONCAT and ARRAY_REVERSE',
    'SELECT ARRAY_CONCAT([1], [2, 3]) a, ARRAY_REVERSE([1, 2]) b, ARRAY<INT64>[4] c',
    [[[1, 2, 3], [2, 1], [4]]],
  ],
  [
    'GENERATE_ARRAY',
    'SELECT GENERATE_ARRAY(1, 3) a, GENERATE_ARRAY(10, 0, -5) b',
    [
      [
        [1, 2, 3],
        [10, 5, 0],
      ],
    ],
  ],
  [
    'GENERATE_TIMESTAMP_ARRAY',
    "SELECT COUNT(*) c FROM UNNEST(GENERATE_TIMESTAMP_ARRAY(TIMESTAMP '2026-01-01 00:00:00+00', TIMESTAMP '2026-01-01 03:00:00+00', INTERVAL 1 HOUR)) AS h",
    [[4]],
  ],
  [
    'GENERATE_DATE_ARRAY',
    "SELECT GENERATE_DATE_ARRAY('2026-01-01','2026-01-03') a, GENERATE_DATE_ARRAY(DATE '2026-01-01', DATE '2026-03-01', INTERVAL 1 MONTH)[OFFSET(2)] b",
    [[['2026-01-01', '2026-01-02', '2026-01-03'], '2026-03-01']],
  ],
  ['fields of records', "SELECT st.a, st.b, e.st.a + 1 AS c FROM ds.ev e WHERE id='1'", [[1, 'z', 2]]],
  [
    'typed STRUCT',
    "SELECT STRUCT<a INT64, b STRING>(1,'x').b r, (SELECT AS STRUCT 1 AS a, 'x' AS b).b AS s",
    [['x', 'x']],
  ],
  [
    'an array field of an aggregate',
    'SELECT id, ARRAY_AGG(STRUCT(ts, ok) ORDER BY ts DESC LIMIT 1)[OFFSET(0)].ok AS last_ok FROM ds.ev GROUP BY id ORDER BY id',
    [
      ['1', true],
      ['2', true],
      ['3', null],
    ],
  ],
];

const aggregates: Construct[] = [
  ['COUNTIF with NULL', 'SELECT COUNTIF(ok) c, COUNTIF(n > 100) d FROM ds.ev', [[2, 0]]],
  [
    'COUNT(DISTINCT)',
    'SELECT COUNT(DISTINCT actor) a, COUNT(DISTINCT CONCAT(actor, id)) b, COUNT(n) c FROM ds.ev',
    [[3, 3, 3]],
  ],
  [
    'SUM, AVG, MIN, MAX',
    'SELECT SUM(n) a, AVG(n) b, MIN(actor) c, MAX(ts) = TIMESTAMP "2026-01-02" d FROM ds.ev',
    [[6, 2, 'ann', true]],
  ],
  ['LOGICAL_AND and LOGICAL_OR', 'SELECT LOGICAL_AND(ok) a, LOGICAL_OR(ok) o FROM ds.ev', [[false, true]]],
  [
    'ARRAY_AGG with its modifiers',
    'SELECT ARRAY_AGG(n IGNORE NULLS ORDER BY n DESC LIMIT 2) a, ARRAY_AGG(DISTINCT actor ORDER BY actor) b FROM ds.ev',
    [
      [
        [3, 2],
        ['ann', 'bob', 'cyd'],
      ],
    ],
  ],
  [
    'STRING_AGG with its modifiers',
    "SELECT STRING_AGG(actor, '|' ORDER BY ts) a, STRING_AGG(actor, ',' ORDER BY n DESC LIMIT 2) b, STRING_AGG(DISTINCT actor, ',' ORDER BY actor) c FROM ds.ev",
    [['ann|bob|bob|cyd', 'bob,bob', 'ann,bob,cyd']],
  ],
  [
    'ANY_VALUE HAVING MAX',
    "SELECT ANY_VALUE(ok HAVING MAX ts) a, MAX_BY(actor, ts) b FROM ds.ev WHERE id='2'",
    [[true, 'bob']],
  ],
  ['APPROX_COUNT_DISTINCT', 'SELECT APPROX_COUNT_DISTINCT(actor) a FROM ds.ev', [[3]]],
  [
    'GROUP BY, HAVING, ORDER BY',
    'SELECT id, COUNT(*) c FROM ds.ev GROUP BY id HAVING COUNT(*) > 1 ORDER BY c DESC, 1',
    [['2', 2]],
  ],
  [
    'GROUP BY an alias and ALL',
    'SELECT TIMESTAMP_TRUNC(ts, DAY) AS the_day, COUNT(*) c FROM ds.ev GROUP BY the_day ORDER BY c',
    [
      ['2026-01-02T00:00:00.000Z', 1],
      ['2026-01-01T00:00:00.000Z', 3],
    ],
  ],
  [
    'GROUP BY a field that is called like its record',
    "SELECT s.a AS s, COUNT(*) c FROM (SELECT STRUCT(1 AS a, 'x' AS b) AS s UNION ALL SELECT STRUCT(1 AS a, 'y' AS b)) GROUP BY s",
    [[1, 2]],
  ],
  [
    'GROUP BY ROLLUP',
    'SELECT actor, COUNT(*) c FROM ds.ev GROUP BY ROLLUP(actor) ORDER BY actor NULLS FIRST LIMIT 1',
    [[null, 4]],
  ],
  ['NULL order ascending', 'SELECT n FROM ds.ev ORDER BY n LIMIT 1', [[null]]],
  ['NULL order descending', 'SELECT n FROM ds.ev ORDER BY n DESC LIMIT 1', [[3]]],
];

const windows: Construct[] = [
  [
    'QUALIFY',
    'SELECT id, n FROM ds.ev WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts DESC) = 1 ORDER BY id',
    [
      ['1', 1],
      ['2', 3],
      ['3', null],
    ],
  ],
  [
    'LAG over a chain',
    'SELECT id, LAG(prev) OVER (PARTITION BY actor ORDER BY ts) p FROM ds.ev ORDER BY ts',
    [
      ['1', null],
      ['2', null],
      ['2', 'h1'],
      ['3', null],
    ],
  ],
  [
    'LEAD with offset and default',
    "SELECT LEAD(actor, 2, 'none') OVER (ORDER BY ts) p FROM ds.ev ORDER BY ts",
    [['bob'], ['cyd'], ['none'], ['none']],
  ],
  [
    'a frame',
    'SELECT SUM(n) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) s FROM ds.ev ORDER BY ts',
    [[1], [3], [6], [6]],
  ],
  [
    'WINDOW',
    'SELECT LAST_VALUE(n IGNORE NULLS) OVER w s FROM ds.ev WINDOW w AS (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY ts',
    [[1], [2], [3], [3]],
  ],
  [
    'RANK, DENSE_RANK, NTILE',
    'SELECT RANK() OVER (ORDER BY actor) r, DENSE_RANK() OVER (ORDER BY actor) d, NTILE(2) OVER (ORDER BY ts) t FROM ds.ev ORDER BY ts',
    [
      [1, 1, 1],
      [2, 2, 1],
      [2, 2, 2],
      [4, 3, 2],
    ],
  ],
  [
    'aggregates over windows',
    'SELECT COUNTIF(ok) OVER (PARTITION BY id) c, COUNT(*) OVER () n FROM ds.ev ORDER BY ts LIMIT 2',
    [
      [1, 4],
      [1, 4],
    ],
  ],
];

const queries: Construct[] = [
  ['SELECT * EXCEPT', "SELECT * EXCEPT(j,tags,st,steps,prev,ts,day) FROM ds.ev WHERE id='1'", [['1', 'ann', true, 1]]],
  [
    'SELECT * REPLACE',
    "SELECT * EXCEPT(j,tags,st,steps,prev,ts,day) REPLACE(UPPER(actor) AS actor) FROM ds.ev WHERE id='1'",
    [['1', 'ANN', true, 1]],
  ],
  [
    'a star by alias',
    "SELECT e.* EXCEPT(j,tags,st,steps,prev,ts,day), 1 AS x FROM ds.ev e WHERE id='1'",
    [['1', 'ann', true, 1, 1]],
  ],
  [
    'WITH',
    'WITH a AS (SELECT 1 x UNION ALL SELECT 2), b AS (SELECT x * 10 AS y FROM a) SELECT SUM(y) s FROM b',
    [[30]],
  ],
  [
    'WITH RECURSIVE',
    'WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n+1 FROM r WHERE n<5) SELECT COUNT(*) c FROM r',
    [[5]],
  ],
  ['a WITH name hides a table', 'WITH ev AS (SELECT 7 AS n) SELECT n FROM ev', [[7]]],
  ['set operations', 'SELECT 1 AS x UNION ALL SELECT 1 UNION ALL SELECT 2 ORDER BY x DESC LIMIT 2', [[2], [1]]],
  ['set operations in parentheses', '(SELECT 1 AS x UNION DISTINCT SELECT 1) EXCEPT DISTINCT SELECT 2', [[1]]],
  [
    'JOIN ON',
    'SELECT a.id, b.id AS other FROM ds.ev a JOIN ds.ev AS b ON a.n = b.n - 1 ORDER BY a.n',
    [
      ['1', '2'],
      ['2', '2'],
    ],
  ],
  [
    'LEFT JOIN and USING',
    'SELECT COUNT(*) c, COUNT(b.x) d FROM ds.ev LEFT JOIN (SELECT "1" AS id, 1 AS x) b USING (id)',
    [[4, 1]],
  ],
  [
    'a scalar subquery',
    'SELECT (SELECT MAX(n) FROM ds.ev) m, n IN (SELECT 1) k FROM ds.ev ORDER BY ts LIMIT 1',
    [[3, true]],
  ],
  [
    'a correlated subquery',
    'SELECT id, (SELECT COUNT(*) FROM ds.ev i WHERE i.id = o.id) c FROM ds.ev o ORDER BY ts',
    [
      ['1', 1],
      ['2', 2],
      ['2', 2],
      ['3', 1],
    ],
  ],
  ['LIMIT and OFFSET', 'SELECT n FROM ds.ev WHERE n IS NOT NULL ORDER BY n LIMIT 1 OFFSET 1', [[2]]],
  [
    'a subquery in place of a table, its arrays joined',
    "SELECT t.id, s.v FROM (SELECT * FROM ds.ev) AS t, t.steps AS s WHERE t.id = '1' ORDER BY 2",
    [
      ['1', 10],
      ['1', 20],
    ],
  ],
  [
    'subqueries in every place of a join',
    'SELECT COUNT(*) c FROM ((SELECT * FROM ds.ev) AS a JOIN (SELECT * FROM ds.ev) b ON a.ts = b.ts) LEFT JOIN (SELECT 1 AS n) AS d ON d.n = a.n, (SELECT 1 AS z)',
    [[4]],
  ],
  [
    'an empty relation with its types',
    'SELECT COUNT(t.a) c, ANY_VALUE(t.b.c) x, ARRAY_AGG(e.e) y FROM (SELECT * FROM UNNEST(ARRAY<STRUCT<a INT64, b STRUCT<c STRING>, d ARRAY<STRUCT<e DATE>>>>[])) AS t, t.d AS e',
    [[0, null, []]],
  ],
  [
    'fields replaced inside arrays and records, in their order',
    `SELECT * FROM (SELECT id, st, steps FROM (SELECT * REPLACE (
      IF(steps IS NULL, NULL, ARRAY(SELECT AS STRUCT x.* REPLACE (CONCAT('#', x.k) AS k) FROM UNNEST(steps) AS x WITH OFFSET AS o ORDER BY o DESC)) AS steps,
      IF(st IS NULL, NULL, (SELECT AS STRUCT st.* REPLACE ('-' AS b))) AS st) FROM ds.ev)) AS t WHERE id IN ('1', '3') ORDER BY id`,
    [
      [
        '1',
        { a: 1, b: '-' },
        [
          { k: '#s2', v: 20 },
          { k: '#s1', v: 10 },
        ],
      ],
      ['3', null, [{ k: '#s1', v: 5 }]],
    ],
  ],
  [
    'fields left out of records',
    "SELECT ARRAY(SELECT AS STRUCT s.* EXCEPT (v) FROM UNNEST(steps) s ORDER BY s.v DESC LIMIT 1) a, st.* EXCEPT (a) FROM ds.ev WHERE id = '1'",
    [[[{ k: 's2' }], 'z']],
  ],
  ['DISTINCT', 'SELECT DISTINCT actor FROM ds.ev ORDER BY actor', [['ann'], ['bob'], ['cyd']]],
];

const refused: Construct[] = [
  ['an unknown function', "SELECT FROBNICATE('x')", /Function not found: FROBNICATE at \[1:8\]/],
  ["a function of DuckDB's", "SELECT read_text('/etc/passwd')", /Function not found: read_text/],
  ["a table function of DuckDB's", "SELECT * FROM read_csv('/etc/passwd')", /must be qualified with a dataset/],
  ['a qualified function', "SELECT NET.HOST('https://a.example.com')", /Function not found: NET\.HOST/],
  ['a file as a table', "SELECT * FROM '/etc/passwd'", /Syntax error: Expected identifier but got string literal/],
  ["DuckDB's settings", "SET memory_limit = '1'", /SCRIPT is recognised, but not run/],
  ["DuckDB's statements", "ATTACH '/tmp/x'", /Syntax error: Unexpected identifier "ATTACH" at \[1:1\]/],
  ["DuckDB's casts", "SELECT '1'::int", /Syntax error/],
  ["DuckDB's lambdas", 'SELECT x -> x', /Syntax error|Unrecognized name/],
  ['a misspelt statement', 'SELEC 1', /Syntax error: Unexpected identifier "SELEC" at \[1:1\]/],
  ['an unclosed string', "SELECT 'abc", /Syntax error: Unclosed string literal at \[1:8\]/],
  ['an unfinished query', 'SELECT 1 +', /Syntax error: Unexpected end of script at \[1:11\]/],
  ['an unknown column', 'SELECT nope FROM ds.ev', /Unrecognized name: nope at \[1:8\]/],
  ['an unknown table', 'SELECT 1 FROM ds.nope', /Not found: Table demo-project:ds\.nope was not found in location US/],
  ['an unknown dataset', 'SELECT 1 FROM nope.ev', /Not found: Dataset demo-project:nope/],
  ['an unqualified table', 'SELECT 1 FROM ev', /must be qualified with a dataset/],
  ['an unknown type', 'SELECT CAST(1 AS HUGEINT)', /Type not found: HUGEINT/],
  [
    'an unknown date part',
    "SELECT TIMESTAMP_TRUNC(TIMESTAMP '2026-01-01', FORTNIGHT)",
    /date part name is required but found FORTNIGHT/,
  ],
  ['division by zero', 'SELECT n / (n - 1) FROM ds.ev', /division by zero: 1 \/ 0/],
  ['an overflow', 'SELECT 9223372036854775807 + 1', /int64 overflow: 9223372036854775807 \+ 1/],
  ['a text that is no number', 'SELECT CAST(actor AS FLOAT64) FROM ds.ev', /Bad double value: ann/],
  ['a text that is no date', 'SELECT CAST(actor AS DATE) FROM ds.ev', /Invalid date: 'ann'/],
  ['a text that is no timestamp', 'SELECT TIMESTAMP(actor) FROM ds.ev', /Invalid timestamp: 'ann'/],
  ['a text that is no truth', 'SELECT CAST(actor AS BOOL) FROM ds.ev', /Bad bool value: ann/],
  ['a text that is no decimal', 'SELECT CAST(actor AS NUMERIC) FROM ds.ev', /Invalid NUMERIC value: ann/],
  ['a text that is no JSON', 'SELECT PARSE_JSON(actor) FROM ds.ev', /error while parsing value .*'ann'/],
  ['a text of another form', "SELECT PARSE_DATE('%Y', actor) FROM ds.ev", /Failed to parse input string "ann"/],
  ['a scalar of several rows', 'SELECT (SELECT n FROM ds.ev)', /Scalar subquery produced more than one element/],
  ['ERROR inside another call', "SELECT 1 + ABS(ERROR(CONCAT('of ', actor))) FROM ds.ev", /of ann/],
  ['ERROR compared', "SELECT 1 FROM ds.ev WHERE 'x' LIKE (ERROR(actor))", /ann/],
  ['a bad cast', "SELECT CAST('1.5' AS INT64)", /Bad int64 value: 1\.5/],
  ['an index out of bounds', 'SELECT [1,2][OFFSET(2)]', /Array index 2 is out of bounds/],
  ['ERROR', "SELECT ERROR('on purpose')", /on purpose/],
  ['columns of the same name', 'SELECT 1 AS x, 2 AS X', /Duplicate column names in the result/],
  ['two statements', 'SELECT 1; SELECT 2', /SCRIPT is recognised, but not run/],
  ['a script', 'DECLARE x INT64 DEFAULT 1', /SCRIPT is recognised, but not run/],
  ['a statement made of text', "EXECUTE IMMEDIATE 'SELECT 1'", /SCRIPT is recognised, but not run/],
  ['an export', "EXPORT DATA OPTIONS(uri='gs://b/*') AS SELECT 1 AS x", /EXPORT_DATA is recognised, but not run/],
  ['UNION without ALL or DISTINCT', 'SELECT 1 UNION SELECT 2', /Expected keyword ALL or keyword DISTINCT/],
  ['mixed set operations', 'SELECT 1 UNION DISTINCT SELECT 1 EXCEPT DISTINCT SELECT 2', /Different set operations/],
  ['WHERE without FROM', 'SELECT 1 WHERE TRUE', /without FROM clause cannot have a WHERE clause/],
  ['UPDATE without WHERE', 'UPDATE ds.ev SET n = 1', /UPDATE must have a WHERE clause/],
  ['DELETE without WHERE', 'DELETE FROM ds.ev', /DELETE must have a WHERE clause/],
  ['a record without names in a result', "SELECT (1, 'x') AS a", /STRUCT without field names/],
  ['a query nested too deep', `SELECT ${'('.repeat(3000)}1${')'.repeat(3000)}`, /nested too deeply/],
  ['a table that differs in case only', 'CREATE TABLE ds.EV (x INT64)', /Already Exists: Table demo-project:ds.EV/],
  [
    'a parameter that a column would hide',
    'CREATE TABLE FUNCTION ds.f(actor STRING) AS SELECT id FROM ds.ev WHERE ev.actor = actor',
    /has the name of a column/,
  ],
  [
    'a table compared as if it were its column',
    'SELECT n.n AS x FROM (SELECT 1 AS n) AS n WHERE n > 0',
    /n is a table/,
  ],
  ['a name of two meanings in GROUP BY', 'SELECT DATE(ts) AS ts, COUNT(*) FROM ds.ev GROUP BY ts', /ambiguous/],
  ['a record hidden in a star', "SELECT * FROM UNNEST([STRUCT('a' AS k)]) AS s", /write s\.\*/],
  ['DATE minus DATE', "SELECT DATE '2026-01-02' - DATE '2026-01-01'", /use DATE_DIFF/],
  ['NULL inside a returned array', 'SELECT [1, NULL] AS a', /Array cannot have a null element/],
  [
    'PIVOT of an expression',
    "SELECT * FROM ds.ev PIVOT(SUM(n + 1) FOR actor IN ('ann'))",
    /PIVOT with other aggregates/,
  ],
  [
    'TABLESAMPLE',
    'SELECT COUNT(*) FROM ds.ev TABLESAMPLE SYSTEM (10 PERCENT)',
    /TABLESAMPLE of less than all is not supported/,
  ],
  [
    'time travel to before a change',
    "SELECT COUNT(*) FROM ds.ev FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01'",
    /has changed since, and this emulator keeps no history/,
  ],
  ['an unknown pipe operator', 'SELECT 1 AS x |> TURN x', /Pipe operator TURN is not supported/],
  ['FARM_FINGERPRINT', "SELECT FARM_FINGERPRINT('abc')", /Function not found: FARM_FINGERPRINT/],
  ['a temporary function', 'CREATE TEMP FUNCTION f(x INT64) AS (x)', /CREATE TEMP is not supported/],
  [
    'an array larger than the service makes',
    'SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 100000000))',
    /Cannot generate arrays with more than/,
  ],
  ['an aggregate without its GROUP BY', 'SELECT actor, COUNT(*) FROM ds.ev', /GROUP BY/],
];

const tables: Construct[] = [
  [
    'time travel to after every change',
    'SELECT COUNT(*) c FROM ds.ev AS e FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP() WHERE e.n > 1',
    [[2]],
  ],
  ['a sample of all', 'SELECT COUNT(*) c FROM ds.ev TABLESAMPLE SYSTEM (100 PERCENT)', [[4]]],
  [
    'a wildcard table',
    "SELECT id, _TABLE_SUFFIX AS s FROM `ds.e*` WHERE _TABLE_SUFFIX = 'v' ORDER BY ts LIMIT 1",
    [['1', 'v']],
  ],
  [
    'a star of a wildcard table',
    'SELECT COUNT(*) c FROM (SELECT * FROM `demo-project.ds.e*` AS e) WHERE id = "2"',
    [[2]],
  ],
  ['an identifier with escapes', 'SELECT `act\\u006fr` AS a FROM `ds.\\x65v` ORDER BY ts LIMIT 1', [['ann']]],
  ['a quoted name with dots of WITH', 'WITH `ds.ev` AS (SELECT 7 AS n) SELECT n FROM `ds.ev`', [[7]]],
  [
    'PIVOT',
    "SELECT * FROM (SELECT actor, ok, n FROM ds.ev) PIVOT (SUM(n) AS s, COUNT(*) AS c FOR actor IN ('ann', 'bob' AS b)) AS p ORDER BY ok",
    [
      [null, null, 0, null, 0],
      [false, null, 0, 2, 1],
      [true, 1, 1, 3, 1],
    ],
  ],
  [
    'UNPIVOT',
    "SELECT * FROM (SELECT id, actor, prev FROM ds.ev WHERE id IN ('1', '3')) UNPIVOT (v FOR k IN (actor, prev AS 'before')) ORDER BY 1, 2",
    [
      ['1', '', 'before'],
      ['1', 'ann', 'actor'],
      ['3', 'cyd', 'actor'],
      ['3', 'h3', 'before'],
    ],
  ],
  [
    'GROUPING SETS',
    'SELECT actor, ok, COUNT(*) c FROM ds.ev GROUP BY GROUPING SETS ((actor), ok, ()) ORDER BY c DESC, actor, ok LIMIT 2',
    [
      [null, null, 4],
      [null, true, 2],
    ],
  ],
];

const pipes: Construct[] = [
  ['FROM alone', 'FROM (SELECT 1 AS x)', [[1]]],
  ['WHERE and SELECT', 'FROM ds.ev AS e |> WHERE e.n > 1 |> SELECT id, e.n |> ORDER BY n DESC |> LIMIT 1', [['2', 3]]],
  ['after a query', 'SELECT 1 AS x UNION ALL SELECT 2 |> WHERE x = 2', [[2]]],
  [
    'EXTEND, SET, DROP, RENAME',
    'FROM (SELECT 1 AS a, 2 AS b) |> EXTEND a + b AS c |> SET a = 7 |> DROP b |> RENAME c AS d',
    [[7, 3]],
  ],
  [
    'AGGREGATE with GROUP BY',
    'FROM ds.ev |> AGGREGATE COUNT(*) AS c, MAX(n) AS m GROUP BY id AS i |> WHERE c > 1',
    [['2', 2, 3]],
  ],
  ['AGGREGATE of all', 'FROM ds.ev |> AGGREGATE COUNT(*) AS c', [[4]]],
  [
    'JOIN and WHERE over both sides',
    'FROM ds.ev AS a |> CROSS JOIN (SELECT 2 AS m) AS b |> WHERE a.n = b.m |> SELECT a.id, b.m',
    [['2', 2]],
  ],
  [
    'UNION ALL and DISTINCT',
    'FROM (SELECT 1 AS x) |> UNION ALL (SELECT 1), (SELECT 2) |> DISTINCT |> ORDER BY x',
    [[1], [2]],
  ],
  [
    'inside a subquery and WITH',
    'WITH w AS (FROM ds.ev |> WHERE ok) SELECT (FROM w |> AGGREGATE COUNT(*)) AS c',
    [[2]],
  ],
  ['AS', 'FROM ds.ev |> WHERE n = 1 |> AS z |> SELECT z.id', [['1']]],
];

export const CONSTRUCTS: readonly Construct[] = [
  ...naming,
  ...conditions,
  ...numbers,
  ...strings,
  ...times,
  ...jsons,
  ...arrays,
  ...aggregates,
  ...windows,
  ...queries,
  ...tables,
  ...pipes,
];
export const REFUSED: readonly Construct[] = refused;
