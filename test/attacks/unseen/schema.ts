/**
 * Databases made to leak: all that PostgreSQL 18 has to keep, copy, order, count and refuse rows by, over classified columns.
 * They differ in classified values only: in content, length, order, in what is NULL, alike or at the edge of what a type holds.
 */
export const classification = {
  'public.person': {
    email: 'EMAIL_ADDRESS',
    phone: 'PHONE_NUMBER',
    salary: 'SALARY',
    ratio: 'RATIO',
    born: 'DATE_OF_BIRTH',
    grade: 'GRADE',
    doc: 'DOCUMENT',
    codes: 'CODES',
    home: 'ADDRESS',
    span: 'SPAN',
    ident: 'IDENT',
    blob: 'BLOB',
    big: 'BIG',
    nick: 'NICK',
    ip: 'IP_ADDRESS',
    seen: 'SEEN',
    flag: 'FLAG',
  },
  'public.vault': { secret: 'SECRET' },
  'public.byborn': { born: 'DATE_OF_BIRTH' },
  'public.hashed': { secret: 'SECRET' },
  'public.moves': { secret: 'SECRET' },
  'public.derived': { secret: 'SECRET' },
  'public.pairs': { email: 'EMAIL_ADDRESS' },
  'public.coded': { code: 'CODE' },
  'public.domained': { code: 'CODE' },
  'public.nested': { grid: 'GRID', doc: 'DOCUMENT', home: 'ADDRESS' },
  'public.wide': { secret: 'SECRET' },
  'public.long_index': { secret: 'SECRET' },
  'public.caused': { secret: 'SECRET' },
  'public.booking': { during: 'PERIOD' },
  'public.lease': { valid: 'PERIOD' },
  'public.lax': { secret: 'SECRET' },
  'public.late': { secret: 'SECRET' },
  'public.guarded': { secret: 'SECRET' },
  'public.tenants': { secret: 'SECRET' },
  'public.tree': { secret: 'SECRET' },
  'public.matched': { secret: 'SECRET' },
  'public.crowd': { email: 'EMAIL_ADDRESS' },
  'public.crowd_email': { email: 'EMAIL_ADDRESS' },
};

