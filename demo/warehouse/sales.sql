-- The demo's warehouse beside its customers' schema, which is in warehouse.ts. Each statement ends at the end of a line.
INSERT INTO customers (id, name, email, ssn, birth_date, address, phones, notes, created)
SELECT
  i,
  CONCAT(
    ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Frances', 'Donald', 'Radia', 'Leslie', 'Katherine'][OFFSET(MOD(i, 10))], ' ',
    ['Moreau', 'Okafor', 'Lindqvist', 'Tanaka', 'Silva', 'Novak', 'Haddad', 'Keller', 'Rossi', 'Byrne', 'Petrov'][OFFSET(MOD(i, 11))]),
  FORMAT('customer%d@%s', i, ['mail.example', 'post.example', 'inbox.example'][OFFSET(MOD(i, 3))]),
  FORMAT('%d-%02d-%04d', 100 + MOD(i * 7, 565), 10 + MOD(i * 3, 89), 1000 + MOD(i * 37, 8999)),
  DATE_ADD(DATE '1950-01-01', INTERVAL MOD(i * 131, 18000) DAY),
  STRUCT(
    FORMAT('%d %s', 1 + MOD(i * 13, 200), ['Rue Haute', 'Lindenstrasse', 'Oak Avenue', 'Via Roma'][OFFSET(MOD(i, 4))]) AS street,
    ['Paris', 'Berlin', 'Austin', 'Milano', 'Recife'][OFFSET(MOD(i, 5))] AS city,
    FORMAT('%05d', 10000 + MOD(i * 7919, 89999)) AS zip),
  [STRUCT('mobile' AS kind, FORMAT('+1 415 555 %04d', MOD(i * 73, 10000)) AS number), STRUCT('home' AS kind, FORMAT('+1 510 555 %04d', MOD(i * 79, 10000)) AS number)],
  PARSE_JSON(FORMAT('{"vip":%s,"remark":"prefers %s"}', IF(MOD(i, 9) = 0, 'true', 'false'), ['mail', 'phone'][OFFSET(MOD(i, 2))])),
  TIMESTAMP_ADD(TIMESTAMP '2025-01-01 09:00:00+00', INTERVAL i * 433 MINUTE)
FROM UNNEST(GENERATE_ARRAY(1, 200)) AS i;

CREATE TABLE orders (
  id INT64 NOT NULL,
  customer_id INT64,
  status STRING,
  total NUMERIC,
  items ARRAY<STRUCT<sku STRING, quantity INT64, price NUMERIC, engraving STRING>>,
  ordered TIMESTAMP
) PARTITION BY DATE(ordered) OPTIONS (description = "Orders, partitioned by day");

INSERT INTO orders (id, customer_id, status, total, items, ordered)
SELECT
  i,
  1 + MOD(i * 17, 200),
  ['open', 'paid', 'shipped', 'returned'][OFFSET(MOD(i, 4))],
  CAST(5 + MOD(i * 7919, 50000) / 100 AS NUMERIC),
  [STRUCT(FORMAT('SKU-%03d', MOD(i, 40)) AS sku, 1 + MOD(i, 3) AS quantity, CAST(1 + MOD(i * 31, 9000) / 100 AS NUMERIC) AS price, FORMAT('for %s', ['Ada', 'Grace', 'Alan'][OFFSET(MOD(i, 3))]) AS engraving)],
  TIMESTAMP_ADD(TIMESTAMP '2026-01-01 12:00:00+00', INTERVAL i * 187 MINUTE)
FROM UNNEST(GENERATE_ARRAY(1, 600)) AS i;

CREATE TABLE payroll (id INT64 NOT NULL, employee STRING, salary NUMERIC, iban STRING) OPTIONS (description = "Not for agents");

INSERT INTO payroll (id, employee, salary, iban)
SELECT i, FORMAT('Employee %d', i), CAST(30000 + MOD(i * 977, 90000) AS NUMERIC), FORMAT('DE%020d', 8937040044 + i * 7)
FROM UNNEST(GENERATE_ARRAY(1, 40)) AS i;

CREATE TABLE events_20260101 (id INT64, seen TIMESTAMP, customer_id INT64, kind STRING, ip STRING);

CREATE TABLE events_20260102 (id INT64, seen TIMESTAMP, customer_id INT64, kind STRING, ip STRING);

INSERT INTO events_20260101 (id, seen, customer_id, kind, ip)
SELECT i, TIMESTAMP_ADD(TIMESTAMP '2026-01-01', INTERVAL i MINUTE), 1 + MOD(i * 7, 200), ['view', 'cart', 'buy'][OFFSET(MOD(i, 3))], FORMAT('198.51.100.%d', MOD(i, 250))
FROM UNNEST(GENERATE_ARRAY(1, 50)) AS i;

INSERT INTO events_20260102 (id, seen, customer_id, kind, ip)
SELECT i, TIMESTAMP_ADD(TIMESTAMP '2026-01-02', INTERVAL i MINUTE), 1 + MOD(i * 11, 200), ['view', 'cart', 'buy'][OFFSET(MOD(i, 3))], FORMAT('203.0.113.%d', MOD(i, 250))
FROM UNNEST(GENERATE_ARRAY(51, 100)) AS i;

CREATE VIEW customer_orders AS
SELECT c.id AS customer_id, c.name, c.email, c.address.city AS city, COUNT(o.id) AS orders, SUM(o.total) AS total
FROM `sallyport-demo.sales.customers` AS c LEFT JOIN `sallyport-demo.sales.orders` AS o ON o.customer_id = c.id
GROUP BY c.id, c.name, c.email, c.address.city;
