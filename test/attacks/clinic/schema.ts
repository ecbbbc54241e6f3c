/**
 * A clinic whose names mislead: twins that differ in case, in schema or behind the 63rd byte, tables and types called like those of
 * the server, columns called like functions, and code of the database behind operators, casts and names that came with the server.
 * The two differ in classified values only.
 */
const long = `t_${'x'.repeat(61)}`;

export const classification = {
  'public.patient': {
    ssn: 'US_SOCIAL_SECURITY_NUMBER',
    email: 'EMAIL_ADDRESS',
    born: 'DATE_OF_BIRTH',
    diagnosis: 'DIAGNOSIS',
    balance: 'BALANCE',
    contact: 'CONTACT',
    history: 'HISTORY',
    phones: 'PHONE_NUMBER',
    risk: 'RISK',
    stay: 'STAY',
    words: 'NOTES',
    shape: 'SHAPE',
    bits: 'BITS',
    took: 'DURATION',
  },
  'public.Patient': { Email: 'EMAIL_ADDRESS' },
  'archive.patient': { email: 'EMAIL_ADDRESS' },
  'public.visit': { fee: 'FEE', reason: 'REASON' },
  'public.named': { count: 'COUNT', text: 'TEXT', date_trunc: 'DATE', left: 'LEFT' },
  'public.pg_class': { relname: 'SECRET' },
  [`public.${long}`]: { secret: 'SECRET' },
  'public.member': { code: 'CODE' },
  'public.account': { pin: 'PIN' },
};