const people = (of: (a: string, b: string) => string) => `
  CREATE TYPE tier AS ENUM ('free', 'paid', 'vip');
  CREATE DOMAIN short AS varchar(60) CHECK (length(VALUE) < 60);
  CREATE DOMAIN fallback AS text DEFAULT 'fallback';
  CREATE TYPE addr AS (street text, zip text);
  CREATE TABLE person (id int PRIMARY KEY, tenant int, name text, city text, total int, level tier, joined date, bio text,
    email text, phone varchar(30), salary int, ratio float8, born date, grade tier, doc jsonb, codes int[], home addr, span int4range,
    ident uuid UNIQUE, blob bytea, big numeric, nick short, ip inet, seen timestamptz, flag bool,
    product int GENERATED ALWAYS AS (total * salary) STORED,
    email_up text GENERATED ALWAYS AS (upper(email)) VIRTUAL,
    CHECK (city <> 'XX' OR salary > 100), CHECK (total < 2000000000 OR email IS NULL));
  INSERT INTO person SELECT i, i % 4, 'n' || i, (array['Bonn', 'Kiel', 'Ulm'])[i % 3 + 1], i * 10, (enum_range(NULL::tier))[i % 3 + 1], date '2020-01-01' + i,
    repeat('bio ', 5), ${of("'a' || i", "repeat('b', 60) || (500 - i)")} || '@x.test', ${of("CASE WHEN i % 2 = 0 THEN '+49' || i END", "'+1' || i % 3")},
    ${of('CASE WHEN i = 7 THEN NULL ELSE i END', '(100 - i) * 1000')}, ${of("CASE i WHEN 3 THEN 'NaN'::float8 ELSE i END", "CASE i WHEN 4 THEN '-infinity'::float8 ELSE -i END")},
    ${of("date '1970-01-01' + i", "CASE i WHEN 5 THEN 'infinity'::date ELSE date '2001-05-05' - i END")}, (enum_range(NULL::tier))[${of('1', 'i % 3 + 1')}],
    ${of("jsonb_build_object('k', i)", 'CASE WHEN i % 5 = 0 THEN \'[1, {"k": null}]\'::jsonb ELSE to_jsonb(i::text) END')}, ${of('array[i, 2]', "CASE i WHEN 2 THEN '{}'::int[] ELSE array[i, i, i] END")},
    ROW(${of("'s' || i", 'NULL')}, i::text)::addr, int4range(i, ${of('i + 3', 'NULL')}), md5(${of("'a'", "'b'")} || i)::uuid, convert_to(${of("'x'", "'yyy'")} || i, 'UTF8'),
    ${of('i', '1e40 - i')}, 'nick' || ${of('i', '-i % 7')}, ('10.0.${of('1', '2')}.' || i)::inet, timestamptz '2024-01-01' + ${of("interval '1 day'", "interval '-1 hour'")} * i, ${of('i % 2 = 0', 'NULL')}
    FROM generate_series(1, 60) i;
  CREATE INDEX ON person (tenant, email); CREATE INDEX ON person (email, id); CREATE INDEX ON person (lower(email), id);
  CREATE INDEX ON person (city) INCLUDE (salary); CREATE INDEX ON person (id) WHERE salary > 500; CREATE INDEX ON person USING gin (doc);
  CREATE STATISTICS ext (mcv, dependencies, ndistinct) ON email, city FROM person; CREATE STATISTICS ext2 ON (salary % 7), tenant FROM person;
  CREATE TABLE orders (id int PRIMARY KEY, person_id int REFERENCES person, amount int, note text, placed timestamptz, tags text[], info jsonb);
  INSERT INTO orders SELECT i, i % 60 + 1, i * 3, 'note' || i, timestamptz '2025-01-01' + interval '1 hour' * i, array['t' || i % 3, 'u'], jsonb_build_object('n', i, 'list', array[i, i + 1])
    FROM generate_series(1, 120) i;
  CREATE TABLE scratch (id int PRIMARY KEY, t text); INSERT INTO scratch SELECT i, 't' || i FROM generate_series(1, 10) i;
  CREATE SEQUENCE counter;
  CREATE TABLE crowd (id int PRIMARY KEY, tenant int, name text, email text); CREATE INDEX ON crowd (tenant, email); CREATE VIEW v_crowd AS SELECT id, tenant FROM crowd;
  INSERT INTO crowd SELECT i, i % 1000, repeat('n', 50), ${of('lpad(i::text, 5)', 'lpad((9999 - i)::text, 5)')} FROM generate_series(1, 5000) i;
  CREATE TABLE crowd_email (id int, tag text, email text); CREATE INDEX ON crowd_email (email, id);
  INSERT INTO crowd_email SELECT i, repeat('n', 300), ${of('lpad(i::text, 5)', 'lpad((9999 - i)::text, 5)')} FROM generate_series(1, 3000) i;
  CREATE TABLE pairs (tenant int, email text, PRIMARY KEY (tenant, email));
  INSERT INTO pairs SELECT i % 3, ${of("'p' || i", "'p' || i || 'q'")} FROM generate_series(1, 12) i; INSERT INTO pairs SELECT t, 'both' FROM generate_series(0, ${of('2', '1')}) t;
  CREATE TABLE pair_uses (id int PRIMARY KEY, tenant int, email text, FOREIGN KEY (tenant, email) REFERENCES pairs); INSERT INTO pair_uses VALUES (1, 0, 'both'), (2, 1, 'both');
  CREATE TABLE pair_uses_uses (id int, tenant int, email text); INSERT INTO pair_uses_uses VALUES (1, 1, 'x');
  CREATE TABLE cities (name text PRIMARY KEY, size int); INSERT INTO cities VALUES ('Bonn', 1), ('Kiel', 2), ('Ulm', 3), ('Jena', 4);
  CREATE TABLE matched (id int PRIMARY KEY, secret text REFERENCES cities); INSERT INTO matched VALUES (1, ${of("'Bonn'", "'Kiel'")}), (2, ${of('NULL', "'Ulm'")});`;

