import type { RestRequest } from './observe.ts';

const query = (text: string, more: object = {}) => ({ query: text, useLegacySql: false, ...more });
const job = (text: string, more: object = {}) => ({ configuration: { query: query(text), ...more } });

const ASKED = [
  'SELECT * FROM sales.customers ORDER BY id',
  'SELECT email FROM sales.customers ORDER BY id',
  "SELECT COUNT(*) AS n FROM sales.customers WHERE email LIKE 'a%'",
  'SELECT TO_JSON_STRING(c) AS x FROM sales.customers AS c ORDER BY c.id',
  'SELECT CAST(email AS INT64) AS x FROM sales.customers',
  'SELECT ERROR(email) AS x FROM sales.customers',
  'SELECT 1 / IF(vip, 0, 1) AS x FROM sales.customers',
  'SELECT p.number FROM sales.customers AS c, c.phones AS p ORDER BY c.id, p.kind',
  'SELECT i.engraving FROM sales.orders AS o, o.items AS i ORDER BY o.id, i.sku',
  'SELECT * FROM sales.everybody ORDER BY id',
  "SELECT * FROM sales.customers_of('DE') ORDER BY id",
  'SELECT ip FROM `sales.events_2026*` ORDER BY id',
  'FROM sales.customers |> SELECT id, ssn |> ORDER BY id',
  'DECLARE x STRING; SELECT 1',
];

