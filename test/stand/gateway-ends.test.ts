import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readStand, run, straight, trail } from '../flow/stand.ts';

/** I1, I3 and I4 on the whole product: the gateway is told to stop, and then killed hard while agents write; it is started again each time. */

const KILLS = 2;
const WRITERS = 8;
const first = 1_000_000;

type Said = 'done' | 'refused' | 'nothing';

async function write(id: number): Promise<Said> {
  const statement = "insert into public.tickets (id, user_id, subject, body) values ($1, 1, 'kill', 'test')";
  const answer = await run(statement, [id], { headers: { 'Sallyport-Session': 'killed' } }).catch(() => undefined);
  if (answer === undefined) return 'nothing';
  return answer.status === 200 ? 'done' : 'refused';
}

async function writeUntil(stop: AbortSignal, take: () => number, said: Map<number, Said>) {
  while (!stop.aborted) {
    const id = take();
    const answer = await write(id);
    said.set(id, answer);
    if (answer !== 'done') await pause(50);
  }
}

async function untilAnswers() {
  await expect.poll(async () => (await run('select 1').catch(() => undefined))?.status, { timeout: 60_000 }).toBe(200);
}

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

test('a gateway that is killed under load leaves no effect without an intent and no intent without an outcome', async () => {
  const said = new Map<number, Said>();
  const stop = new AbortController();
  let next = first;
  const writers = Array.from({ length: WRITERS }, () => writeUntil(stop.signal, () => next++, said));
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(1000 + Math.random() * 1000);
    process.kill(readStand().pids.gateway, 'SIGKILL');
    await pause(200);
    await untilAnswers();
  }
  stop.abort();
  await Promise.all(writers);

  const idOf = (row: Record<string, unknown>) => Number((JSON.parse(String(row['parameters'])) as number[])[0]);
  const written = (await straight('SELECT id FROM public.tickets WHERE id >= $1', [first])).map(({ id }) => Number(id));
  // What a dead instance left is swept some time after it: until then neither an intent nor its outcome is there.
  const events = await trail(
    "SELECT event_id, phase, type, parameters FROM `sallyport_evidence.events` WHERE session = 'killed' AND phase IN ('intent', 'outcome')",
    (rows) => {
      const intents = new Set(rows.filter(({ phase }) => phase === 'intent').map(idOf));
      return rows.length === 2 * intents.size && written.every((id) => intents.has(id));
    },
    150_000,
  );

  const intended = events.filter(({ phase }) => phase === 'intent').map(idOf);
  const outcomes = events.filter(({ phase }) => phase === 'outcome');
  const completed = new Set(outcomes.filter(({ type }) => type === 'completed').map(idOf));
  expect(new Set(intended).size).toBe(intended.length);
  expect(new Set(outcomes.map(idOf))).toEqual(new Set(intended));
  expect(written.filter((id) => !intended.includes(id))).toEqual([]);
  expect([...said].filter(([id, answer]) => answer === 'done' && !completed.has(id))).toEqual([]);
  expect([...said.values()]).toContain('done');
  expect([...said.values()]).toContain('nothing');
});
