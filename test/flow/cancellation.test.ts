import { expect, test } from 'vitest';
import { run, straight, trail } from './stand.ts';

const slow = 'select count(*) from generate_series(1, 2000000000) as s(i) where i % 7 = 3';

async function running(): Promise<number> {
  const [row] = await straight(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND usename = 'crm_gateway' AND query LIKE '%2000000000%'",
  );
  return Number(row?.['n']);
}

test('a caller that leaves is cancelled at the server, and the trail says so', async () => {
  const leaving = new AbortController();
  const answer = run(slow, [], { signal: leaving.signal, headers: { 'Sallyport-Session': 'leaver' } }).catch(
    () => 'left',
  );
  await expect.poll(running, { timeout: 10_000 }).toBe(1);

  leaving.abort();

  expect(await answer).toBe('left');
  await expect.poll(running, { timeout: 10_000 }).toBe(0);
  const [row] = await trail(
    "SELECT type, result.error_code AS code FROM `sallyport_evidence.events` WHERE session = 'leaver' AND phase = 'outcome'",
    (rows) => rows.length === 1,
  );
  expect(row).toMatchObject({ type: 'failed' });
});

test('an operation that takes longer than it may is ended at the server', async () => {
  const answer = await run(slow, [], { limits: { seconds: 1 } });

  expect(answer).toMatchObject({ status: 504, body: { code: 'target-timeout' } });
  expect(await running()).toBe(0);
});