/** Requests of BigQuery's own API, one after the other; `{job}` is the job of the one before. */
export const SURFACE: readonly (readonly RestRequest[])[] = [
  ...ASKED.flatMap((text): RestRequest[][] => [
    [['POST', '/queries', query(text)]],
    [['POST', '/queries', query(text, { dryRun: true })]],
    [['POST', '/jobs', job(text, { dryRun: true })]],
    [
      ['POST', '/jobs', job(text)],
      ['GET', '/jobs/{job}'],
      ['GET', '/queries/{job}?maxResults=2'],
      ['GET', '/queries/{job}?startIndex=2'],
    ],
  ]),
  [['POST', '/queries', query('SELECT email FROM customers ORDER BY id', { defaultDataset: { datasetId: 'sales' } })]],
  [
    [
      'POST',
      '/queries',
      query('SELECT email FROM customers', { defaultDataset: { projectId: 'shop-project', datasetId: 'sales' } }),
    ],
  ],
  [
    [
      'POST',
      '/queries',
      query('WITH customers AS (SELECT 1 AS id) SELECT * FROM customers', { defaultDataset: { datasetId: 'sales' } }),
    ],
  ],
  [
    [
      'POST',
      '/queries',
      query('SELECT email FROM customers', { connectionProperties: [{ key: 'dataset_id', value: 'sales' }] }),
    ],
  ],
  [['POST', '/queries', query('SELECT email FROM sales.customers', { maximumBytesBilled: '1' })]],
  [['POST', '/queries', query('SELECT email FROM sales.customers', { createSession: true })]],
  [
    [
      'POST',
      '/queries',
      query('SELECT email FROM sales.customers', {
        destinationTable: { projectId: 'shop-project', datasetId: 'scratch', tableId: 'x' },
      }),
    ],
  ],
  [['POST', '/queries', { query: 'SELECT email FROM [sales.customers]' }]],
  [['POST', '/queries', { query: 'SELECT email FROM [sales.customers]', useLegacySql: true }]],
  [
    [
      'POST',
      '/queries',
      query('SELECT id FROM sales.customers WHERE email LIKE @p', {
        parameterMode: 'NAMED',
        queryParameters: [{ name: 'p', parameterType: { type: 'STRING' }, parameterValue: { value: 'a%' } }],
      }),
    ],
  ],
  [
    [
      'POST',
      '/queries',
      query('SELECT ?, email FROM sales.customers ORDER BY id', {
        parameterMode: 'POSITIONAL',
        queryParameters: [{ parameterType: { type: 'INT64' }, parameterValue: { value: '7' } }],
      }),
    ],
  ],
  [
    [
      'POST',
      '/queries',
      query('SELECT id FROM sales.customers WHERE email IN UNNEST(@p)', {
        parameterMode: 'NAMED',
        queryParameters: [
          {
            name: 'p',
            parameterType: { type: 'ARRAY', arrayType: { type: 'STRING' } },
            parameterValue: { arrayValues: [{ value: 'alice@canary.example' }] },
          },
        ],
      }),
    ],
  ],
  [
    [
      'POST',
      '/jobs',
      {
        configuration: {
          query: {
            ...query('SELECT email FROM x'),
            tableDefinitions: { x: { sourceUris: ['gs://mine/x'], sourceFormat: 'CSV' } },
          },
        },
      },
    ],
  ],
  [
    [
      'POST',
      '/jobs',
      {
        configuration: {
          query: {
            ...query('SELECT f(email) FROM sales.customers'),
            userDefinedFunctionResources: [{ inlineCode: 'x' }],
          },
        },
      },
    ],
  ],
  [
    [
      'POST',
      '/jobs',
      {
        configuration: {
          extract: {
            sourceTable: { projectId: 'shop-project', datasetId: 'sales', tableId: 'customers' },
            destinationUris: ['gs://mine/x'],
          },
        },
      },
    ],
  ],
  [
    [
      'POST',
      '/jobs',
      {
        configuration: {
          copy: {
            sourceTable: { projectId: 'shop-project', datasetId: 'sales', tableId: 'customers' },
            destinationTable: { projectId: 'shop-project', datasetId: 'scratch', tableId: 'y' },
          },
        },
      },
    ],
  ],
  [
    [
      'POST',
      '/jobs',
      {
        configuration: {
          load: {
            sourceUris: ['gs://mine/x'],
            destinationTable: { projectId: 'shop-project', datasetId: 'scratch', tableId: 'y' },
          },
        },
      },
    ],
  ],
  [['GET', '/datasets']],
  [['GET', '/datasets/sales']],
  [['GET', '/datasets/sales/tables']],
  [['GET', '/datasets/sales/tables/customers']],
  [['GET', '/datasets/sales/tables/customers?view=STORAGE_STATS']],
  [['GET', '/datasets/sales/tables/customers?selectedFields=email']],
  [['GET', '/datasets/sales/tables/everybody']],
  [['GET', '/datasets/sales/tables/by_country']],
  [['GET', '/datasets/sales/tables/customers/data']],
  [['GET', '/datasets/sales/tables/customers/data?selectedFields=email']],
  [['GET', '/datasets/sales/tables/customers/data?selectedFields=phones.number,address.street']],
  [['GET', '/datasets/sales/tables/customers/data?maxResults=1&startIndex=2']],
  [['GET', '/datasets/sales/tables/customers/data?formatOptions.useInt64Timestamp=true']],
  [['GET', '/datasets/sales/tables/orders/data?selectedFields=items.engraving']],
  [['GET', '/datasets/sales/tables/everybody/data']],
  [['GET', '/datasets/sales/tables/payroll/data']],
  [['GET', '/datasets/sales/tables/customers$20260101/data']],
  [['GET', '/datasets/sales/tables/customers%2Fdata']],
  [['GET', '/datasets/sales/routines']],
  [['GET', '/datasets/sales/routines/customers_of']],
  [['GET', '/jobs']],
  [['GET', '/jobs?projection=full&allUsers=true']],
  [['POST', '/datasets/sales/tables/customers/insertAll', { rows: [{ json: { id: 'x' } }] }]],
  [['PATCH', '/datasets/sales/tables/customers', { schema: { fields: [{ name: 'id', type: 'INTEGER' }] } }]],
  [['DELETE', '/datasets/sales/tables/leads']],
  [
    [
      'POST',
      '/datasets/scratch/tables',
      { tableReference: { tableId: 'v' }, view: { query: 'SELECT email FROM sales.customers', useLegacySql: false } },
    ],
  ],
  [['GET', '/datasets/sales/models']],
  [['GET', '/serviceAccount']],
];