const tables = (of: (a: string, b: string) => string) => `
  CREATE TYPE severity AS ENUM ('low', 'mid', 'high', 'fatal');
  CREATE TYPE contact AS (kind text, value text); CREATE SCHEMA archive;
  CREATE TABLE patient (id int PRIMARY KEY, ward int, name text NOT NULL, admitted date, weight numeric, tags text[], info jsonb,
    ssn char(11), email text UNIQUE, born date, diagnosis text, balance numeric(12, 2), contact contact, history jsonb, phones text[], risk severity,
    stay tstzmultirange, words tsvector, shape box, bits bit varying, took interval, domain text GENERATED ALWAYS AS (split_part(email, '@', 2)) STORED,
    CHECK (balance > -1000000), CHECK (ward < 90 OR balance > 0));
  INSERT INTO patient (id, ward, name, admitted, weight, tags, info, ssn, email, born, diagnosis, balance, contact, history, phones, risk, stay, words, shape, bits, took)
    SELECT i, i % 5, 'p' || i, date '2024-01-01' + i, 50 + i, array['t' || i % 3], jsonb_build_object('ward', i % 5, 'n', i),
      lpad((${of('i', '999 - i')})::text, 11, '0'), ${of("'a' || i || '@one.test'", "repeat('b', i % 40) || (900 - i) || '@two.test'")}, date '1950-01-01' + ${of('i', '-i * 7')},
      ${of("(array['flu', 'gout', NULL])[i % 3 + 1]", "(array[NULL, 'flu', 'flu'])[i % 3 + 1]")}, ${of('i * 10', '(40 - i) * 1.05')},
      ${of("ROW('mail', 'm' || i)::contact", "CASE WHEN i % 2 = 0 THEN ROW('fax', NULL)::contact END")}, ${of("jsonb_build_object('x', i, 'l', jsonb_build_array(i, 2))", 'to_jsonb(i::text)')},
      ${of("array['+1' || i]", "CASE WHEN i % 4 = 0 THEN NULL ELSE array_fill('+49'::text, array[i % 3]) END")}, ${of("'low'", '(enum_range(NULL::severity))[i % 4 + 1]')}::severity,
      ${of("tstzmultirange(tstzrange('2024-01-01', '2024-01-05'))", "'{}'::tstzmultirange")}, to_tsvector('simple', ${of("'flu a' || i", "''")}),
      box(point(0, 0), point(${of('i', '-i')}, 1)), ${of("B'101'", "B'01'")}, interval '1 day' * ${of('i', '(i % 3)')} FROM generate_series(1, 40) i;
  CREATE INDEX ON patient (ward); CREATE INDEX ON patient USING gin (words); CREATE INDEX ON patient USING gist (stay); CREATE INDEX patient_due ON patient (name) WHERE balance > 100;
  CREATE TABLE "Patient" ("Id" int PRIMARY KEY, email text, "Email" text); INSERT INTO "Patient" SELECT i, 'open' || i, ${of("'s' || i", "'r' || i * 3")} FROM generate_series(1, 5) i;
  CREATE TABLE archive.patient (id int PRIMARY KEY, name text, email text); INSERT INTO archive.patient SELECT i, 'old' || i, ${of("'x'", "'yy'")} || i FROM generate_series(1, 5) i;
  CREATE TABLE visit (id int, patient int REFERENCES patient, at timestamptz NOT NULL, note text, fee numeric, reason text) PARTITION BY RANGE (at);
  CREATE TABLE visit_2024 PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (note);
  CREATE TABLE visit_2024_a PARTITION OF visit_2024 FOR VALUES IN ('a'); CREATE TABLE visit_2024_b PARTITION OF visit_2024 DEFAULT; CREATE TABLE visit_2025 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  INSERT INTO visit SELECT i, i % 40 + 1, timestamptz '2024-06-01Z' + i * interval '5 days', (array['a', 'b', 'c'])[i % 3 + 1], ${of('i', '100 - i')}, ${of("'why' || i", 'NULL')} FROM generate_series(1, 80) i;
  CREATE TABLE orders (id int PRIMARY KEY, patient int REFERENCES patient, item text, price int); INSERT INTO orders SELECT i, i % 40 + 1, 'item' || i, i * 2 FROM generate_series(1, 60) i;
  CREATE TABLE named (id int PRIMARY KEY, "count" int, text text, date_trunc date, "left" text, name text);
  INSERT INTO named SELECT i, ${of('i', 'i * 100')}, ${of("'t'", "'uu'")} || i, date '2020-01-01' + ${of('i', '-i')}, ${of("'l'", "'mm'")}, 'n' || i FROM generate_series(1, 6) i;
  CREATE TABLE public.pg_class (relname text, n int); INSERT INTO public.pg_class VALUES (${of("'s1'", "'s2'")}, 1);
  CREATE TABLE ${long} (id int PRIMARY KEY, secret text); INSERT INTO ${long} VALUES (1, ${of("'s1'", "'s2'")});
  CREATE TABLE club (code text PRIMARY KEY, label text); INSERT INTO club VALUES ('c1', 'x'), ('c2', 'y'), ('c3', 'z');
  CREATE TABLE member (id int PRIMARY KEY, code text REFERENCES club ON DELETE RESTRICT ON UPDATE NO ACTION, name text); INSERT INTO member VALUES (1, ${of("'c1'", "'c2'")}, 'm');
  CREATE TABLE account (id int PRIMARY KEY, owner text, pin int, amount int DEFAULT 1, UNIQUE NULLS NOT DISTINCT (pin), CONSTRAINT enough CHECK (amount + pin > 0));
  INSERT INTO account SELECT i, 'o' || i, ${of('CASE WHEN i = 3 THEN NULL ELSE i END', 'i * 50')} FROM generate_series(1, 6) i;
  CREATE TABLE notes (id int PRIMARY KEY, t text); INSERT INTO notes SELECT i, 't' || i FROM generate_series(1, 12) i;`;

