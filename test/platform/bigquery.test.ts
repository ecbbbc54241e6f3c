import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createBigQuery } from '../../src/platform/bigquery.ts';

/** A BigQuery that answers each request alike, and what it was sent. */
async function answering(answer: object, status = 200) {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { bigquery: createBigQuery({ projectId: 'p', emulatorHost: `127.0.0.1:${port}` }), bodies };
}

const row = (insertId: string) => ({ insertId, json: { statement: "SELECT '{{projectId}}'", autoPaginate: true } });

test('a row arrives as it is, also where Google’s client would put something else in its place', async () => {
  const { bigquery, bodies } = await answering({});

  const failures = await bigquery.append('audit.events', [row('a')]);

  expect(failures).toEqual([]);
  expect(bodies).toMatchObject([{ rows: [row('a')] }]);
});

test('a row that is JSON already is sent as it is', async () => {
  const { bigquery, bodies } = await answering({});
  const { insertId, json } = row('a');

  await bigquery.append('audit.events', [{ insertId, json, text: '{"b":"ü\\n","a":[1,null]}' }, row('b')]);

  expect(bodies).toMatchObject([{ rows: [{ insertId, json: { b: 'ü\n', a: [1, null] } }, row('b')] }]);
});

test('rows that were not taken are told by their place and why', async () => {
  const { bigquery } = await answering({
    insertErrors: [
      { index: 1, errors: [{ reason: 'invalid', location: 'x' }] },
      { index: 0, errors: [{ reason: 'stopped' }] },
    ],
  });

  const failures = await bigquery.append('audit.events', [row('a'), row('b')]);

  expect(failures).toEqual([
    { index: 1, reason: 'invalid' },
    { index: 0, reason: 'stopped' },
  ]);
});

test('a request that failed is thrown, as any row may be there', async () => {
  const { bigquery, bodies } = await answering({ error: { code: 503, message: 'later' } }, 503);

  await expect(bigquery.append('audit.events', [row('a')])).rejects.toMatchObject({ code: 503 });
  expect(bodies).toHaveLength(1);
});