const tables = (of: (a: string, b: string) => string) => `
  CREATE TABLE vault (id int, note text, secret text) PARTITION BY LIST (secret);
  CREATE TABLE vault_x PARTITION OF vault FOR VALUES IN ('x'); CREATE TABLE vault_y PARTITION OF vault FOR VALUES IN ('y'); CREATE TABLE vault_rest PARTITION OF vault DEFAULT;
  INSERT INTO vault SELECT i, 'v' || i, (array['x', 'y', 'z'])[${of('i % 3 + 1', '(i / 3) % 3 + 1')}] FROM generate_series(1, 18) i;
  CREATE TABLE byborn (id int, born date) PARTITION BY RANGE (born); CREATE TABLE byborn_old PARTITION OF byborn FOR VALUES FROM (MINVALUE) TO ('1990-01-01');
  CREATE TABLE byborn_new PARTITION OF byborn FOR VALUES FROM ('1990-01-01') TO (MAXVALUE);
  INSERT INTO byborn SELECT i, date '1990-01-01' + ${of('i - 5', '5 - i')} FROM generate_series(1, 9) i;
  CREATE TABLE hashed (id int, secret text) PARTITION BY HASH (lower(secret)); CREATE TABLE hashed0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE hashed1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO hashed SELECT i, ${of("'h' || i", "'g' || i * 7")} FROM generate_series(1, 12) i;
  CREATE TABLE moves (id int, zone int, secret text) PARTITION BY LIST (zone); CREATE TABLE moves1 PARTITION OF moves FOR VALUES IN (1);
  CREATE TABLE moves2 PARTITION OF moves FOR VALUES IN (2); CREATE TABLE moves3 PARTITION OF moves FOR VALUES IN (3);
  CREATE UNIQUE INDEX ON moves2 (secret); ALTER TABLE moves3 ADD CHECK (secret <> 'taken'); ALTER TABLE moves3 ALTER secret SET NOT NULL;
  INSERT INTO moves VALUES (1, 1, ${of("'taken'", "'free'")}), (2, 2, 'taken'), (3, 1, ${of('NULL', "'n'")}), (4, 3, 'm');
  CREATE TABLE base (id int, name text); CREATE TABLE derived (secret text) INHERITS (base);
  INSERT INTO base SELECT i, 'b' || i FROM generate_series(1, 50) i; INSERT INTO derived SELECT i, 'd' || i, repeat(md5(i::text), ${of('1', '30')}) FROM generate_series(1, 150) i;
  CREATE TABLE coded (id int PRIMARY KEY, code text DEFAULT 'standard', low text GENERATED ALWAYS AS (lower(code)) STORED UNIQUE); INSERT INTO coded VALUES (1, ${of("'STANDARD'", "'OTHER'")});
  CREATE TABLE domained (id int PRIMARY KEY, code fallback UNIQUE); INSERT INTO domained VALUES (1, ${of("'fallback'", "'other'")});
  CREATE TABLE nested (id int PRIMARY KEY, grid int[], doc jsonb, home addr); INSERT INTO nested VALUES (1, ${of("'{{1,2},{3,4}}'", "'{1}'")}, ${of(`'{"k": 1}'`, `'{"k": {}}'`)}, ROW('s', ${of("'1'", 'NULL')})), (2, ${of('NULL', "'[5:6]={1,2}'")}, ${of('NULL', `'[1]'`)}, NULL);
  CREATE TABLE wide (id int PRIMARY KEY, bio text, secret text);
  INSERT INTO wide SELECT i, repeat('bio', 600), (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, ${of('1', '50')}) j) FROM generate_series(1, 3) i;
  CREATE TABLE long_index (id int PRIMARY KEY, name text, secret text); CREATE INDEX ON long_index (name, secret);
  INSERT INTO long_index SELECT i, 'n', (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, ${of('1', '60')}) j) FROM generate_series(1, 3) i;
  CREATE TABLE causes (id int PRIMARY KEY, label text); INSERT INTO causes VALUES (1, 'one'), (2, 'two');
  CREATE TABLE caused (cause int REFERENCES causes ON UPDATE CASCADE ON DELETE SET NULL, secret int, both_ int GENERATED ALWAYS AS (cause * secret) STORED);
  INSERT INTO caused VALUES (1, ${of('1', '100000')}), (2, 1);
  CREATE TABLE booking (id int PRIMARY KEY, room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
  INSERT INTO booking VALUES (1, 1, ${of("'[1,5)'", "'[10,15)'")}), (2, 2, '[3,4)');
  CREATE TABLE lease (id int, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS)); INSERT INTO lease VALUES (1, ${of("'[2020-01-01,2021-01-01)'", "'[2020-01-01,2030-01-01)'")}), (2, '[2020-01-01,2030-01-01)');
  CREATE TABLE lease_use (id int, lease int, valid daterange, FOREIGN KEY (lease, PERIOD valid) REFERENCES lease (id, PERIOD valid)); INSERT INTO lease_use VALUES (1, 2, '[2024-01-01,2025-01-01)');
  CREATE TABLE lax (id int PRIMARY KEY, name text, secret text, CONSTRAINT lax_check CHECK (secret <> 'x') NOT ENFORCED); INSERT INTO lax VALUES (1, 'n', ${of("'x'", "'y'")});
  CREATE TABLE late (id int PRIMARY KEY, place int, secret int, UNIQUE (place, secret) DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (1, 1, 5), (2, 2, ${of('5', '6')});
  CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE, secret text); INSERT INTO tree VALUES (1, NULL, 'r'), (2, 1, ${of("'s'", 'NULL')}), (3, 2, 't');`;

