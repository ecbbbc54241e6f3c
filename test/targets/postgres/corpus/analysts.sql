SELECT count(*) FROM singer

SELECT name, country, age FROM singer ORDER BY age DESC

SELECT avg(age), min(age), max(age) FROM singer WHERE country = 'France'

SELECT song_release_year FROM singer ORDER BY age LIMIT 1

SELECT DISTINCT country FROM singer WHERE age > 20

SELECT country, count(*) FROM singer GROUP BY country

SELECT T2.concert_name, T2.theme, count(*) FROM singer_in_concert AS T1 JOIN concert AS T2 ON T1.concert_id = T2.concert_id GROUP BY T2.concert_id

SELECT year FROM concert GROUP BY year ORDER BY count(*) DESC, year LIMIT 1

SELECT country FROM singer WHERE age > 40 INTERSECT SELECT country FROM singer WHERE age < 30

SELECT name FROM singer EXCEPT SELECT T2.name FROM singer_in_concert AS T1 JOIN singer AS T2 ON T1.singer_id = T2.singer_id

SELECT name FROM singer WHERE singer_id NOT IN (SELECT singer_id FROM singer_in_concert)

SELECT T2.name FROM singer_in_concert AS T1 JOIN singer AS T2 ON T1.singer_id = T2.singer_id JOIN concert AS T3 ON T1.concert_id = T3.concert_id WHERE T3.year = '2014'

SELECT s.name, s.gpa FROM students AS s WHERE s.gpa > (SELECT avg(gpa) FROM students WHERE major = s.major)

SELECT major, avg(age) AS mean_age FROM students GROUP BY major HAVING count(*) >= 5 ORDER BY mean_age

SELECT title FROM courses WHERE cid IN (SELECT cid FROM enrolled GROUP BY cid HAVING avg(score) > 70)

SELECT s.name FROM students s JOIN enrolled e ON s.sid = e.sid JOIN courses c ON e.cid = c.cid WHERE c.title = 'Course 3' AND e.grade = 'A'

SELECT c.title, count(e.sid) AS n FROM courses c LEFT JOIN enrolled e ON c.cid = e.cid GROUP BY c.cid, c.title ORDER BY n DESC, c.title LIMIT 3

SELECT s.sid, s.name, count(*) AS courses FROM students s JOIN enrolled e USING (sid) GROUP BY s.sid ORDER BY courses DESC, s.sid FETCH FIRST 3 ROWS WITH TIES

SELECT name FROM students WHERE name LIKE 'Student 1%' AND NOT (age BETWEEN 20 AND 22)

SELECT count(DISTINCT teacher) FROM courses

SELECT avg(gpa)::numeric(4,2) FROM students WHERE sid IN (SELECT sid FROM enrolled WHERE grade IS NULL)

SELECT flight_no FROM flights WHERE origin = 'BER' OR destination = 'BER' ORDER BY departs

SELECT a.city, count(*) FROM airports a JOIN flights f ON f.origin = a.code GROUP BY a.city ORDER BY 2 DESC, 1

SELECT origin, destination, price FROM flights WHERE price < 500::money ORDER BY price

SELECT sum(price) FROM flights

SELECT t1.flight_no, t2.flight_no FROM flights t1, flights t2 WHERE t1.destination = t2.origin AND t1.origin <> t2.destination

SELECT extract(hour FROM departs) AS hour, count(*) FROM flights GROUP BY 1 ORDER BY 1

SELECT name, location <-> point '(13.4,52.5)' AS distance FROM airports ORDER BY distance LIMIT 2

SELECT city FROM airports WHERE location <@ box '((0,40),(20,60))'

SELECT c.name, o.order_id, p.name, i.quantity, r.name FROM customers c JOIN orders o ON o.customer_id = c.customer_id JOIN order_items i ON i.order_id = o.order_id JOIN products p ON p.product_id = i.product_id JOIN regions r ON r.region_id = c.region_id WHERE o.status = 'paid' ORDER BY o.order_id, p.product_id LIMIT 20

SELECT r.name, cat.name, sum(i.total) AS revenue FROM regions r JOIN customers c USING (region_id) JOIN orders o USING (customer_id) JOIN order_items i USING (order_id) JOIN products p USING (product_id) JOIN categories cat USING (category_id) GROUP BY r.name, cat.name ORDER BY revenue DESC, 1, 2 LIMIT 10

SELECT c.customer_id, c.name, count(o.order_id) AS orders, coalesce(sum(t.total), 0) AS revenue FROM customers c LEFT JOIN orders o ON o.customer_id = c.customer_id LEFT JOIN order_totals t ON t.order_id = o.order_id GROUP BY c.customer_id ORDER BY revenue DESC, c.customer_id LIMIT 10

SELECT c.* FROM categories c WHERE parent_id IS NULL

SELECT customer_id, name, country FROM active_customers WHERE country IN ('DE', 'FR') ORDER BY 1

SELECT country, count(*) FILTER (WHERE active) AS active, count(*) FILTER (WHERE NOT active) AS gone FROM customers GROUP BY country ORDER BY country

SELECT status, count(*) * 100.0 / sum(count(*)) OVER () AS percent FROM orders GROUP BY status ORDER BY status

SELECT date_trunc('month', ordered_at) AS month, count(*) FROM orders GROUP BY 1 ORDER BY 1

SELECT to_char(ordered_at, 'YYYY-MM') AS month, status, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2

SELECT to_char(date_trunc('quarter', ordered_at), '"Q"Q YYYY') AS quarter, sum(freight) FROM orders GROUP BY 1 ORDER BY 1

SELECT extract(year FROM ordered_at)::int AS year, extract(dow FROM ordered_at) AS dow, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2

SELECT date_part('isoyear', ordered_at), date_part('week', ordered_at), count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 8

SELECT order_id, shipped_at - ordered_at AS took FROM orders WHERE shipped_at IS NOT NULL ORDER BY took DESC LIMIT 5

SELECT avg(extract(epoch FROM shipped_at - ordered_at) / 3600)::numeric(10,1) AS hours FROM orders WHERE status = 'shipped'

SELECT count(*) FROM orders WHERE ordered_at >= date '2025-03-01' AND ordered_at < date '2025-03-01' + interval '1 month'

SELECT count(*) FROM orders WHERE ordered_at::date BETWEEN '2025-02-01' AND '2025-02-28'

SELECT ordered_at AT TIME ZONE 'Europe/Berlin' AS local FROM orders ORDER BY order_id LIMIT 3

