import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refuseWithoutTables } from '../../release/tables.ts';
import audit from '../../terraform/audit.json' with { type: 'json' };

type Field = { name: string; fields?: Field[] };
type Table = { name: string; schema: { fields: Field[] } };

let tables: Table[] = [];
let status = 200;
const server = createServer(({ url = '' }, response) => {
  const table = tables.find(({ name }) => url === `/bigquery/v2/projects/acme/datasets/trail/tables/${name}`);
  response.writeHead(table === undefined ? 404 : status).end(JSON.stringify(table ?? {}));
});
let endpoint = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  tables = structuredClone(audit.tables);
  status = 200;
});

const look = () => refuseWithoutTables({ project: 'acme', dataset: 'trail', token: async () => 'ya29', endpoint });
const fieldsOf = (name: string) => tables.find((table) => table.name === name)?.schema.fields ?? [];

test('a release goes on where every table has the columns that it writes, and more', async () => {
  fieldsOf('events').push({ name: 'of_a_later_version' });

  await expect(look()).resolves.toBeUndefined();
});

test('a column that is not there yet stops a release, also one within another', async () => {
  fieldsOf('events').splice(0, 1);
  fieldsOf('events')
    .find(({ name }) => name === 'principal')
    ?.fields?.pop();

  await expect(look()).rejects.toThrow('The trail lacks events.event_id, events.principal.kind: terraform apply');
});

test('a table that is not there yet stops a release', async () => {
  tables = tables.filter(({ name }) => name !== 'recordings');

  await expect(look()).rejects.toThrow('The trail lacks recordings');
});

test('a release does not go on where BigQuery does not tell', async () => {
  status = 403;

  await expect(look()).rejects.toThrow('BigQuery answers 403');
});
