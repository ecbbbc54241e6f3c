/** A small database with one of everything that classification must follow. */
export const crmSql = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, ssn varchar(11), born date, country text,
    mood mood DEFAULT 'good', tags text[], email_lower text GENERATED ALWAYS AS (lower(email)) STORED, age int CHECK (age >= 0));
  INSERT INTO users (id, name, email, ssn, born, country, age)
    SELECT i, 'name ' || i, 'person' || i || '@example.com', '123-45-' || lpad(i::text, 4, '0'), date '1980-01-01' + i, 'DE', i
    FROM generate_series(1, 100) i;
  CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users (id), total numeric, status text, created_at timestamptz);
  INSERT INTO orders SELECT i, i % 100 + 1, i * 1.5, 'open', '2026-01-02 03:04:05Z' FROM generate_series(1, 300) i;
  CREATE TABLE newsletter (email text REFERENCES users (email), opted bool);
  CREATE TABLE notes (id int, body text);
  CREATE TABLE events (id int, card text, at date NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE VIEW contacts AS SELECT id, email AS contact, country FROM users;
  CREATE VIEW countries AS SELECT country, count(*) AS people FROM users GROUP BY country;
  CREATE VIEW picked AS SELECT id FROM users WHERE email LIKE 'person1%';
  CREATE VIEW deduplicated AS SELECT DISTINCT ssn FROM users;
  CREATE VIEW renamed AS SELECT u.a FROM users u(a, b, c) WHERE u.c = 'x';
  CREATE MATERIALIZED VIEW shouted AS SELECT id, upper(email) AS loud FROM users;
  CREATE FUNCTION email_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.users WHERE id = $1';
  CREATE VIEW by_function AS SELECT id, email_of(id) AS e FROM orders;
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.body := (SELECT email FROM public.users LIMIT 1); RETURN NEW; END';
  CREATE TABLE stamped (id int, body text);
  CREATE TRIGGER t BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
`;

export const crmClassification = {
  'public.users': { email: 'EMAIL_ADDRESS', ssn: 'US_SOCIAL_SECURITY_NUMBER', born: 'DATE_OF_BIRTH' },
  'public.events': { card: 'CREDIT_CARD_NUMBER' },
  'public.orders': {},
  'public.notes': {},
  'public.stamped': {},
};
