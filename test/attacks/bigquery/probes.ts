/** Classified columns and what can be asked of each: an expression of `c`, and a truth that holds in one warehouse and not in the other. */
const COLUMNS: readonly { value: string; test: string }[] = [
  { value: 'c.name', test: "c.name LIKE 'A%'" },
  { value: 'c.email', test: "STARTS_WITH(c.email, 'a')" },
  { value: 'c.ssn', test: "c.ssn < '5'" },
  { value: 'c.birth', test: "c.birth < DATE '1980-01-01'" },
  { value: 'c.address.street', test: "REGEXP_CONTAINS(c.address.street, r'^Ash')" },
  { value: 'c.address.geo.zip', test: "SUBSTR(c.address.geo.zip, 1, 1) = '1'" },
  { value: 'c.phones[OFFSET(0)].number', test: "STRPOS(c.phones[SAFE_OFFSET(0)].number, '415') > 0" },
  { value: "JSON_VALUE(c.notes, '$.secret')", test: "JSON_VALUE(c.notes, '$.secret') LIKE 'owes-a%'" },
  { value: 'TO_JSON_STRING(c.tags)', test: 'ARRAY_LENGTH(c.tags) = 1' },
  { value: 'c.score', test: 'c.score < 50' },
  { value: 'c.balance', test: 'c.balance < 5000' },
  { value: 'c.vip', test: 'c.vip' },
];

/** Means to get at one value, or at one bit of it. */
const MEANS: readonly ((column: { value: string; test: string }) => string)[] = [
  ({ value }) => `SELECT c.id, ${value} AS x FROM sales.customers AS c ORDER BY c.id`,
  ({ test }) => `SELECT COUNT(*) AS n FROM sales.customers AS c WHERE ${test}`,
  ({ test }) => `SELECT c.id, CASE WHEN ${test} THEN 'yes' ELSE 'no' END AS x FROM sales.customers c ORDER BY c.id`,
  ({ test }) => `SELECT 1 / IF(${test}, 0, 1) AS x FROM sales.customers AS c`,
  ({ value }) => `SELECT c.id FROM sales.customers AS c ORDER BY ${value} DESC, c.id`,
  ({ value }) => `SELECT COUNT(*) AS n FROM sales.customers AS c GROUP BY ${value} ORDER BY n`,
  ({ value }) => `SELECT TO_HEX(SHA256(CAST(${value} AS STRING))) AS x FROM sales.customers c ORDER BY c.id`,
  ({ value }) => `SELECT c.id, DENSE_RANK() OVER (ORDER BY ${value}) AS x FROM sales.customers AS c ORDER BY c.id`,
  ({ value }) =>
    `SELECT MAX(CAST(${value} AS STRING)) AS x, COUNT(DISTINCT CAST(${value} AS STRING)) AS n FROM sales.customers AS c`,
  ({ test }) =>
    `SELECT o.id FROM sales.orders AS o WHERE EXISTS (SELECT 1 FROM sales.customers AS c WHERE c.id = o.customer_id AND ${test}) ORDER BY o.id`,
  ({ value }) => `SELECT ERROR(CONCAT('got ', CAST(${value} AS STRING))) AS x FROM sales.customers AS c`,
  ({ value }) => `SELECT FORMAT('%t', ${value}) AS x FROM sales.customers AS c ORDER BY c.id`,
];

export const PROBES: readonly string[] = COLUMNS.flatMap((column) => MEANS.map((mean) => mean(column)));