SELECT date_trunc('day', ordered_at, 'America/New_York') FROM orders ORDER BY order_id LIMIT 3

SELECT (ordered_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM orders GROUP BY day ORDER BY day LIMIT 5

SELECT age(date '2026-03-01', birthday_like) FROM (VALUES (date '1980-02-29'), (date '2000-12-31')) v(birthday_like)

SELECT date '2024-02-29' + interval '1 year', timestamp '2024-01-31' + interval '1 month', make_date(2024, 2, 29), make_interval(days => 10)

SELECT d::date AS day, coalesce(n, 0) AS orders FROM generate_series(timestamp '2025-02-01', timestamp '2025-02-14', interval '1 day') AS d LEFT JOIN (SELECT ordered_at::date AS day, count(*) AS n FROM orders GROUP BY 1) q ON q.day = d::date ORDER BY 1

SELECT date_bin('15 minutes', at, timestamp '2026-01-01') AS bin, avg(value) FROM measurements WHERE sensor = 's1' GROUP BY bin ORDER BY bin LIMIT 6

SELECT (interval '90 minutes')::text, justify_hours(interval '49 hours'), extract(epoch FROM interval '1 day 1 hour')

SELECT (timestamp '2026-01-01', timestamp '2026-01-10') OVERLAPS (timestamp '2026-01-05', timestamp '2026-02-01')

SELECT to_date('05 Dec 2025', 'DD Mon YYYY'), to_timestamp('2025-12-05 10:11', 'YYYY-MM-DD HH24:MI'), to_number('1,234.5', '9,999.9')

SELECT isfinite(timestamp 'infinity'), 'epoch'::timestamptz, 'today'::date = current_date

SELECT order_id, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS nth FROM orders ORDER BY customer_id, nth LIMIT 10

SELECT month, sales, sales - lag(sales) OVER (ORDER BY month) AS growth, sum(sales) OVER (ORDER BY month ROWS UNBOUNDED PRECEDING) AS running FROM monthly_sales ORDER BY month

SELECT month, round(100 * (sales / lag(sales, 1) OVER w - 1), 2) AS pct, avg(sales) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS moving FROM monthly_sales WINDOW w AS (ORDER BY month) ORDER BY month

SELECT name, price, rank() OVER (PARTITION BY category_id ORDER BY price DESC) AS r, dense_rank() OVER (ORDER BY price), percent_rank() OVER (ORDER BY price), cume_dist() OVER (ORDER BY price), ntile(4) OVER (ORDER BY price) FROM products ORDER BY product_id

SELECT name, first_value(name) OVER w, last_value(name) OVER (w RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), nth_value(name, 2) OVER w FROM products WINDOW w AS (PARTITION BY category_id ORDER BY price) ORDER BY product_id

SELECT order_id, freight, sum(freight) OVER (ORDER BY ordered_at RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) FROM orders ORDER BY order_id LIMIT 12

SELECT order_id, avg(freight) OVER (ORDER BY order_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM orders ORDER BY order_id LIMIT 12

SELECT order_id, count(*) OVER (ORDER BY status GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM orders ORDER BY order_id LIMIT 12

SELECT * FROM (SELECT p.*, row_number() OVER (PARTITION BY category_id ORDER BY price DESC) AS rn FROM products p) t WHERE rn <= 2 ORDER BY category_id, rn

SELECT DISTINCT ON (customer_id) customer_id, order_id, ordered_at FROM orders ORDER BY customer_id, ordered_at DESC LIMIT 10

SELECT c.name, last.order_id, last.ordered_at FROM customers c CROSS JOIN LATERAL (SELECT o.order_id, o.ordered_at FROM orders o WHERE o.customer_id = c.customer_id ORDER BY o.ordered_at DESC LIMIT 1) last ORDER BY c.customer_id LIMIT 10

SELECT c.customer_id, x.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.customer_id) x ON true ORDER BY 1 LIMIT 10

SELECT country, city, count(*) FROM customers GROUP BY ROLLUP (country, city) ORDER BY country NULLS LAST, city NULLS LAST

SELECT country, active, count(*), grouping(country, active) FROM customers GROUP BY CUBE (country, active) ORDER BY 4, 1, 2

SELECT status, extract(year FROM ordered_at) AS y, count(*) FROM orders GROUP BY GROUPING SETS ((status), (y), (status, y), ()) ORDER BY 1, 2

SELECT country, region_id, sum(1) FROM customers GROUP BY DISTINCT ROLLUP (country, region_id), ROLLUP (country) ORDER BY 1, 2, 3

WITH RECURSIVE tree AS (SELECT category_id, name, 1 AS depth, name AS path FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.category_id, c.name, t.depth + 1, t.path || ' > ' || c.name FROM categories c JOIN tree t ON c.parent_id = t.category_id) SELECT * FROM tree ORDER BY path

WITH RECURSIVE reports(emp_id, manager_id, level) AS (SELECT emp_id, manager_id, 0 FROM hr.employees WHERE manager_id IS NULL UNION ALL SELECT e.emp_id, e.manager_id, level + 1 FROM hr.employees e JOIN reports r ON e.manager_id = r.emp_id) SELECT level, count(*) FROM reports GROUP BY level ORDER BY level

WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t

WITH RECURSIVE fib(a, b) AS (SELECT 0::bigint, 1::bigint UNION ALL SELECT b, a + b FROM fib WHERE b < 1000) SELECT a FROM fib

WITH RECURSIVE route(code, hops) AS (SELECT 'BER'::bpchar, 0 UNION ALL SELECT f.destination, hops + 1 FROM route r JOIN flights f ON f.origin = r.code WHERE hops < 6) CYCLE code SET looped USING trail SELECT code, hops, looped FROM route ORDER BY hops, code

WITH RECURSIVE s(id, parent) AS (SELECT category_id, parent_id FROM categories WHERE category_id = 1 UNION ALL SELECT c.category_id, c.parent_id FROM categories c JOIN s ON c.parent_id = s.id) SEARCH DEPTH FIRST BY id SET ord SELECT id FROM s ORDER BY ord

WITH RECURSIVE s(id, parent) AS (SELECT category_id, parent_id FROM categories WHERE category_id = 1 UNION ALL SELECT c.category_id, c.parent_id FROM categories c JOIN s ON c.parent_id = s.id) SEARCH BREADTH FIRST BY id SET ord SELECT id, ord FROM s ORDER BY ord

WITH a AS (SELECT customer_id, count(*) AS n FROM orders GROUP BY 1), b AS MATERIALIZED (SELECT avg(n) AS mean FROM a) SELECT a.* FROM a, b WHERE a.n > b.mean ORDER BY 1

WITH monthly AS NOT MATERIALIZED (SELECT date_trunc('month', ordered_at) AS m, customer_id FROM orders), first AS (SELECT customer_id, min(m) AS cohort FROM monthly GROUP BY 1) SELECT f.cohort, m.m, count(DISTINCT m.customer_id) FROM first f JOIN monthly m USING (customer_id) GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 12

WITH rfm AS (SELECT customer_id, date '2026-01-01' - max(ordered_at)::date AS recency, count(*) AS frequency FROM orders GROUP BY customer_id) SELECT CASE WHEN recency < 30 AND frequency > 3 THEN 'champion' WHEN recency < 90 THEN 'loyal' ELSE 'at risk' END AS segment, count(*) FROM rfm GROUP BY segment ORDER BY segment

SELECT payload ->> 'page' AS page, count(*) FROM events GROUP BY 1 ORDER BY 1

SELECT payload -> 'items' -> 0 ->> 'sku' AS sku, sum((payload #>> '{items,0,qty}')::int) FROM events GROUP BY 1 ORDER BY 1

SELECT count(*) FROM events WHERE payload @> '{"page": "/p/1"}'

SELECT count(*) FROM events WHERE payload ? 'utm' AND payload -> 'utm' <> 'null'

SELECT count(*) FROM events WHERE payload ?| array['utm', 'x'] AND payload ?& array['page', 'ms']

SELECT count(*) FROM events WHERE payload @? '$.items[*] ? (@.qty > 2)'

SELECT count(*) FROM events WHERE payload @@ '$.ms > 200'

SELECT e.id, item ->> 'sku' AS sku FROM events e, jsonb_array_elements(e.payload -> 'items') AS item WHERE e.id <= 5 ORDER BY 1, 2

SELECT e.id, item.sku, item.qty FROM events e CROSS JOIN LATERAL jsonb_to_recordset(e.payload -> 'items') AS item(sku text, qty int) WHERE e.id < 4 ORDER BY 1, 2

SELECT jsonb_path_query(payload, '$.items[*].sku') AS sku FROM events WHERE id < 4

SELECT jsonb_path_query_array(payload, '$.items[*].qty ? (@ > 1)'), jsonb_path_exists(payload, '$.utm.source'), jsonb_path_query_first(payload, '$.items[0].sku') FROM events WHERE id < 6 ORDER BY id

SELECT key, count(*) FROM events, jsonb_object_keys(payload) AS key GROUP BY key ORDER BY key

SELECT k, v FROM products, jsonb_each_text(attributes) AS t(k, v) WHERE product_id = 2 ORDER BY k

SELECT jsonb_pretty(attributes), jsonb_typeof(attributes -> 'dims'), attributes #> '{spec,cpu}' FROM products WHERE product_id = 1

SELECT attributes || '{"new": true}', attributes - 'color', attributes #- '{spec,cpu}', jsonb_set(attributes, '{color}', '"black"') FROM products WHERE product_id < 3 ORDER BY product_id

SELECT jsonb_build_object('status', status, 'orders', jsonb_agg(order_id ORDER BY order_id)) FROM orders WHERE order_id < 20 GROUP BY status ORDER BY status

SELECT json_agg(t ORDER BY t.region_id) FROM (SELECT region_id, name FROM regions) t

SELECT row_to_json(r) FROM regions r ORDER BY region_id

SELECT to_jsonb(r) ->> 'name' FROM regions r ORDER BY 1

SELECT json_object_agg(name, region_id ORDER BY name) FROM regions

SELECT jsonb_object_agg(country, n) FROM (SELECT country, count(*) AS n FROM customers GROUP BY 1 ORDER BY 1) q

SELECT attributes['color'], attributes['dims'][0] FROM products ORDER BY product_id LIMIT 4

SELECT JSON_OBJECT('id' VALUE region_id, 'name' : name ABSENT ON NULL) FROM regions ORDER BY region_id

SELECT JSON_OBJECT('a': 1, 'b': NULL NULL ON NULL RETURNING jsonb)

SELECT JSON_ARRAY(1, 'x', true), JSON_ARRAY(SELECT name FROM regions ORDER BY name)

SELECT JSON_ARRAYAGG(name ORDER BY name), JSON_OBJECTAGG(name : region_id) FROM regions WHERE region_id = 1

SELECT JSON('{"a": 1}'), JSON_SCALAR(12.5), JSON_SERIALIZE('{"a": [1]}' RETURNING text)

SELECT '{"a": 1}' IS JSON OBJECT, '[1]' IS JSON ARRAY, 'x' IS NOT JSON, '{"a":1,"a":2}' IS JSON WITH UNIQUE KEYS

SELECT JSON_VALUE(payload, '$.ms' RETURNING int) AS ms FROM events WHERE id < 4 ORDER BY id

SELECT JSON_VALUE(payload, '$.nothing' DEFAULT 'none' ON EMPTY), JSON_QUERY(payload, '$.items[*].sku' WITH WRAPPER), JSON_EXISTS(payload, '$.utm.source') FROM events WHERE id < 4 ORDER BY id

SELECT JSON_VALUE(payload, '$.items[$i].sku' PASSING 1 AS i) FROM events WHERE id < 4 ORDER BY id

SELECT e.id, jt.* FROM events e, JSON_TABLE(e.payload, '$.items[*]' COLUMNS (ord FOR ORDINALITY, sku text PATH '$.sku', qty int PATH '$.qty' DEFAULT 0 ON EMPTY, has bool EXISTS PATH '$.qty')) jt WHERE e.id < 4 ORDER BY 1, 2

SELECT jt.* FROM products p, JSON_TABLE(p.attributes, '$' COLUMNS (color text, NESTED PATH '$.dims[*]' COLUMNS (dim int PATH '$'))) AS jt WHERE p.product_id < 3 ORDER BY 1, 2

SELECT jsonb '{"a": {"b": [1, 2, 3]}}' #> '{a,b,-1}', json '{"x": 5}' ->> 'x', '[1,2]'::jsonb @> '1'

SELECT jsonb_strip_nulls('{"a": null, "b": 1}'), jsonb_insert('[1,2]', '{1}', '9'), jsonb_array_length('[1,2,3]'), jsonb_concat('[1]', '[2]')

SELECT customer_id, tags[1], cardinality(tags), 'vip' = ANY (tags) FROM customers ORDER BY customer_id LIMIT 6

SELECT tag, count(*) FROM customers, unnest(tags) AS tag GROUP BY tag ORDER BY tag

SELECT c.customer_id, t.tag, t.nr FROM customers c CROSS JOIN unnest(c.tags) WITH ORDINALITY AS t(tag, nr) WHERE c.customer_id < 5 ORDER BY 1, 3

SELECT customer_id FROM customers WHERE tags @> '{vip}' AND tags && array['newsletter', 'x'] AND NOT tags <@ array['vip'] ORDER BY 1 LIMIT 5

SELECT array_agg(DISTINCT country ORDER BY country), array_to_string(array_agg(name ORDER BY customer_id) FILTER (WHERE customer_id < 4), ', ') FROM customers

SELECT price_history[1:2], array_length(price_history, 1), price_history || 5, array_position(price_history, 20), array_remove(price_history, NULL) FROM bookings ORDER BY room LIMIT 3

SELECT ARRAY(SELECT region_id FROM regions ORDER BY region_id DESC), (ARRAY[[1,2],[3,4]])[2][1], '{1,2}'::int[] = ARRAY[1,2]

SELECT a, b FROM unnest(array[1,2,3], array['x','y']) AS t(a, b)

SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(array['a', 'b'])) WITH ORDINALITY AS t(n, l, nr)

SELECT i, arr[i] FROM (SELECT array[5,6,7] AS arr) q, generate_subscripts(arr, 1) AS i

SELECT string_agg(name, ', ' ORDER BY name DESC) FROM regions

SELECT string_agg(DISTINCT city, '; ' ORDER BY city) FROM customers

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price), percentile_disc(array[0.25, 0.75]) WITHIN GROUP (ORDER BY price), mode() WITHIN GROUP (ORDER BY category_id) FROM products

SELECT status, percentile_cont(0.9) WITHIN GROUP (ORDER BY freight) AS p90 FROM orders GROUP BY status ORDER BY 1

SELECT rank(15.0) WITHIN GROUP (ORDER BY price) FROM products

SELECT stddev(price), variance(price), corr(price, cost), regr_slope(price, cost), covar_pop(price, cost) FROM products

SELECT bool_and(active), bool_or(active), every(active), bit_and(region_id), bit_or(region_id) FROM customers

SELECT width_bucket(price, 0, 100, 5) AS bucket, count(*), min(price), max(price) FROM products GROUP BY bucket ORDER BY bucket

SELECT least(1, 2, NULL), greatest('a', 'b'), nullif(1, 1), coalesce(NULL, 'x')

SELECT CASE status WHEN 'new' THEN 1 WHEN 'paid' THEN 2 ELSE 3 END AS s, count(*) FROM orders GROUP BY s ORDER BY s

SELECT round(price * 1.19, 2), trunc(price), ceil(price), floor(price), mod(product_id, 3), product_id % 2, power(product_id, 2), sqrt(price), abs(-price), sign(price) FROM products ORDER BY product_id LIMIT 3

SELECT 7 / 2, 7 % 2, 7.0 / 2, 2 ^ 10, |/ 25.0, @ -5, 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 256 >> 2

SELECT upper(name), lower(name), initcap(name), length(name), substring(name FROM 1 FOR 3), substring(name, 2), position('u' IN name), overlay(name PLACING 'X' FROM 1), trim(both ' ' FROM name), left(name, 2), right(name, 2), reverse(name), repeat('a', 2), replace(name, 'o', '0'), lpad(name, 12, '*'), split_part(name, ' ', 2), concat_ws('-', name, country), name || '/' || country, ascii(name), md5(name), translate(name, 'abc', 'xyz') FROM customers WHERE customer_id = 1

SELECT name FROM customers WHERE name ~ '^Customer [1-3]$' OR name ~* 'CUSTOMER 4$' ORDER BY 1

SELECT name FROM customers WHERE name SIMILAR TO 'Customer (5|6)' OR name !~ 'Cust' ORDER BY 1

SELECT name FROM customers WHERE name ILIKE 'customer 1_' AND name NOT LIKE '%15' ORDER BY 1

SELECT regexp_replace(name, '\d+', '#', 'g'), regexp_match(name, '(\w+) (\d+)'), regexp_split_to_array(name, '\s+'), substring(name FROM '\d+'), regexp_count(name, 'o') FROM customers WHERE customer_id < 3 ORDER BY customer_id

SELECT m[1] FROM regexp_matches('a1b22c333', '\d+', 'g') AS m

SELECT word FROM regexp_split_to_table('the quick brown fox', ' ') AS word ORDER BY 1

SELECT format('%s has %s', name, region_id), quote_literal(name), quote_ident('My Col'), to_hex(255), chr(65), encode('abc'::bytea, 'base64'), decode('YWJj', 'base64') FROM regions ORDER BY region_id LIMIT 1

SELECT string_to_array('a,b,c', ','), array_to_string(array[1,NULL,3], ',', '*'), starts_with('abc', 'ab'), 'abc' ^@ 'ab'

SELECT s FROM string_to_table('x-y-z', '-') s

SELECT id, ts_rank(doc, q) AS rank FROM articles, to_tsquery('english', 'fox & dog') q WHERE doc @@ q ORDER BY rank DESC, id

SELECT id, ts_headline('english', body, plainto_tsquery('english', 'searching')) FROM articles WHERE doc @@ plainto_tsquery('english', 'searching') ORDER BY id

SELECT title FROM articles WHERE to_tsvector('english', body) @@ websearch_to_tsquery('english', '"lazy dog" or ranking') ORDER BY 1

SELECT to_tsvector('simple', 'a b') || 'c:4'::tsvector, phraseto_tsquery('english', 'full text'), ts_rank_cd(doc, 'fox'), numnode('a & b'), setweight(doc, 'A') FROM articles WHERE id = 1

SELECT lang, count(*) FROM articles GROUP BY lang ORDER BY lang COLLATE "C"

SELECT room, lower(during), upper(during), during @> timestamp '2026-01-07 12:00', guests * int4range(1, 3), isempty(guests) FROM bookings ORDER BY room LIMIT 4

SELECT room FROM bookings WHERE during && tsrange('2026-01-05', '2026-01-09', '[)') ORDER BY room

SELECT range_agg(during), range_merge('[1,3)'::int4range, '[5,7)') FROM bookings WHERE room < 4

SELECT unnest(int4multirange(int4range(1, 3), int4range(5, 9))), '{[1,2)}'::int4multirange @> 1

SELECT ip, host(ip), family(ip), masklen(ip), network(set_masklen(ip, 24)) FROM events WHERE ip << '10.0.1.0/24' ORDER BY id LIMIT 3

SELECT session, count(*) FROM events GROUP BY session ORDER BY session

SELECT raw, encode(raw, 'hex'), get_byte(raw, 0), octet_length(raw), ok, ok & b'101' FROM measurements WHERE sensor = 's1' ORDER BY at LIMIT 3

SELECT sensor, value FROM measurements WHERE value = 'NaN' OR value = 'Infinity' ORDER BY sensor, value

SELECT kind, count(*) FROM events WHERE at >= '2026-01-01' GROUP BY kind ORDER BY kind

SELECT tableoid::regclass::text LIKE '%2026' AS this_year, count(*) FROM events GROUP BY 1 ORDER BY 1

SELECT kind, at, at - lag(at) OVER (PARTITION BY user_id ORDER BY at) > interval '30 minutes' AS new_session FROM events ORDER BY user_id, at LIMIT 10

SELECT count(*) FILTER (WHERE kind = 'view') AS views, count(*) FILTER (WHERE kind = 'purchase') AS purchases, round(count(*) FILTER (WHERE kind = 'purchase')::numeric / nullif(count(*) FILTER (WHERE kind = 'view'), 0), 3) AS conversion FROM events

WITH steps AS (SELECT user_id, min(at) FILTER (WHERE kind = 'view') AS viewed, min(at) FILTER (WHERE kind = 'purchase') AS bought FROM events GROUP BY user_id) SELECT count(viewed), count(bought) FILTER (WHERE bought > viewed) FROM steps

SELECT d.name, e.first_name || ' ' || e.last_name AS employee, e.hire_date FROM hr.departments d JOIN hr.employees e USING (dept_id) WHERE e.hire_date = (SELECT min(hire_date) FROM hr.employees WHERE dept_id = d.dept_id) ORDER BY 1

SELECT m.last_name AS manager, count(e.emp_id) FROM hr.employees e JOIN hr.employees m ON e.manager_id = m.emp_id GROUP BY m.emp_id, m.last_name ORDER BY 2 DESC, 1

SELECT d.name FROM hr.departments d WHERE NOT EXISTS (SELECT FROM hr.employees e WHERE e.dept_id = d.dept_id)

SELECT d.name, d.budget, d.budget > ALL (SELECT budget FROM hr.departments WHERE budget IS NOT NULL AND dept_id <> d.dept_id) FROM hr.departments d ORDER BY d.dept_id

SELECT emp_id FROM hr.employees WHERE (dept_id, manager_id) IN (SELECT dept_id, emp_id FROM hr.employees) ORDER BY 1

SELECT emp_id, (home).city FROM hr.employees WHERE (home).zip > '11010' ORDER BY 1

SELECT e1.emp_id, e2.emp_id FROM hr.employees e1 FULL JOIN hr.employees e2 ON e1.manager_id = e2.emp_id AND e1.dept_id = e2.dept_id ORDER BY 1, 2

SELECT * FROM regions NATURAL JOIN (SELECT region_id FROM regions WHERE region_id > 2) q ORDER BY 1

SELECT * FROM regions r RIGHT JOIN (VALUES (1, 'one'), (9, 'nine')) AS v(id, word) ON r.region_id = v.id ORDER BY v.id

VALUES (1, 'one'), (2, 'two') ORDER BY 1 DESC

TABLE regions

SELECT FROM regions

SELECT ROW(1, 'a') = ROW(1, 'a'), (1, 2) < (1, 3), ROW(1, NULL) IS DISTINCT FROM ROW(1, 2), ROW(1, 2) IS NOT NULL

SELECT * FROM orders WHERE (customer_id, status) = (8, 'paid'::order_status) ORDER BY order_id

SELECT order_id FROM orders WHERE (ordered_at, order_id) > ('2026-01-01', 5) ORDER BY ordered_at, order_id LIMIT 5

SELECT "Order ID", "Unit Price", "Größe", "select", "日本" FROM "Sales Data"."Order Details" WHERE "Unit Price" > 10 ORDER BY "Order ID"

SELECT "Größe", sum("Unit Price") AS "Summe €" FROM "Sales Data"."Order Details" GROUP BY "Größe" HAVING sum("Unit Price") > 1 ORDER BY "Summe €"

SELECT d."a.b", "Sales Data"."Order Details"."select" FROM "Sales Data"."Order Details" CROSS JOIN LATERAL (SELECT "Order Details"."a.b") d ORDER BY 1 LIMIT 2

SELECT t."日本" AS "値", U&'\0441\043B\043E\043D' AS "слон", 'O''Neil', E'tab\there', $$dollar 'quoted'$$, $q$x$q$ FROM "Sales Data"."Order Details" t ORDER BY "Order ID" LIMIT 1

/* monthly report */ SELECT -- all of them
  status, /* nested /* comment */ here */ count(*) -- how many
FROM orders -- the table
GROUP BY status ORDER BY status; -- done

-- parameters: [3, "DE"]
SELECT customer_id, name FROM customers WHERE region_id = $1 AND country = $2 ORDER BY customer_id

-- parameters: ["2025-03-01", 30]
SELECT count(*) FROM orders WHERE ordered_at >= $1::timestamptz AND ordered_at < $1::timestamptz + make_interval(days => $2::int)

-- parameters: ["{1,2,3}"]
SELECT name FROM regions WHERE region_id = ANY ($1::int[]) ORDER BY 1

-- parameters: [null, true]
SELECT count(*) FROM customers WHERE ($1::text IS NULL OR country = $1) AND active = $2

-- parameters: ["{\"page\": \"/p/2\"}"]
SELECT count(*) FROM events WHERE payload @> $1::jsonb

-- parameters: [5, 10]
SELECT order_id FROM orders ORDER BY order_id LIMIT $1 OFFSET $2

SELECT order_id FROM orders ORDER BY order_id OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY

SELECT order_id FROM orders ORDER BY ordered_at DESC NULLS LAST, order_id USING < LIMIT 3

SELECT name AS n, price p FROM products AS pr ORDER BY p DESC, n ASC LIMIT 5

(SELECT name, 'region' AS kind FROM regions ORDER BY 1 LIMIT 2) UNION ALL (SELECT name, 'category' FROM categories ORDER BY 1 LIMIT 2) ORDER BY 2, 1

SELECT country FROM customers UNION SELECT country FROM singer EXCEPT ALL SELECT 'DE' ORDER BY 1

SELECT customer_id FROM orders WHERE status = 'paid' INTERSECT ALL SELECT customer_id FROM orders WHERE status = 'new' ORDER BY 1

SELECT * FROM (SELECT 1 AS a UNION SELECT 2) q JOIN (SELECT 2 AS a) r USING (a)

SELECT q.a FROM (SELECT order_id AS a FROM orders) AS q (a) JOIN order_items i ON i.order_id = q.a ORDER BY 1 LIMIT 3

SELECT o.order_id, i.product_id FROM (orders o JOIN order_items i ON o.order_id = i.order_id) LEFT JOIN payments p ON p.order_id = o.order_id WHERE p.payment_id IS NULL ORDER BY 1, 2 LIMIT 5

SELECT method, sum(amount), avg(amount)::numeric(10,2) FROM payments GROUP BY method ORDER BY 2 DESC

SELECT o.order_id, t.total, p.amount, t.total - p.amount AS due FROM orders o JOIN order_totals t USING (order_id) JOIN payments p USING (order_id) WHERE t.total > p.amount ORDER BY due DESC, 1 LIMIT 5

SELECT p.product_id, p.name, sum(i.quantity) AS sold FROM products p LEFT JOIN order_items i ON i.product_id = p.product_id GROUP BY p.product_id HAVING sum(i.quantity) > (SELECT avg(s) FROM (SELECT sum(quantity) AS s FROM order_items GROUP BY product_id) x) ORDER BY sold DESC, 1

SELECT a.product_id, b.product_id, count(*) AS together FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 3 DESC, 1, 2 LIMIT 5

SELECT name, (SELECT count(*) FROM products p WHERE p.category_id = c.category_id) AS n FROM categories c ORDER BY n DESC, name

SELECT category_id, max(price) - min(price) AS spread FROM products WHERE NOT discontinued GROUP BY category_id ORDER BY 2 DESC, 1

SELECT name FROM products WHERE price = (SELECT max(price) FROM products)

SELECT name FROM products p1 WHERE 3 > (SELECT count(*) FROM products p2 WHERE p2.price > p1.price) ORDER BY 1

SELECT name FROM products WHERE price >= ANY (SELECT avg(price) FROM products GROUP BY category_id) ORDER BY 1

SELECT count(*) FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id AND EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.order_id AND i.quantity > 3))

