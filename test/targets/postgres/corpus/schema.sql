-- A company as benchmarks of text-to-SQL and analysts' dashboards know them: a shop, its people, a school, flights, concerts,
-- events in JSON, articles in full text, bookings in ranges; some columns of it are classified.
CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'cancelled');
CREATE TYPE address AS (street text, zip text, city text);
CREATE SCHEMA hr;
CREATE SCHEMA "Sales Data";

CREATE TABLE regions (region_id int PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE customers (customer_id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, phone text, country text, city text,
  region_id int REFERENCES regions, birthday date, signup_date date NOT NULL, tags text[] NOT NULL DEFAULT '{}', active bool NOT NULL DEFAULT true);
CREATE TABLE categories (category_id int PRIMARY KEY, parent_id int REFERENCES categories, name text NOT NULL);
CREATE TABLE products (product_id int PRIMARY KEY, category_id int REFERENCES categories, name text NOT NULL, price numeric(10,2) NOT NULL,
  cost numeric(10,2), attributes jsonb NOT NULL DEFAULT '{}', discontinued bool NOT NULL DEFAULT false);
CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int REFERENCES customers, employee_id int, status order_status NOT NULL,
  ordered_at timestamptz NOT NULL, shipped_at timestamptz, freight numeric(8,2), note text);
CREATE TABLE order_items (order_id int REFERENCES orders, product_id int REFERENCES products, quantity int NOT NULL, unit_price numeric(10,2) NOT NULL,
  discount real NOT NULL DEFAULT 0, total numeric GENERATED ALWAYS AS (quantity * unit_price) STORED, PRIMARY KEY (order_id, product_id));
CREATE TABLE payments (payment_id int PRIMARY KEY, order_id int REFERENCES orders, amount numeric(10,2), method text, card_number text, paid_at timestamptz);
CREATE TABLE hr.departments (dept_id int PRIMARY KEY, name text NOT NULL, budget numeric);
CREATE TABLE hr.employees (emp_id int PRIMARY KEY, first_name text, last_name text, dept_id int REFERENCES hr.departments, manager_id int REFERENCES hr.employees,
  hire_date date, salary numeric, ssn text, home address);
CREATE TABLE students (sid int PRIMARY KEY, name text, age int, major text, gpa real);
CREATE TABLE courses (cid int PRIMARY KEY, title text, credits int, teacher text);
CREATE TABLE enrolled (sid int REFERENCES students, cid int REFERENCES courses, grade text, score int, PRIMARY KEY (sid, cid));
CREATE TABLE airports (code char(3) PRIMARY KEY, name text, city text, location point);
CREATE TABLE flights (flight_no text PRIMARY KEY, origin char(3) REFERENCES airports, destination char(3) REFERENCES airports, departs time, distance int, price money);
CREATE TABLE singer (singer_id int PRIMARY KEY, name text, country text, song_release_year text, age int, is_male bool);
CREATE TABLE concert (concert_id int PRIMARY KEY, concert_name text, theme text, year text);
CREATE TABLE singer_in_concert (concert_id int REFERENCES concert, singer_id int REFERENCES singer, PRIMARY KEY (concert_id, singer_id));
CREATE TABLE events (id bigint, user_id int, kind text NOT NULL, at timestamptz NOT NULL, payload jsonb NOT NULL, ip inet, session uuid, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE articles (id int PRIMARY KEY, title text, body text, lang text, doc tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, ''))) STORED);
CREATE TABLE bookings (room int, during tsrange, guests int4range, price_history numeric[], EXCLUDE USING gist (during WITH &&));
CREATE TABLE "Sales Data"."Order Details" ("Order ID" int PRIMARY KEY, "Unit Price" numeric, "Größe" text, "select" int, "日本" text, "a.b" int);
CREATE TABLE measurements (sensor text, at timestamp, value double precision, raw bytea, ok bit(3));
CREATE VIEW order_totals AS SELECT o.order_id, o.customer_id, o.status, sum(i.total) AS total FROM orders o JOIN order_items i USING (order_id) GROUP BY o.order_id;
CREATE VIEW active_customers AS SELECT customer_id, name, email, country FROM customers WHERE active;
CREATE MATERIALIZED VIEW monthly_sales AS SELECT date_trunc('month', o.ordered_at) AS month, sum(i.total) AS sales FROM orders o JOIN order_items i USING (order_id) GROUP BY 1;

