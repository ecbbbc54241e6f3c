import { afterEach, expect, test } from 'vitest';
import { fillWarehouse, SSN_POLICY_TAG } from '../../demo/warehouse/warehouse.ts';
import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { api } from '../emulators/bigquery/client.ts';

const started: BigQueryEmulator[] = [];
afterEach(async () => {
  for (const emulator of started.splice(0)) await emulator.stop();
});

const PROJECT = 'sallyport-demo';

async function warehouse() {
  const emulator = await startBigQuery();
  started.push(emulator);
  await fillWarehouse(emulator.url, PROJECT);
  const json = async (method: string, path: string, body?: object) =>
    (await api(emulator.url, method, `/bigquery/v2/projects/${PROJECT}${path}`, body)).body;
  const rows = async (query: string) => (await json('POST', '/queries', { query, useLegacySql: false })).rows;
  return { json, rows };
}

test('the warehouse of the demo has the same rows each time', async () => {
  const [first, second] = [await warehouse(), await warehouse()];
  const all = ['customers', 'orders', 'payroll', 'events_20260101', 'events_20260102', 'customer_orders'].map(
    (table) =>
      `SELECT COUNT(*) AS n, TO_HEX(MD5(STRING_AGG(TO_JSON_STRING(t), '' ORDER BY TO_JSON_STRING(t)))) AS digest FROM sales.${table} AS t`,
  );

  for (const query of all) {
    const rows = await first.rows(query);
    expect(rows).toHaveLength(1);
    expect(await second.rows(query)).toEqual(rows);
  }
});

test('its customers carry a policy tag, its orders are partitioned by day', async () => {
  const { json } = await warehouse();

  const customers = await json('GET', '/datasets/sales/tables/customers');
  const orders = await json('GET', '/datasets/sales/tables/orders');

  expect(customers.schema.fields.filter((field: object) => 'policyTags' in field)).toMatchObject([
    { name: 'ssn', policyTags: { names: [SSN_POLICY_TAG] } },
  ]);
  expect(orders.timePartitioning).toMatchObject({ type: 'DAY', field: 'ordered' });
});