SELECT sum(CASE WHEN status = 'paid' THEN 1 ELSE 0 END) AS paid, sum(CASE WHEN status = 'new' THEN 1 ELSE 0 END) AS fresh FROM orders

SELECT max(CASE WHEN country = 'DE' THEN n END) AS de, max(CASE WHEN country = 'FR' THEN n END) AS fr FROM (SELECT country, count(*) AS n FROM customers GROUP BY country) q

SELECT CAST(price AS integer), CAST(product_id AS text), price::float8, '42'::int + 1, CAST('2025-01-01' AS date), 'paid'::order_status, 't'::boolean FROM products ORDER BY product_id LIMIT 2

SELECT status::text, enum_range(NULL::order_status), status > 'new' FROM orders ORDER BY order_id LIMIT 2

SELECT order_id FROM orders WHERE status IN ('new', 'paid') AND note IS NOT NULL AND note <> '' ORDER BY 1

SELECT order_id IS NULL, active IS TRUE, active IS NOT FALSE, (active AND NULL) IS UNKNOWN FROM customers JOIN orders USING (customer_id) ORDER BY order_id LIMIT 2

SELECT customer_id FROM customers WHERE customer_id BETWEEN SYMMETRIC 5 AND 2 ORDER BY 1

SELECT 1 WHERE NULL IS NOT DISTINCT FROM NULL

