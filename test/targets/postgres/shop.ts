/** A shop as shops are: some 90 columns of all kinds in 13 tables, personal data and what only looks like it. */
export const shopSql = `
  CREATE TYPE order_state AS ENUM ('open', 'paid', 'shipped');
  CREATE DOMAIN mail_domain AS text;
  CREATE TABLE customers (id int PRIMARY KEY, uuid uuid DEFAULT gen_random_uuid(), "firstName" text, last_name varchar(80), email mail_domain,
    email_verified bool, email_sent_at timestamptz, phone text, phone_verified bool, dob date, country_code char(2), loyalty_points int,
    tax_id text, gender text, created_at timestamptz, email_lower text GENERATED ALWAYS AS (lower(email)) STORED);
  CREATE TABLE addresses (id int PRIMARY KEY, customer_id int REFERENCES customers (id), recipient_name text, street text, address_line2 text,
    city text, postcode text, country text, latitude numeric, address_type text);
  CREATE TABLE employees (id int PRIMARY KEY, name text, ssn text, national_insurance text, salary numeric, hired_on date, badge_no text,
    emergency_contact_name text, mobile text, department text, reachable text);
  COMMENT ON COLUMN employees.reachable IS 'Private phone number, for the night shift';
  CREATE TABLE accounts (id int PRIMARY KEY, login text, password_hash text, password_changed_at timestamptz, api_key text, session_token text,
    token_count int, mfa_secret text, last_login_ip inet, signup_ip text, user_agent text, status text);
  CREATE TABLE payments (id int PRIMARY KEY, order_id int, iban text, bic text, card_number bigint, card_brand text, card_last4 text, amount numeric, currency char(3),
    paid_at timestamptz, reference text, bank text);
  CREATE TABLE orders (id int PRIMARY KEY, order_number text, customer_id int, state order_state, total numeric, tracking_number text,
    gift_message text, placed_at timestamptz, version text, invoice_no bigint, checksum text, external_id text, shipping_method text);
  CREATE TABLE products (id int PRIMARY KEY, name text, sku text, ean text, price numeric, description text, attributes jsonb, image_url text, brand_name text, email_template text);
  CREATE TABLE tickets (id int PRIMARY KEY, customer_id int, subject text, body text, priority int, channel text, phone_country_code text, payload jsonb);
  CREATE TABLE web_events (id bigint PRIMARY KEY, session_id uuid, client text, path text, referrer text, occurred_at timestamptz, properties jsonb, duration_ms int);
  CREATE TABLE newsletter (address text, opted_in bool, template text, mailing_list text);
  CREATE TABLE suppliers (id int PRIMARY KEY, company_name text, contact_person text, vat_rate numeric, homepage text, delivery_days int, note text);
  CREATE TABLE audit_log (id bigint PRIMARY KEY, actor text, action text, ip_address_id int, object_name text, mac text, c7 text, c8 text);
  CREATE TABLE settings (key text PRIMARY KEY, value text, token_ttl int, secret_rotation_days int);

  INSERT INTO customers ("id", "firstName", last_name, email, email_verified, email_sent_at, phone, phone_verified, dob, country_code, loyalty_points, tax_id, gender, created_at)
    SELECT i, (ARRAY['Ada', 'Grace', 'Edsger'])[1 + i % 3], (ARRAY['Moreau', 'Okafor', 'Silva'])[1 + i % 3], 'planted' || i || '@secret.example',
      true, now(), '+1 415 555 ' || lpad(i::text, 4, '0'), false, date '1970-01-01' + i, 'DE', i * 10, 'DE' || 100000000 + i, 'f', now()
    FROM generate_series(1, 300) i;
  INSERT INTO addresses SELECT i, i, 'Ada Moreau', i || ' Rue de la Paix', NULL, 'Paris', '75' || lpad(i::text, 3, '0'), 'FR', 48.1 + i, 'billing' FROM generate_series(1, 300) i;
  INSERT INTO employees SELECT i, 'Grace Okafor', '536-22-' || lpad(i::text, 4, '0'), 'QQ' || 100000 + i || 'C', 50000 + i, date '2020-01-01' + i, 'B-' || i, 'Alan Silva', '0171 555' || 1000 + i, 'sales',
    '+49 30 901820' || 100 + i FROM generate_series(1, 300) i;
  INSERT INTO accounts SELECT i, 'planted' || i || '@secret.example', '$2b$12$' || md5(i::text) || left(md5('x' || i), 21), now(), 'sk_live_' || md5('k' || i), 'eyJhbGciOiJIUzI1NiJ9.' || md5('t' || i) || '.' || md5('s' || i), i,
    md5('m' || i), ('10.1.' || i % 250 || '.7')::inet, '203.0.113.' || i % 250, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.' || i || '.0 Safari/537.36', 'active' FROM generate_series(1, 300) i;
  INSERT INTO payments SELECT i, i, 'DE89370400440532013000', 'COBADEFFXXX', 4111111111111111, 'visa', lpad((i % 10000)::text, 4, '0'), i * 1.5, 'EUR', now(), 'RF18 5390 0754 7034', 'GB82 WEST 1234 5698 7654 32' FROM generate_series(1, 300) i;
  INSERT INTO orders SELECT i, '2026-' || lpad((i * 7919)::text, 8, '0'), i, 'open', i, '1Z' || lpad((i * 104729)::text, 16, '0'),
    CASE WHEN i % 50 = 0 THEN 'Happy birthday! Call me: +1 212 555 0199' ELSE 'Enjoy' END, now(), '1.' || i % 9 || '.' || i % 7, 4000000000000000 + i * 7919, md5(i::text), gen_random_uuid()::text, 'courier' FROM generate_series(1, 300) i;
  INSERT INTO products SELECT i, 'Red chair', 'SKU-' || 100000 + i, '40' || lpad((i * 12345)::text, 11, '0'), 19.99, 'A chair of oak, 45 x 45 x 90 cm, 12.5 kg', '{"color": "red", "width": 45}', 'https://cdn.shop.example/i/' || md5(i::text) || '.png', 'Chairs Ltd', 'order_confirmation' FROM generate_series(1, 300) i;
  INSERT INTO tickets SELECT i, i, 'Invoice is wrong', CASE WHEN i % 10 = 0 THEN 'Write to planted' || i || '@secret.example please' WHEN i % 15 = 0 THEN 'My number is 536-22-1234' ELSE 'It does not work since ' || i || ' days' END, 1, 'web', '+49',
    jsonb_build_object('from', jsonb_build_object('mail', 'planted' || i || '@secret.example'), 'n', i) FROM generate_series(1, 300) i;
  INSERT INTO web_events SELECT i, gen_random_uuid(), '198.51.100.' || i % 250, '/products/' || i, 'https://search.example/?q=chair', now(), '{"scroll": 40}', i FROM generate_series(1, 300) i;
  INSERT INTO newsletter SELECT 'planted' || i || '@secret.example', true, 'spring', 'weekly' FROM generate_series(1, 300) i;
  INSERT INTO suppliers SELECT i, 'Oak Ltd', 'Radia Byrne', 0.19, 'https://oak.example', 3, 'Pays within 30 days' FROM generate_series(1, 40) i;
  INSERT INTO audit_log SELECT i, 'planted' || i || '@secret.example', 'update', i, 'orders', '00:1A:2B:3C:4D:' || lpad(to_hex(i % 256), 2, '0'), '+33 1 42 68 53 ' || lpad((i % 100)::text, 2, '0'), 'x' FROM generate_series(1, 300) i;
  INSERT INTO settings SELECT 'key' || i, 'on', 3600, 30 FROM generate_series(1, 30) i;
  ANALYZE;
`;