const codeAndViews = (of: (a: string, b: string) => string) => `
  CREATE TABLE guarded (id int, secret text); INSERT INTO guarded SELECT i, ${of("'s' || i % 2", "'s' || i % 3")} FROM generate_series(1, 9) i; ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON guarded AS RESTRICTIVE USING (secret <> 's1'); CREATE POLICY q ON guarded USING (true);
  CREATE TABLE tenants (id int, tenant text, secret text); INSERT INTO tenants SELECT i, 't' || i % 2, ${of("'s'", "'r'")} FROM generate_series(1, 9) i; ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON tenants USING (tenant = 't1');
  CREATE TABLE peeking (id int); INSERT INTO peeking VALUES (1), (2); ALTER TABLE peeking ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON peeking USING (query_to_xml('SELECT 1 FROM public.person WHERE id = 7 AND salary IS NULL', true, true, '')::text LIKE '%row%');
  CREATE TABLE sneaky (id int PRIMARY KEY, t text DEFAULT query_to_xml('SELECT email FROM public.person WHERE id = 1', true, true, '')::text);
  CREATE TABLE sneaky_check (id int PRIMARY KEY, t text CHECK (query_to_xml('SELECT salary FROM public.person WHERE id = 7 AND salary IS NULL', true, true, '')::text LIKE '%row%' OR t <> 'q'));
  CREATE FUNCTION leak(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.person WHERE id = $1';
  CREATE FUNCTION person_total(person) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1.salary';
  CREATE FUNCTION leak_trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.t := public.leak(NEW.id); RETURN NEW; END';
  CREATE TABLE triggered (id int PRIMARY KEY, t text); INSERT INTO triggered VALUES (1, 'x'); CREATE TRIGGER t BEFORE INSERT OR UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION leak_trg();
  CREATE TABLE ruled (id int PRIMARY KEY, t text); INSERT INTO ruled VALUES (1, 'x'); CREATE RULE r AS ON UPDATE TO ruled DO INSTEAD INSERT INTO scratch SELECT id + 1000, email FROM person WHERE id = OLD.id;
  CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM public.leak(1); END';
  CREATE AGGREGATE leak_all(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = leak);
  CREATE PROCEDURE proc(INOUT x text) LANGUAGE plpgsql AS 'BEGIN x := public.leak(1); END';
  CREATE VIEW v_rank_div AS SELECT id, 1 / (salary - 3) AS d, rank() OVER (ORDER BY 1 / (salary - 3)) AS r FROM person;
  CREATE VIEW v_part_div AS SELECT id, name, 100 / (coalesce(salary, 0) - 3) AS d, count(*) OVER (PARTITION BY 100 / (coalesce(salary, 0) - 3)) AS n FROM person;
  CREATE VIEW v_count_div AS SELECT id, count(*) OVER (PARTITION BY 100 / (coalesce(salary, 0) - 3)) AS n FROM person;
  CREATE VIEW v_rank AS SELECT id, name, rank() OVER (ORDER BY salary) AS r FROM person;
  CREATE VIEW v_rows AS SELECT id, row_number() OVER () AS n, rank() OVER (ORDER BY salary) AS r FROM person;
  CREATE VIEW v_safe AS SELECT id, tenant, name, city FROM person;
  CREATE VIEW v_barrier WITH (security_barrier) AS SELECT id, email, city FROM person WHERE tenant = 1;
  CREATE VIEW v_invoker WITH (security_invoker) AS SELECT id, salary, name FROM person;
  CREATE VIEW v_checked AS SELECT id, name, email FROM person WHERE salary > 50 WITH CHECK OPTION;
  CREATE RECURSIVE VIEW v_tree (id, up, secret) AS SELECT id, up, secret FROM tree WHERE up IS NULL UNION ALL SELECT t.id, t.up, t.secret FROM tree t JOIN v_tree v ON t.up = v.id;
  CREATE VIEW v_sub AS SELECT o.id, (SELECT p.email FROM person p WHERE p.id = o.person_id) AS who FROM orders o;
  CREATE VIEW v_sub_in AS SELECT o.id, o.person_id IN (SELECT p.id FROM person p WHERE p.salary > 30) AS rich FROM orders o;
  CREATE VIEW v_lateral AS SELECT o.id, l.e FROM orders o LEFT JOIN LATERAL (SELECT email AS e FROM person p WHERE p.id = o.person_id) l ON true;
  CREATE VIEW v_agg AS SELECT tenant, count(*) AS n, max(salary) AS top, string_agg(email, ',' ORDER BY id) AS all_ FROM person GROUP BY tenant;
  CREATE VIEW v_having AS SELECT tenant FROM person GROUP BY tenant HAVING sum(salary) > 1000;
  CREATE VIEW v_on AS SELECT DISTINCT ON (tenant) tenant, id, email FROM person ORDER BY tenant, id;
  CREATE VIEW v_srf AS SELECT id, jsonb_path_query(doc, '$.k') AS k FROM person;
  CREATE VIEW v_xml AS SELECT id, query_to_xml('SELECT email FROM public.person', true, true, '') AS x FROM orders;
  CREATE VIEW v_values AS SELECT * FROM (VALUES (1, 'x')) q (id, email);
  CREATE VIEW v_cte AS WITH q AS MATERIALIZED (SELECT id, 1 / (salary - 3) AS d FROM person) SELECT o.id FROM orders o LEFT JOIN q ON q.id = o.id;
  CREATE VIEW v_cast AS SELECT id, (email || '')::varchar(3) AS e3, salary::text::int AS s FROM person;
  CREATE VIEW v_of_view AS SELECT v.id, v.name FROM v_invoker v WHERE v.id < 20;
  CREATE VIEW v_union AS SELECT id, name FROM person UNION ALL SELECT id, note FROM orders;
  CREATE VIEW v_limit AS SELECT id FROM person ORDER BY salary DESC NULLS LAST LIMIT 3;
  CREATE MATERIALIZED VIEW m_rank AS SELECT id, name, rank() OVER (ORDER BY salary DESC) AS r FROM person;
  CREATE MATERIALIZED VIEW m_order AS SELECT id, name, email FROM person ORDER BY email;
  CREATE MATERIALIZED VIEW m_agg AS SELECT tenant, count(*) AS n, avg(salary) AS pay FROM person GROUP BY tenant;
  CREATE MATERIALIZED VIEW m_top AS SELECT id FROM person WHERE salary > 50; CREATE UNIQUE INDEX ON m_top (id);`;

