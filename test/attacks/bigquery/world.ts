import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { api } from '../../emulators/bigquery/client.ts';

export const PROJECT = 'shop-project';
export const SSN_TAG = 'projects/shop-project/locations/us/taxonomies/7/policyTags/70';

/** A warehouse: one emulator, and the values that nobody may see. */
export type Warehouse = { url: string; planted: readonly string[]; stop(): Promise<void> };

/** What differs between the two warehouses, of one customer. Lengths are the same, or not, or one side has none at all. */
type Hidden = {
  name: string;
  email: string | null;
  ssn: string;
  birth: string | null;
  street: string;
  zip: string;
  number: string;
  note: string;
  tags: readonly string[];
  score: number;
  balance: number;
  vip: boolean;
};

const SIDES: Record<'a' | 'b', readonly Hidden[]> = {
  a: [
    {
      name: 'Alice Ashworth',
      email: 'alice@canary.example',
      ssn: '111-22-3331',
      birth: '1971-03-04',
      street: 'Ash Lane 11',
      zip: '10111',
      number: '+1 415 555 0111',
      note: 'owes-alpha',
      tags: ['tag-amber'],
      score: 11,
      balance: 1111.5,
      vip: true,
    },
    {
      name: 'Arthur Abel',
      email: 'arthur@canary.example',
      ssn: '111-22-3332',
      birth: '1972-03-04',
      street: 'Ash Lane 12',
      zip: '10112',
      number: '+1 415 555 0112',
      note: 'owes-arrow',
      tags: ['tag-azure'],
      score: 12,
      balance: 1112.5,
      vip: false,
    },
    {
      name: 'Ann Archer',
      email: 'ann.archer.long@canary.example',
      ssn: '0',
      birth: '1973-03-04',
      street: 'Ash Lane 13 bis',
      zip: '0',
      number: '0',
      note: 'owes-apple-and-more',
      tags: ['tag-a1', 'tag-a2', 'tag-a3'],
      score: 0,
      balance: 0,
      vip: true,
    },
    {
      name: 'Amos Adler',
      email: null,
      ssn: '17',
      birth: null,
      street: 'Ash Lane 14',
      zip: '10114',
      number: '+1 415 555 0114',
      note: 'owes-amber',
      tags: [],
      score: 14,
      balance: 1114.5,
      vip: true,
    },
  ],
  b: [
    {
      name: 'Bella Buckland',
      email: 'bella@canary.example',
      ssn: '999-88-7771',
      birth: '1981-09-14',
      street: 'Elm Road 91',
      zip: '90911',
      number: '+1 510 999 0911',
      note: 'owes-bravo',
      tags: ['tag-bison'],
      score: 91,
      balance: 9911.5,
      vip: false,
    },
    {
      name: 'Bryant Byrd',
      email: 'bryant@canary.example',
      ssn: '999-88-7772',
      birth: '1982-09-14',
      street: 'Elm Road 92',
      zip: '90912',
      number: '+1 510 999 0912',
      note: 'owes-birch',
      tags: ['tag-birch'],
      score: 92,
      balance: 9912.5,
      vip: true,
    },
    {
      name: 'Bo Bell',
      email: 'bo@canary.example',
      ssn: '999-88-7773',
      birth: '1983-09-14',
      street: 'Elm 93',
      zip: '90913',
      number: '+1 510 999 0913',
      note: 'owes-b',
      tags: ['tag-b1'],
      score: 93,
      balance: 9913.5,
      vip: false,
    },
    {
      name: 'Burt Brand',
      email: 'burt@canary.example',
      ssn: '0',
      birth: '1984-09-14',
      street: 'Elm Road 94',
      zip: '0',
      number: '0',
      note: 'owes-basil',
      tags: ['tag-b4'],
      score: 0,
      balance: 0,
      vip: false,
    },
  ],
};

