-- The demo's customer database. The role that owns it is the one whose password the gateway holds; agents never see it.
CREATE ROLE crm_gateway LOGIN PASSWORD :password;
GRANT CREATE, USAGE ON SCHEMA public TO crm_gateway;
SET ROLE crm_gateway;

CREATE TABLE public.users (
  id int PRIMARY KEY,
  full_name text NOT NULL,
  email text NOT NULL UNIQUE,
  ssn text,
  phone text,
  country text NOT NULL,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE public.users IS 'Customers';

CREATE TABLE public.orders (
  id int PRIMARY KEY,
  user_id int NOT NULL REFERENCES public.users (id),
  total numeric(10, 2) NOT NULL,
  status text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX orders_user_id ON public.orders (user_id);

CREATE TABLE public.tickets (
  id int PRIMARY KEY,
  user_id int NOT NULL REFERENCES public.users (id),
  subject text NOT NULL,
  body text NOT NULL
);

CREATE TABLE public.salaries (
  id int PRIMARY KEY,
  user_id int NOT NULL REFERENCES public.users (id),
  amount numeric(12, 2) NOT NULL
);

INSERT INTO public.users
SELECT i,
  (ARRAY['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Frances', 'Donald', 'Radia', 'Leslie', 'Katherine'])[1 + i % 10]
    || ' ' || (ARRAY['Moreau', 'Okafor', 'Lindqvist', 'Tanaka', 'Silva', 'Novak', 'Haddad', 'Keller', 'Rossi', 'Byrne', 'Petrov'])[1 + i % 11],
  'customer' || i || '@' || (ARRAY['mail.example', 'post.example', 'inbox.example'])[1 + i % 3],
  (100 + i * 7 % 565)::text || '-' || lpad((10 + i * 3 % 89)::text, 2, '0') || '-' || lpad((1000 + i * 37 % 8999)::text, 4, '0'),
  '+1 415 555 ' || lpad((i * 73 % 10000)::text, 4, '0'),
  (ARRAY['DE', 'FR', 'US', 'JP', 'BR'])[1 + i % 5],
  timestamptz '2025-01-01 09:00:00+00' + i * interval '7 hours 13 minutes'
FROM generate_series(1, 200) AS i;

INSERT INTO public.orders
SELECT i, 1 + i * 17 % 200, 5 + (i * 7919 % 50000) / 100.0, (ARRAY['open', 'paid', 'shipped', 'returned'])[1 + i % 4],
  timestamptz '2025-06-01 12:00:00+00' + i * interval '3 hours 7 minutes'
FROM generate_series(1, 600) AS i;

-- Free text is not classified column by column; what people paste into it is found by detectors.
INSERT INTO public.tickets
SELECT i, 1 + i * 31 % 200, (ARRAY['Invoice is wrong', 'Cannot sign in', 'Delivery is late', 'Please close my account'])[1 + i % 4],
  (ARRAY[
    'Hello, my order has not arrived. You can write to me at private.person' || i || '@home.example, thanks.',
    'Please charge the card 4111 1111 1111 1111 again, the first try failed.',
    'My social security number is 219-09-9' || lpad((i % 1000)::text, 3, '0') || ', is that all you need?',
    'The invoice says 42 units, I ordered 24. No hurry.'
  ])[1 + i % 4]
FROM generate_series(1, 60) AS i;

INSERT INTO public.salaries SELECT i, i, 30000 + i * 977 % 90000 FROM generate_series(1, 200) AS i;

RESET ROLE;
ANALYZE;