const elsewhere = `
  CREATE EXTENSION IF NOT EXISTS dblink; CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS btree_gist; CREATE EXTENSION IF NOT EXISTS citext;
  CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE EXTENSION IF NOT EXISTS pgstattuple; CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS tablefunc;`;

const rest = (seed: 'a' | 'b') => `
  SELECT lo_from_bytea(424242, '${seed}secret'); SELECT setval('counter', ${seed === 'a' ? 7 : 8});
  CREATE SERVER near FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', dbname '${seed}'); CREATE FOREIGN TABLE person_far (id int, email text) SERVER near OPTIONS (table_name 'person');
  ANALYZE;
  CREATE ROLE broad_${seed} LOGIN PASSWORD 'unseen'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO broad_${seed}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO broad_${seed};
  CREATE ROLE narrow_${seed} LOGIN PASSWORD 'unseen'; GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO narrow_${seed};`;

/** SQL that sets one of the two databases up. */
export function setUp(seed: 'a' | 'b'): string {
  const of = (a: string, b: string) => (seed === 'a' ? a : b);
  return [elsewhere, people(of), tables(of), codeAndViews(of), rest(seed), narrow(seed)].join('\n');
}

/** A role that the server itself keeps from the classified columns, and from what is made of them. */
function narrow(seed: 'a' | 'b'): string {
  const hidden = new Set([
    ...Object.values(classification).flatMap((columns) => Object.keys(columns)),
    ...'product email_up low both_ d r e3 s who e top all_ k x rich pay'.split(' '),
  ]);
  const list = [...hidden].map((name) => `'${name}'`).join(', ');
  return `DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT a.attrelid::regclass AS t, string_agg(quote_ident(a.attname), ', ') AS names FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
      WHERE k.relnamespace = 'public'::regnamespace AND k.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN (${list}) GROUP BY 1
    LOOP EXECUTE format('GRANT SELECT (%s) ON %s TO narrow_${seed}', c.names, c.t); END LOOP; END $$;`;
}