/** Class by table and path; the policy tag of `ssn` says the rest. */
export const CLASSIFICATION: Record<string, Record<string, string>> = {
  'sales.customers': {
    name: 'PERSON_NAME',
    email: 'EMAIL_ADDRESS',
    birth: 'DATE_OF_BIRTH',
    'address.street': 'STREET_ADDRESS',
    'address.geo.zip': 'ZIP_CODE',
    'phones.number': 'PHONE_NUMBER',
    notes: 'CONFIDENTIAL',
    tags: 'CONFIDENTIAL',
    score: 'CONFIDENTIAL',
    balance: 'CONFIDENTIAL',
    vip: 'CONFIDENTIAL',
  },
  'sales.orders': { 'items.engraving': 'PERSON_NAME' },
  'sales.events_20260101': { ip: 'IP_ADDRESS' },
  'sales.events_20260102': { ip: 'IP_ADDRESS' },
};

const literal = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);

function customer(hidden: Hidden, index: number): string {
  const country = ['DE', 'FR', 'DE', 'US'][index] ?? 'US';
  return `(${index + 1}, ${literal(hidden.name)}, ${literal(hidden.email)}, ${literal(hidden.ssn)}, ${hidden.birth === null ? 'NULL' : `DATE '${hidden.birth}'`},
    STRUCT('${hidden.street}' AS street, '${['Berlin', 'Paris', 'Bonn', 'Austin'][index]}' AS city, STRUCT('${hidden.zip}' AS zip, ${index} AS area) AS geo),
    [STRUCT('home' AS kind, '${hidden.number}' AS number), STRUCT('work' AS kind, '${hidden.number}9' AS number)],
    JSON '{"secret":"${hidden.note}","n":${hidden.score}}', ${hidden.tags.length ? JSON.stringify(hidden.tags) : 'CAST([] AS ARRAY<STRING>)'},
    ${hidden.score}.0, NUMERIC '${hidden.balance}', ${hidden.vip}, '${country}', TIMESTAMP '2026-01-0${index + 1} 10:00:00+00')`;
}

function statements(side: 'a' | 'b'): string[] {
  const rows = SIDES[side];
  const name = (index: number) => rows[index % rows.length]?.name ?? '';
  const order = (id: number) =>
    `(${id}, ${1 + (id % 4)}, '${['open', 'paid', 'late'][id % 3]}', NUMERIC '${id * 10}.5',
      [STRUCT('SKU-${id}' AS sku, ${id % 3} AS quantity, 'for ${name(id)}' AS engraving), STRUCT('SKU-0' AS sku, 1 AS quantity, '${name(id + 1)}!' AS engraving)], TIMESTAMP '2026-02-0${1 + (id % 5)} 12:00:00+00')`;
  const event = (id: number, day: number) =>
    `(${id}, TIMESTAMP '2026-01-0${day} 00:0${id % 10}:00+00', ${1 + (id % 4)}, '${['view', 'buy'][id % 2]}', '${side === 'a' ? '198.51.100' : '203.0.113'}.${id}')`;
  const eventColumns = '(id INT64, seen TIMESTAMP, customer_id INT64, kind STRING, ip STRING)';
  return [
    `INSERT INTO sales.customers (id, name, email, ssn, birth, address, phones, notes, tags, score, balance, vip, country, created) VALUES ${rows.map(customer).join(', ')}`,
    'CREATE TABLE sales.orders (id INT64, customer_id INT64, status STRING, total NUMERIC, items ARRAY<STRUCT<sku STRING, quantity INT64, engraving STRING>>, ordered TIMESTAMP) PARTITION BY DATE(ordered)',
    `INSERT INTO sales.orders (id, customer_id, status, total, items, ordered) VALUES ${[1, 2, 3, 4, 5, 6, 7, 8].map(order).join(', ')}`,
    'CREATE TABLE sales.leads (id INT64, email STRING, ssn STRING, name STRING, source STRING)',
    `INSERT INTO sales.leads (id, email, ssn, name, source) VALUES (1, 'alice@canary.example', '111-22-3331', 'Alice Ashworth', 'fair'), (2, 'bella@canary.example', '999-88-7771', 'Bella Buckland', 'web'), (3, NULL, NULL, NULL, 'web')`,
    `CREATE TABLE sales.events_20260101 ${eventColumns}`,
    `CREATE TABLE sales.events_20260102 ${eventColumns}`,
    `INSERT INTO sales.events_20260101 (id, seen, customer_id, kind, ip) VALUES ${[1, 2, 3].map((id) => event(id, 1)).join(', ')}`,
    `INSERT INTO sales.events_20260102 (id, seen, customer_id, kind, ip) VALUES ${[4, 5, 6].map((id) => event(id, 2)).join(', ')}`,
    'CREATE TABLE sales.payroll (id INT64, salary NUMERIC)',
    `INSERT INTO sales.payroll (id, salary) VALUES (1, ${side === 'a' ? '31337' : '73313'})`,
    `CREATE VIEW sales.everybody AS SELECT * FROM \`${PROJECT}.sales.customers\``,
    `CREATE VIEW sales.renamed AS SELECT id AS k, email AS contact, ssn AS code, UPPER(name) AS title, address.street AS place FROM \`${PROJECT}.sales.customers\``,
    `CREATE VIEW sales.by_country AS SELECT country, COUNT(*) AS n, MAX(email) AS some_email FROM \`${PROJECT}.sales.customers\` GROUP BY country`,
    'CREATE TABLE FUNCTION sales.customers_of(c STRING) AS SELECT id, email FROM sales.customers WHERE country = c',
    'CREATE SCHEMA scratch',
    'CREATE TABLE scratch.copies (id INT64, text STRING)',
    "INSERT INTO scratch.copies (id, text) VALUES (1, 'one'), (2, 'two')",
  ];
}

