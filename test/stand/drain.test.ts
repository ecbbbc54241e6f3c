import { expect, test } from 'vitest';
import { readStand, run, trail } from '../flow/stand.ts';

test('a gateway that is told to stop lets what runs end, and loses nothing of the trail', async () => {
  const sent = { headers: { 'Sallyport-Session': 'drained' } };
  const slow = run('select count(*) from generate_series(1, 6000000) as s(i) where i % 7 = 3', [], sent);
  const quick = Array.from({ length: 20 }, () => run('select 1', [], sent));
  await Promise.all(quick);

  process.kill(readStand().pids.gateway, 'SIGTERM');

  expect((await slow).status).toBe(200);
  const [row] = await trail(
    "SELECT COUNTIF(phase = 'intent') AS intents, COUNTIF(type = 'completed') AS completed FROM `sallyport_evidence.events` WHERE session = 'drained'",
    ([found]) => found?.['completed'] === 21,
  );
  expect(row).toEqual({ intents: 21, completed: 21 });
});
