import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BigQuery } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { describe, expect, test } from 'vitest';
import { decide, request, stand } from './stand.ts';

const endpoint = `${stand.gateway}/bigquery/warehouse`;

/** Google's own client, as an agent would use it. */
function clientOf(token = stand.tokens.bot) {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token });
  return new BigQuery({ projectId: stand.project, apiEndpoint: endpoint, authClient });
}
const direct = () => {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: 'anybody' });
  return new BigQuery({ projectId: stand.project, apiEndpoint: stand.bigquery, authClient });
};

const approvalIn = (text: string) => /apr_\w+/.exec(text)?.[0] ?? '';

describe('Google’s client for Node', () => {
  test.each([
    ['a query', 'SELECT id, status, total, ordered FROM sales.orders ORDER BY id LIMIT 5'],
    [
      'nested values',
      'SELECT id, STRUCT(1 AS a, [2, 3] AS b) AS s, items[OFFSET(0)].sku FROM sales.orders ORDER BY id LIMIT 3',
    ],
    ['aggregates', 'SELECT status, COUNT(*) AS n FROM sales.orders GROUP BY status ORDER BY status'],
  ])('gets of %s the same rows as straight from BigQuery, where nothing is masked', async (_what, query) => {
    const [through] = await clientOf().query(query);
    const [straight] = await direct().query(query);

    expect(through).toEqual(straight);
    expect(through.length).toBeGreaterThan(0);
  });

  test('sees masked values, as rows, as a stream, by pages and as the rows of a table', async () => {
    const client = clientOf();
    const query = 'SELECT id, email, ssn FROM sales.customers ORDER BY id';

    const [job] = await client.createQueryJob({ query });
    const [page, next] = await job.getQueryResults({ maxResults: 3, autoPaginate: false });
    const [second] = await job.getQueryResults({ ...next, autoPaginate: false });
    const streamed: unknown[] = [];
    for await (const row of client.createQueryStream(query)) streamed.push(row);
    const [rows] = await client.dataset('sales').table('customers').getRows({ maxResults: 2, autoPaginate: false });

    const masked = { email: '[EMAIL_ADDRESS]', ssn: '[US_SOCIAL_SECURITY_NUMBER]' };
    expect(page).toEqual([1, 2, 3].map((id) => ({ id, ...masked })));
    expect(second[0]).toEqual({ id: 4, ...masked });
    expect(streamed).toHaveLength(200);
    expect(rows[0]).toMatchObject({ id: 1, ...masked });
  });

  test('sends parameters of its own types', async () => {
    const client = clientOf();

    const [rows] = await client.query({
      query: 'SELECT @n + 1 AS n, @t AS t, @yes AS yes, 2 IN UNNEST(@list) AS has, @s.a AS a, @day AS day',
      params: { n: 41, t: "it's", yes: true, list: [1, 2], s: { a: 'x' }, day: client.date('2026-01-31') },
    });

    expect(rows).toEqual([{ n: 42, t: "it's", yes: true, has: true, a: 'x', day: { value: '2026-01-31' } }]);
  });

  test('learns of tables what policy lets be touched', async () => {
    const client = clientOf();

    const [tables] = await client.dataset('sales').getTables();
    const [metadata] = await client.dataset('sales').table('customers').getMetadata();
    const payroll = client.dataset('sales').table('payroll').getMetadata();

    expect(tables.map(({ id }) => id)).toContain('orders');
    expect(tables.map(({ id }) => id)).not.toContain('payroll');
    expect(metadata.schema.fields.map(({ name }: { name: string }) => name)).toContain('email');
    await expect(payroll).rejects.toMatchObject({ code: 404 });
  });

  test('is told by a dry run what a statement would read', async () => {
    const [job] = await clientOf().createQueryJob({ query: 'SELECT email FROM sales.customers', dryRun: true });

    expect(Number(job.metadata.statistics.totalBytesProcessed)).toBeGreaterThanOrEqual(10_000_000);
  });

  test('waits for no human by itself, and the same command runs once the human has approved it', async () => {
    const query = "UPDATE sales.orders SET status = 'shipped' WHERE id = 12";
    const asked = await clientOf()
      .createQueryJob({ query })
      .then(
        () => ({ code: 0, message: '' }),
        (error: { code: number; message: string }) => error,
      );
    await decide(approvalIn(asked.message), 'approve');

    const [job] = await clientOf().createQueryJob({ query });

    expect(asked.code).toBe(403);
    expect(job.metadata.statistics.query.numDmlAffectedRows).toBe('1');
  });
});

test('the trail knows the job, and the job the operation', async () => {
  const { body } = await request(
    'POST',
    `${stand.gateway}/v1/connections/warehouse/operations`,
    {},
    { statement: 'SELECT COUNT(*) AS n FROM sales.orders' },
  );

  const [jobs] = await direct().getJobs({ projection: 'full' });

  expect(body['state']).toBe('done');
  const labels = jobs.map(({ metadata }) => metadata.configuration.labels?.sallyport_operation);
  expect(labels).toContain(body['operation']);
});

const hasBq = (() => {
  try {
    execFileSync('sh', ['-c', 'command -v bq']);
    return true;
  } catch {
    return false;
  }
})();
if (!hasBq) console.warn('SKIPPED: `bq` is not installed, so the gateway was not tried with it.');

test.skipIf(!hasBq)('bq itself works unchanged', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bq-'));
  await writeFile(join(folder, 'token'), stand.tokens.bot);
  const env = {
    ...process.env,
    CLOUDSDK_CONFIG: folder,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
  };
  const bq = (...args: string[]) =>
    promisify(execFile)('bq', ['--api', endpoint, '--project_id', stand.project, '--format=json', ...args], { env });

  const query = (text: string) => bq('query', '--use_legacy_sql=false', text);
  const rows = await query('SELECT id, email FROM sales.customers ORDER BY id LIMIT 1');
  const waiting = await query("UPDATE sales.orders SET status = 'paid' WHERE id = 21").catch(
    (error: { stdout: string }) => error,
  );
  await rm(folder, { recursive: true });

  expect(JSON.parse(rows.stdout)).toEqual([{ id: '1', email: '[EMAIL_ADDRESS]' }]);
  expect(waiting.stdout.replaceAll(/\s+/g, ' ')).toContain('A human must decide first');
});