SELECT current_date - date '2020-01-01' > 1000, now() = transaction_timestamp(), localtime IS NOT NULL, current_user IS NOT NULL, pg_typeof(1.5)

SELECT count(*), count(note), count(DISTINCT (customer_id, status)) FROM orders

SELECT any_value(name) IS NOT NULL FROM regions

SELECT xmlelement(name region, xmlattributes(region_id AS id), name), xmlforest(name AS n) FROM regions ORDER BY region_id LIMIT 1

SELECT x.* FROM XMLTABLE('/r/i' PASSING xml '<r><i a="1">x</i><i a="2">y</i></r>' COLUMNS a int PATH '@a', t text PATH '.') x

SELECT xpath('/a/b/text()', '<a><b>1</b></a>'::xml), xmlserialize(CONTENT '<a/>'::xml AS text), xml_is_well_formed('<a>')

SELECT * FROM generate_series(1, 10, 3) AS s(n) WHERE n % 2 = 0

SELECT n, n * n FROM generate_series(1, 5) n

SELECT h AS hour, count(e.id) FROM generate_series(0, 23) h LEFT JOIN events e ON extract(hour FROM e.at) = h GROUP BY h ORDER BY h

SELECT setseed_free FROM (SELECT 1 AS setseed_free) q

SELECT id % 10 AS bucket, count(*) FROM events TABLESAMPLE BERNOULLI (100) GROUP BY 1 ORDER BY 1