INSERT INTO regions VALUES (1, 'North'), (2, 'South'), (3, 'East'), (4, 'West');
INSERT INTO customers SELECT i, 'Customer ' || i, 'c' || i || '@example.com', '+49 30 ' || (100000 + i), (array['DE','FR','US','JP','BR'])[i % 5 + 1],
  (array['Berlin','Paris','Austin','Osaka','Recife','Lyon','Munich'])[i % 7 + 1], i % 4 + 1, date '1960-01-01' + i * 173, date '2024-01-01' + i * 7,
  CASE i % 3 WHEN 0 THEN '{vip,newsletter}' WHEN 1 THEN '{newsletter}' ELSE '{}' END::text[], i % 6 <> 0 FROM generate_series(1, 60) i;
INSERT INTO categories VALUES (1, NULL, 'All'), (2, 1, 'Electronics'), (3, 1, 'Books'), (4, 2, 'Phones'), (5, 2, 'Laptops'), (6, 3, 'Fiction'), (7, 4, 'Accessories');
INSERT INTO products SELECT i, i % 6 + 2, 'Product ' || chr(64 + i), 10 + i * 3.5, 5 + i * 2,
  jsonb_build_object('color', (array['red','green','blue'])[i % 3 + 1], 'weight', i * 0.25, 'dims', jsonb_build_array(i, i + 1), 'spec', jsonb_build_object('cpu', 'x' || i % 4)), i % 9 = 0 FROM generate_series(1, 24) i;
INSERT INTO orders SELECT i, i * 7 % 55 + 1, i % 8 + 1, (array['new','paid','shipped','cancelled'])[i % 4 + 1]::order_status,
  timestamptz '2025-01-05 10:00Z' + i * interval '41 hours', CASE WHEN i % 4 = 2 THEN timestamptz '2025-01-08 09:30Z' + i * interval '41 hours' END, i % 13 + 0.5, CASE WHEN i % 10 = 0 THEN 'gift' END FROM generate_series(1, 200) i;