const code = `
  CREATE FUNCTION told(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.patient WHERE id = $1';
  CREATE FUNCTION upper(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT public.told($1)'; CREATE FUNCTION now(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT public.told($1)';
  CREATE FUNCTION abs(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT public.told(1)'; CREATE FUNCTION count(orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT public.told($1.patient)';
  CREATE FUNCTION bare() RETURNS text LANGUAGE sql STABLE AS 'SELECT public.told(1)'; CREATE FUNCTION pay(orders) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT balance FROM public.patient WHERE id = $1.patient';
  CREATE FUNCTION plus(text, int) RETURNS text LANGUAGE sql STABLE AS 'SELECT public.told($2)'; CREATE OPERATOR + (LEFTARG = text, RIGHTARG = int, FUNCTION = plus); CREATE OPERATOR = (LEFTARG = text, RIGHTARG = int, FUNCTION = plus);
  CREATE OPERATOR ~~> (RIGHTARG = int, FUNCTION = told);
  CREATE FUNCTION gather(text, int) RETURNS text LANGUAGE sql STABLE AS 'SELECT coalesce($1, '''') || public.told($2)'; CREATE AGGREGATE sum(int) (SFUNC = gather, STYPE = text); CREATE AGGREGATE string_agg(int) (SFUNC = gather, STYPE = text);
  CREATE DOMAIN date AS text CHECK (VALUE <> 'x'); CREATE DOMAIN archive.integer AS int CHECK (VALUE > 0);
  CREATE COLLATION public."C" FROM "POSIX"; CREATE TEXT SEARCH CONFIGURATION public.simple (COPY = pg_catalog.simple);
  CREATE VIEW open_patient AS SELECT id, ward, name FROM patient; CREATE VIEW pg_views AS SELECT id, email AS viewname FROM patient;
  CREATE VIEW v_dup AS SELECT p.id, p.name, q.email AS name_ FROM patient p JOIN archive.patient q ON q.id = p.id;
  CREATE VIEW v_union AS SELECT id, 1 / (balance - 70) AS d FROM patient UNION ALL SELECT id, 0::int FROM orders;
  CREATE VIEW v_values AS SELECT p.id, v.d FROM patient p, LATERAL (VALUES (1 / (p.balance - 70)), (2)) v (d);
  CREATE VIEW v_filter AS SELECT ward, count(*) AS n, count(*) FILTER (WHERE balance > 100) AS rich FROM patient GROUP BY ward;
  CREATE VIEW v_sorted AS SELECT id, name FROM patient ORDER BY email; CREATE VIEW v_scalar AS SELECT o.id, o.price > (SELECT avg(balance) FROM patient) AS dear FROM orders o;
  CREATE VIEW v_case AS SELECT id, CASE WHEN balance > 100 THEN 'rich' ELSE 'poor' END AS kind, ward FROM patient; CREATE VIEW v_whole AS SELECT p.id, p AS whole FROM patient p;
  CREATE VIEW v_json AS SELECT id, to_jsonb(p) - 'ssn' AS doc FROM patient p; CREATE VIEW v_window AS SELECT id, sum(id) OVER (ORDER BY balance) AS running FROM patient;
  CREATE VIEW v_over_v AS SELECT v.id, c.kind FROM open_patient v LEFT JOIN v_case c USING (id); CREATE VIEW v_visit AS SELECT v.id, v.note, v.fee FROM visit_2024 v; CREATE VIEW v_exists AS SELECT o.id FROM orders o WHERE EXISTS (SELECT FROM patient p WHERE p.id = o.patient AND p.diagnosis = 'flu');
  CREATE VIEW v_srf AS SELECT id, unnest(phones) AS phone FROM patient; CREATE VIEW v_group AS SELECT diagnosis, count(*) AS n FROM patient GROUP BY 1; CREATE VIEW v_first AS SELECT id FROM patient ORDER BY born FETCH FIRST 2 ROWS WITH TIES;
  CREATE MATERIALIZED VIEW m_patient AS SELECT id, md5(email) AS h, ward FROM patient; CREATE MATERIALIZED VIEW m_case AS SELECT kind, count(*) AS n FROM v_case GROUP BY kind;`;

/** SQL that sets one of the two databases up. */
export function setUp(seed: 'a' | 'b'): string {
  const of = (a: string, b: string) => (seed === 'a' ? a : b);
  const classified = Object.entries(classification).flatMap(([table, columns]) =>
    Object.keys(columns).map((column) => `${table}.${column}`),
  );
  const made = 'fee reason viewname name_ d rich dear kind whole doc running phone h diagnosis'.split(' ');
  const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');
  return `${tables(of)} ${code} ANALYZE;
  CREATE ROLE broad_${seed} LOGIN PASSWORD 'clinic'; GRANT USAGE ON SCHEMA archive TO broad_${seed}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, archive TO broad_${seed};
  CREATE ROLE narrow_${seed} LOGIN PASSWORD 'clinic'; GRANT USAGE ON SCHEMA archive TO narrow_${seed}; GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, archive TO narrow_${seed};
  DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT a.attrelid::regclass AS t, string_agg(quote_ident(a.attname), ', ') AS names FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class k ON k.oid = a.attrelid
      WHERE k.relnamespace IN ('public'::regnamespace, 'archive'::regnamespace) AND k.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN (${list(made)})
        AND k.relnamespace::regnamespace || '.' || k.relname || '.' || a.attname NOT IN (${list([...classified, 'public.patient.domain'])}) GROUP BY 1
    LOOP EXECUTE format('GRANT SELECT (%s) ON %s TO narrow_${seed}', c.names, c.t); END LOOP; END $$;`;
}