SELECT o.*, c.country FROM orders o JOIN customers c USING (customer_id) ORDER BY o.order_id LIMIT 3

SELECT o.order_id, o.customer_id FROM orders AS o(order_id, buyer, customer_id) ORDER BY 1 LIMIT 2

SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'regions' ORDER BY ordinal_position

SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1

SELECT c.relname, n.nspname, obj_description(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY 1

SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'public.regions'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

SELECT EXISTS (SELECT 1 FROM orders WHERE status = 'cancelled') AS any_cancelled

SELECT month::date, sales::numeric(12,0) FROM monthly_sales ORDER BY sales DESC LIMIT 1

SELECT to_char(1234567.891, 'FM9,999,999.00'), to_char(interval '3 hours', 'HH24:MI'), to_char(date '2025-07-04', 'FMDay, DDth FMMonth YYYY'), to_char(-5, 'S00')

SELECT num_nulls(1, NULL, NULL), num_nonnulls(1, NULL), gcd(12, 18), lcm(4, 6), factorial(5), scale(1.50), trim_scale(1.50), log(100), ln(1), exp(0), pi()

SELECT crc32('abc'::bytea), sha256('abc'), gamma(5), array_reverse(array[1,2]), array_sort(array[3,1,2]), casefold('ÄB')

SELECT overlay('abcdef' PLACING '##' FROM 2 FOR 3), btrim('xxaxx', 'x'), ltrim('  a'), rtrim('a  '), strpos('abc', 'c'), unistr('\0041'), normalize('é', NFD) = 'é'

SELECT 'abc' COLLATE "C" < 'abd', U&"\006E\0061me" FROM regions ORDER BY 1 LIMIT 1

SELECT cast(payload ->> 'ms' AS numeric) / 1000 AS seconds, (payload -> 'utm' ->> 'source') IS NOT NULL AS from_mail FROM events WHERE at::date = date '2025-11-05' ORDER BY id

SELECT name, attributes ->> 'color' AS color FROM products WHERE (attributes ->> 'weight')::numeric > 2 AND attributes -> 'spec' ->> 'cpu' = 'x1' ORDER BY product_id

SELECT customer_id, sum(freight) FROM orders GROUP BY customer_id HAVING sum(freight) > 20 AND count(*) > 2 ORDER BY sum(freight) DESC, customer_id LIMIT 5

SELECT s.major, s.name, s.gpa FROM students s JOIN (SELECT major, max(gpa) AS best FROM students GROUP BY major) b ON b.major = s.major AND b.best = s.gpa ORDER BY 1, 2

SELECT teacher, count(DISTINCT sid) FROM courses NATURAL JOIN enrolled GROUP BY teacher ORDER BY 2 DESC, 1

SELECT avg(score) OVER (PARTITION BY cid) - score AS below, sid, cid FROM enrolled ORDER BY below DESC, sid, cid LIMIT 5

SELECT grade, count(*), rank() OVER (ORDER BY count(*) DESC) FROM enrolled GROUP BY grade ORDER BY 3, 1

SELECT sum(distance) FILTER (WHERE origin = 'BER') AS from_berlin, sum(distance) AS everything FROM flights

SELECT a1.name AS from_airport, a2.name AS to_airport, f.distance FROM flights f INNER JOIN airports a1 ON f.origin = a1.code INNER JOIN airports a2 ON f.destination = a2.code WHERE f.distance > 5000 ORDER BY f.distance DESC

SELECT code FROM airports WHERE code NOT IN (SELECT origin FROM flights UNION SELECT destination FROM flights)

SELECT lag(value, 2, 0) OVER (ORDER BY at), lead(value) OVER (ORDER BY at) FROM measurements WHERE sensor = 's2' ORDER BY at LIMIT 4

WITH g AS (SELECT at, value, at - (row_number() OVER (ORDER BY at)) * interval '51 minutes' AS island FROM measurements WHERE sensor = 's0') SELECT island, count(*), min(at), max(at) FROM g GROUP BY island ORDER BY island LIMIT 5

SELECT corr(extract(epoch FROM at), value) IS NOT NULL FROM measurements WHERE value < 'Infinity'

SELECT n, CASE WHEN n % 15 = 0 THEN 'FizzBuzz' WHEN n % 5 = 0 THEN 'Buzz' WHEN n % 3 = 0 THEN 'Fizz' ELSE n::text END FROM generate_series(1, 15) AS n

SELECT c.name, c.signup_date, c.signup_date + 30 AS trial_end, date_trunc('week', c.signup_date)::date AS week FROM customers c WHERE c.customer_id <= 3 ORDER BY c.signup_date

SELECT c.customer_id, c.name, c.country, sum(i.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.customer_id JOIN order_items i ON i.order_id = o.order_id WHERE o.status <> 'cancelled' GROUP BY c.customer_id ORDER BY spent DESC, c.customer_id LIMIT 5

SELECT e.dept_id, d.name, count(*) AS heads, min(e.hire_date) FROM hr.employees e, hr.departments d WHERE e.dept_id = d.dept_id GROUP BY e.dept_id, d.dept_id ORDER BY 1

SELECT public.customers.name, hr.departments.name FROM public.customers, hr.departments WHERE customers.customer_id = departments.dept_id ORDER BY 1

EXPLAIN (COSTS OFF) SELECT name FROM regions WHERE region_id = 1

SELECT version()

SELECT pg_size_pretty(1000::bigint)

SELECT inet '10.0.0.1' + 5, inet '10.0.0.1' <<= inet '10.0.0.0/8', broadcast('10.0.0.0/8'), text(inet '10.0.0.1'), abbrev(cidr '10.0.0.0/8')

SELECT int4(5.5), float8('1.5'), numeric '1.5', money '$5', text 'x', date '2020-01-01'

SELECT to_timestamp(1700000000), to_timestamp(0)::date

SELECT array_to_json(array[1,2]), json_array_length('[1]'), json_each_text('{"a":1}')

SELECT jsonb '{"a":1}' || jsonb '{"b":2}', jsonb '{"a":1}' - 'a', '{"a":[1,2]}'::jsonb #>> '{a,0}'

SELECT jsonb_path_query_array('[1,2,3]', '$[*] ? (@ > $x)', '{"x": 1}')

SELECT json_build_object('a', 1), json_build_array(1, 2), json_object('{a,1}'), json_object(array['a'], array['1'])

SELECT length('x'::bytea), substring('abc'::bytea, 1, 2), sha512('x'), md5('x'::bytea), bit_length('x'), get_bit('x'::bytea, 1), set_bit('x'::bytea, 1, 0), convert_to('x', 'UTF8'), convert_from('x'::bytea, 'UTF8'), encode('x', 'escape'), reverse('ab'::bytea)

SELECT box(point(0,0), point(1,1)), area(box '((0,0),(1,1))'), circle(point(0,0), 1), point(1,2) <-> point(3,4), lseg '((0,0),(1,1))', polygon '((0,0),(1,1),(1,0))', diagonal(box '((0,0),(1,1))'), bound_box(box '((0,0),(1,1))', box '((2,2),(3,3))'), slope(point(0,0), point(1,1)), center(circle '((0,0),1)'), length(path '((0,0),(1,1))'), point '(1,2)' ~= point '(1,2)'

SELECT int4range(1,5) @> 3, int4range(1,5) * int4range(3,8), upper_inc(int4range(1,5)), daterange('2020-01-01','2020-02-01') && daterange('2020-01-15','2020-03-01'), lower_inf('(,1)'::int4range), range_merge(int4range(1,2), int4range(3,4)), multirange(int4range(1,2)), range_intersect_agg(int4range(1,5)) FROM regions

SELECT enum_first(NULL::order_status), enum_last(NULL::order_status), enum_range('new'::order_status, 'paid')

SELECT count(*) FROM orders WHERE status = ANY ('{new,paid}')

SELECT count(*) FROM orders WHERE status = ANY (ARRAY['new','paid']::order_status[])

SELECT xmlconcat('<a/>', '<b/>'), xmlpi(name php, 'x'), xmlroot(xml '<a/>', version '1.0'), xmlagg(x) FROM (VALUES ('<a/>'::xml)) v(x)

SELECT x FROM (SELECT xmlelement(name a) x) q WHERE xmlexists('//a' PASSING BY REF x)

SELECT nullif(1, 2), num_nulls(1), greatest(1, 2), least(1, 2), coalesce(NULL, 1)

SELECT nspname FROM pg_namespace

SELECT typname FROM pg_type WHERE typtype = 'e'

SELECT enumlabel FROM pg_enum

SELECT viewname FROM pg_views WHERE schemaname = 'public'

SELECT schemaname, tablename, tableowner FROM pg_tables WHERE schemaname = 'public'

SELECT tc.constraint_name, kcu.column_name, ccu.table_name FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu USING (constraint_name) JOIN information_schema.constraint_column_usage ccu USING (constraint_name) WHERE tc.constraint_type = 'FOREIGN KEY'

SELECT 1 AS "select", 2 AS "from"

SELECT $$a$$ AS a, E'\n' AS b, B'101' AS c, X'1F' AS d, 1e5 AS e, .5 AS f, 0x1F AS g, 0b11 AS h, 1_000 AS i

SELECT 1 FROM orders WHERE order_id NOT IN (1, 2) AND NOT EXISTS (SELECT 1) OR TRUE LIMIT ALL

SELECT * FROM regions LIMIT 2 OFFSET 1

SELECT * FROM regions ORDER BY region_id FETCH FIRST ROW ONLY

SELECT i FROM generate_series('2024-01-01'::date, '2024-01-03', '1 day') i

SELECT * FROM unnest(ARRAY[1,2], ARRAY['a','b']) WITH ORDINALITY

SELECT generate_series(1,3), unnest(array['a','b'])

SELECT * FROM pg_catalog.generate_series(1,2)

SELECT count(*) OVER w, sum(freight) OVER (w ORDER BY order_id) FROM orders WINDOW w AS (PARTITION BY status) LIMIT 2

SELECT mode() WITHIN GROUP (ORDER BY status), percentile_disc(0.5) WITHIN GROUP (ORDER BY ordered_at) FROM orders

SELECT array_agg(order_id ORDER BY order_id DESC) FILTER (WHERE status = 'paid') FROM orders

SELECT stddev_samp(freight), var_pop(freight), regr_r2(freight, order_id), bit_xor(order_id), bool_and(true) FROM orders

SELECT st.country FROM singer st GROUP BY st.country HAVING avg(st.age) > (SELECT avg(age) FROM singer)

SELECT CAST(CAST(count(*) FILTER (WHERE is_male) AS REAL) * 100 / count(*) AS DECIMAL(5,2)) FROM singer

SELECT SUM(CASE WHEN is_male IS TRUE THEN 1.0 ELSE 0 END) / COUNT(*) FROM singer

SELECT T1.name FROM singer AS T1 WHERE T1.song_release_year::int > 2000 AND T1.country LIKE 'F%'

SELECT STRFTIME FROM (SELECT 1 AS strftime) q

SELECT interval '1' year, interval '1-2' year to month, interval 'P1Y', make_interval(years => 1), INTERVAL '3' DAY

SELECT timestamp with time zone '2020-01-01', time '10:00', timetz '10:00+02', timestamp(0) '2020-01-01 10:00:00.5'

SELECT d, extract(isodow FROM d) FROM generate_series(date '2024-01-01', date '2024-01-07', interval '1 day') d

SELECT has_table_privilege('public.orders', 'SELECT')

SELECT substring('abc' SIMILAR 'a#"b#"c' ESCAPE '#'), 'a' LIKE 'A' ESCAPE '!', position('b' IN 'abc'), overlay('abc' placing 'X' from 2), trim(leading 'x' from 'xa'), char_length('é'), octet_length('é')

SELECT name COLLATE "C" FROM regions ORDER BY name COLLATE "POSIX"

SELECT bit '101' | bit '011', varbit '101', bit_count(bit '101'), 5::bit(4)

SELECT sum(x) FROM (VALUES (1),(2)) v(x) HAVING sum(x) > 1

SELECT * FROM JSON_TABLE('[{"a":1}]'::jsonb, '$[*]' AS root COLUMNS (a int PATH '$.a' ERROR ON ERROR, b jsonb FORMAT JSON PATH '$')) t

SELECT JSON_EXISTS(jsonb '{"a":1}', 'strict $.a' TRUE ON ERROR), JSON_VALUE(jsonb '{"a":"2020-01-01"}', '$.a' RETURNING date NULL ON EMPTY)

SELECT JSON('{"a":1}' WITH UNIQUE KEYS), JSON_SERIALIZE(JSON_ARRAY(1,2) RETURNING bytea)

SELECT jsonb '"2020-01-01"' @? '$.datetime()', jsonb_path_query('1.5', '$.ceiling()'), jsonb '{"a":1}' @@ '$.a == 1'

SELECT kind, count(*) FROM events_2026 GROUP BY kind

SELECT count(*) FROM events WHERE ip BETWEEN inet '10.0.0.0' AND inet '10.0.255.255'

SELECT value::text, value::int FROM measurements WHERE value BETWEEN -1 AND 1 LIMIT 2

SELECT (home).street || ', ' || (home).city AS address FROM hr.employees LIMIT 2

SELECT (ARRAY[1,2,3])[2:], (ARRAY['a','b'])[1], '{{1,2},{3,4}}'::int[][]

SELECT a[1], a[2] FROM (SELECT string_to_array('x,y', ',') a) q

SELECT DISTINCT ON (status) status, order_id, first_value(order_id) OVER (PARTITION BY status) FROM orders ORDER BY status, order_id

SELECT sum(quantity) FILTER (WHERE discount > 0) / sum(quantity)::float FROM order_items

SELECT product_id, sum(quantity * unit_price * (1 - discount)) AS revenue FROM order_items GROUP BY product_id ORDER BY revenue DESC LIMIT 5