INSERT INTO order_items SELECT o, (o * 5 + k * 7) % 24 + 1, k + o % 3, 10 + (o * 5 + k * 7) % 24 * 3.5, CASE WHEN o % 5 = 0 THEN 0.1 ELSE 0 END FROM generate_series(1, 200) o, generate_series(1, 3) k ON CONFLICT DO NOTHING;
INSERT INTO payments SELECT i, i, i * 3 % 170 + 20.25, (array['card','cash','transfer'])[i % 3 + 1], '4111 1111 1111 ' || (1000 + i), timestamptz '2025-01-06Z' + i * interval '41 hours' FROM generate_series(1, 150) i;
INSERT INTO hr.departments VALUES (1, 'Engineering', 500000), (2, 'Sales', 300000), (3, 'HR', 100000), (4, 'Legal', NULL);
INSERT INTO hr.employees SELECT i, 'First' || i, 'Last' || i, i % 3 + 1, CASE WHEN i > 1 THEN i / 2 END, date '2015-03-01' + i * 97, 40000 + i * 1500, '123-45-' || (6000 + i), row('Street ' || i, ('1' || (1000 + i)), 'Berlin')::address FROM generate_series(1, 20) i;
INSERT INTO students SELECT i, 'Student ' || i, 18 + i % 9, (array['CS','Math','History'])[i % 3 + 1], 2 + i % 20 / 10.0 FROM generate_series(1, 40) i;
INSERT INTO courses SELECT i, 'Course ' || i, i % 4 + 1, 'Teacher ' || i % 5 FROM generate_series(1, 12) i;
INSERT INTO enrolled SELECT s, c, (array['A','B','C',NULL])[(s + c) % 4 + 1], 50 + (s * c) % 50 FROM generate_series(1, 40) s, generate_series(1, 12) c WHERE (s + c) % 3 = 0;
INSERT INTO airports VALUES ('BER', 'Brandenburg', 'Berlin', '(13.5,52.36)'), ('CDG', 'Charles de Gaulle', 'Paris', '(2.55,49.01)'), ('JFK', 'Kennedy', 'New York', '(-73.78,40.64)'), ('NRT', 'Narita', 'Tokyo', '(140.39,35.76)');
INSERT INTO flights VALUES ('LH1', 'BER', 'CDG', '08:15', 855, 120), ('AF2', 'CDG', 'JFK', '10:40', 5830, 480.5), ('JL3', 'JFK', 'NRT', '13:05', 10830, 950), ('LH4', 'BER', 'JFK', '09:00', 6380, 510), ('NH5', 'NRT', 'BER', '23:59:59', 8920, 800);
INSERT INTO singer SELECT i, 'Singer ' || i, (array['France','Netherlands','United States'])[i % 3 + 1], (1990 + i * 3)::text, 20 + i * 3, i % 2 = 0 FROM generate_series(1, 10) i;
INSERT INTO concert SELECT i, 'Concert ' || i, (array['Free choice','Bleeding Love','Happy Tonight'])[i % 3 + 1], (2013 + i % 3)::text FROM generate_series(1, 6) i;
INSERT INTO singer_in_concert SELECT c, s FROM generate_series(1, 6) c, generate_series(1, 10) s WHERE (c * s) % 4 = 1;
INSERT INTO events SELECT i, i % 9 + 1, (array['click','view','purchase'])[i % 3 + 1], timestamptz '2025-11-01Z' + i * interval '7 hours', jsonb_build_object('page', '/p/' || i % 5, 'ms', i * 13 % 400, 'items',
  jsonb_build_array(jsonb_build_object('sku', 'S' || i % 4, 'qty', i % 3 + 1), jsonb_build_object('sku', 'T' || i % 2, 'qty', 1)), 'utm', CASE WHEN i % 4 = 0 THEN jsonb_build_object('source', 'mail') END), ('10.0.' || i % 4 || '.' || i)::inet, ('00000000-0000-4000-8000-0000000000' || lpad(to_hex(i % 7), 2, '0'))::uuid FROM generate_series(1, 250) i;
INSERT INTO articles VALUES (1, 'The quick brown fox', 'jumps over the lazy dog', 'en'), (2, 'PostgreSQL full text', 'Searching documents with ranking and stemming', 'en'), (3, 'Foxes and dogs', 'Databases of foxes are searched quickly', 'en'), (4, NULL, 'Ohne Titel', 'de');
INSERT INTO bookings SELECT i, tsrange(timestamp '2026-01-01' + i * interval '2 days', timestamp '2026-01-02' + i * interval '2 days'), int4range(1, i % 4 + 2), array[i * 10, i * 12, NULL] FROM generate_series(1, 12) i;
INSERT INTO "Sales Data"."Order Details" SELECT i, i * 2.5, (array['klein','groß'])[i % 2 + 1], i * 10, '値' || i, i FROM generate_series(1, 10) i;
INSERT INTO measurements SELECT 's' || i % 3, timestamp '2026-03-01' + i * interval '17 minutes', sin(i::float8 / 5) * 10, decode(lpad(to_hex(i), 4, '0'), 'hex'), (i % 8)::bit(3) FROM generate_series(1, 120) i;
INSERT INTO measurements VALUES ('s9', '2026-03-05', 'NaN', NULL, NULL), ('s9', '2026-03-06', 'Infinity', NULL, NULL);
REFRESH MATERIALIZED VIEW monthly_sales;
ANALYZE;