/** What a careful human would say. Any of several names where people differ. */
export const shopTruth: Readonly<Record<string, readonly string[]>> = {
  'customers.firstName': ['PERSON_NAME'],
  'customers.last_name': ['PERSON_NAME'],
  'customers.email': ['EMAIL_ADDRESS'],
  'customers.email_lower': ['EMAIL_ADDRESS'],
  'customers.phone': ['PHONE_NUMBER'],
  'customers.dob': ['DATE_OF_BIRTH'],
  'customers.tax_id': ['GOVERNMENT_ID'],
  'customers.gender': ['GENDER'],
  'addresses.recipient_name': ['PERSON_NAME'],
  'addresses.street': ['STREET_ADDRESS'],
  'addresses.address_line2': ['STREET_ADDRESS'],
  'employees.name': ['PERSON_NAME'],
  'employees.ssn': ['US_SOCIAL_SECURITY_NUMBER'],
  'employees.national_insurance': ['GOVERNMENT_ID'],
  'employees.emergency_contact_name': ['PERSON_NAME'],
  'employees.mobile': ['PHONE_NUMBER'],
  'employees.reachable': ['PHONE_NUMBER'],
  'accounts.login': ['EMAIL_ADDRESS'],
  'accounts.password_hash': ['CREDENTIAL'],
  'accounts.api_key': ['AUTH_TOKEN'],
  'accounts.session_token': ['AUTH_TOKEN', 'JSON_WEB_TOKEN'],
  'accounts.mfa_secret': ['CREDENTIAL'],
  'accounts.last_login_ip': ['IP_ADDRESS'],
  'accounts.signup_ip': ['IP_ADDRESS'],
  'payments.iban': ['IBAN_CODE'],
  'payments.card_number': ['CREDIT_CARD_NUMBER'],
  'payments.bank': ['IBAN_CODE'],
  'orders.gift_message': ['PHONE_NUMBER'],
  'tickets.body': ['EMAIL_ADDRESS', 'US_SOCIAL_SECURITY_NUMBER'],
  'tickets.payload': ['EMAIL_ADDRESS'],
  'web_events.client': ['IP_ADDRESS'],
  'newsletter.address': ['EMAIL_ADDRESS'],
  'suppliers.contact_person': ['PERSON_NAME'],
  'audit_log.actor': ['EMAIL_ADDRESS'],
  'audit_log.mac': ['MAC_ADDRESS'],
  'audit_log.c7': ['PHONE_NUMBER'],
};