const text = (name: string, more: object = {}) => ({ name, type: 'STRING', ...more });

const customers = {
  schema: {
    fields: [
      { name: 'id', type: 'INTEGER' },
      text('name'),
      text('email'),
      text('ssn', { policyTags: { names: [SSN_TAG] } }),
      { name: 'birth', type: 'DATE' },
      {
        name: 'address',
        type: 'RECORD',
        fields: [
          text('street'),
          text('city'),
          { name: 'geo', type: 'RECORD', fields: [text('zip'), { name: 'area', type: 'INTEGER' }] },
        ],
      },
      { name: 'phones', type: 'RECORD', mode: 'REPEATED', fields: [text('kind'), text('number')] },
      { name: 'notes', type: 'JSON' },
      text('tags', { mode: 'REPEATED' }),
      { name: 'score', type: 'FLOAT' },
      { name: 'balance', type: 'NUMERIC' },
      { name: 'vip', type: 'BOOLEAN' },
      text('country'),
      { name: 'created', type: 'TIMESTAMP' },
    ],
  },
};

/** Texts that stand in one warehouse alone: none may be in any byte of an answer. */
function plantedIn(side: 'a' | 'b'): string[] {
  const known = [
    'alice@canary.example',
    '111-22-3331',
    'Alice Ashworth',
    'bella@canary.example',
    '999-88-7771',
    'Bella Buckland',
  ];
  const all = SIDES[side].flatMap(({ name, email, ssn, birth, street, number, note, tags }) => [
    name,
    email,
    ssn,
    birth,
    street,
    number,
    note,
    ...tags,
  ]);
  // What leads hold too may be seen there.
  return all.filter((value): value is string => value !== null && value.length > 4 && !known.includes(value));
}

/** The moment of every job and table: a clock would tell the warehouses apart. */
const NOW = Date.parse('2026-03-01T00:00:00Z');

export async function startWarehouse(side: 'a' | 'b'): Promise<Warehouse> {
  const emulator: BigQueryEmulator = await startBigQuery({ clock: () => NOW, measured: true });
  const base = `/bigquery/v2/projects/${PROJECT}`;
  const call = async (path: string, body: object) => {
    const answer = await api(emulator.url, 'POST', `${base}${path}`, body);
    if (answer.status !== 200) throw new Error(answer.body.error.message);
  };
  await call('/datasets', { datasetReference: { datasetId: 'sales' } });
  await call('/datasets/sales/tables', { tableReference: { tableId: 'customers' }, ...customers });
  for (const query of statements(side)) await call('/queries', { query, useLegacySql: false });
  return { url: emulator.url, planted: plantedIn(side), stop: () => emulator.stop() };
}
