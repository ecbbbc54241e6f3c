import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../emulators/postgres/postgres.ts';
import { createGateway } from '../../src/gateway.ts';
import { sealFound } from '../../src/masking/masking.ts';
import { asProblem } from '../../src/model/problem.ts';
import { createSeal, createTokenKey } from '../../src/model/seal.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { aTrail } from '../audit/trail.ts';
import { rowsAnswerOf } from '../fakes/answers.ts';
import { aCall, fakeGateway } from '../fakes/gateway.ts';
import { agentAt } from '../targets/postgres/agent.ts';
import { bound, places, statements, wrappers } from './planted.ts';

/** A value that an agent wrote into a statement is nowhere in what is kept of it: no event, no recording, no log, in no shape. */

const setUp = `
  CREATE TABLE users (id int PRIMARY KEY, full_name text, email text, ssn text, age int);
  CREATE TABLE notes (id int, status text);
  CREATE TABLE accounts (id int, password_hash text, api_key text);
  INSERT INTO notes VALUES (1, 'open'), (2, 'closed');
  INSERT INTO users VALUES (1, 'Ada', 'ada@secret.example', '123', 44);
`;
const classification = {
  'public.users': { full_name: 'PERSON_NAME', email: 'EMAIL_ADDRESS', ssn: 'US_SOCIAL_SECURITY_NUMBER', age: 'AGE' },
};
const seal = createSeal('the key of these tests');

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres({ database: 'a', initSql: setUp });
}, 120_000);
afterAll(() => server.stop());

/** The whole flow over a real PostgreSQL, with a trail and a log that can be read. */
async function aGateway() {
  const log: string[] = [];
  const destination = new PassThrough();
  destination.on('data', (data) => log.push(String(data)));
  const logger = createLogger({ level: 'debug', project: 'p', role: 'gateway', destination });
  const { port, user, password } = server;
  const agent = agentAt({ port, user, password, database: 'a' }, { classification });
  const trail = aTrail({ log: logger, seal, conceal: (text) => sealFound(text, seal) });
  const { steps } = fakeGateway();
  const gateway = createGateway({
    ...steps,
    seal,
    audit: trail.audit,
    targets: { of: async () => agent.target, close: async () => {} },
    connections: { ...steps.connections, resolve: () => agent.connection },
    credentials: { use: (_connection, work) => work(agent.access().secret) },
    report: ({ operationId, problem }) => logger.info({ operation: operationId, error: problem }, 'A call.'),
    ids: (
      (count) => (prefix) =>
        `${prefix}_${++count}`
    )(0),
  });
  await trail.audit.open();
  const send = async (request: Record<string, unknown>, more: Partial<Parameters<typeof aCall>[0]> = {}) => {
    try {
      const reply = await gateway.handle(aCall({ request, ...more }));
      if (reply.state === 'done') for await (const _ of rowsAnswerOf(reply).batches);
      return reply.state;
    } catch (thrown) {
      return asProblem(thrown).code;
    }
  };
  return {
    send,
    async end() {
      await trail.audit.close();
      await agent.target.close();
      const kept = { events: trail.table.rows, recordings: trail.table.recordings, commits: trail.store.commits, log };
      return Object.fromEntries(Object.entries(kept).map(([place, value]) => [place, JSON.stringify(value)]));
    },
  };
}

type Planted = { word: string; number: string };
const plant = (): Planted => ({
  word: `Zq${randomBytes(6).toString('hex')}k`,
  number: String(1_100_000_000 + (randomBytes(4).readUInt32BE() % 900_000_000)),
});

const fill = (text: string, { word, number }: Planted) =>
  text
    .replaceAll('{S}', word)
    .replaceAll('{N}', number)
    .replaceAll('{H}', Buffer.from(word).toString('hex'))
    .replaceAll('{X}', Number(number).toString(16));

/** All the shapes in which somebody could find a planted value again. */
function shapesOf({ word, number }: Planted): string[] {
  const bytes = Buffer.from(word);
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const reversed = [...word].reverse().join('');
  return [
    word,
    reversed,
    bytes.toString('hex'),
    encodeURIComponent(word),
    number,
    [...number].reverse().join(''),
    ...shifted,
  ].flatMap((shape) => [shape, shape.toLowerCase(), shape.toUpperCase()]);
}

test('no value of a statement is kept in any shape', { timeout: 120_000 }, async () => {
  const gateway = await aGateway();
  const planted: { statement: string; shapes: string[] }[] = [];
  const states = new Map<string, number>();

  for (const [template, value] of [...statements.map((one) => [one, undefined] as const), ...bound]) {
    const secret = plant();
    const statement = fill(template, secret);
    const parameters = value === undefined ? [] : [fill(value, secret)];
    const state = await gateway.send({ statement, parameters });
    states.set(state, (states.get(state) ?? 0) + 1);
    planted.push({ statement: value === undefined ? template : `${template} with ${value}`, shapes: shapesOf(secret) });
  }
  const kept = await gateway.end();

  const found = planted.flatMap(({ statement, shapes }) =>
    Object.entries(kept).flatMap(([place, text]) =>
      shapes.filter((shape) => text.includes(shape)).map((shape) => `${place} of ${statement}: ${shape}`),
    ),
  );
  expect(found).toEqual([]);
  expect(states.get('done') ?? 0).toBeGreaterThan(40);
});

test('no value is kept, however deep it is hidden in an expression', { timeout: 120_000 }, async () => {
  const { port, user, password } = server;
  const agent = agentAt({ port, user, password, database: 'a' }, { classification });
  const facts = await agent.target.inspect(agent.access());
  const context = { connection: agent.connection, unmask: [], seal, tokenKey: createTokenKey('a key') };
  const from = (list: readonly string[]) => fc.constantFrom(...list);
  const leaves = wrappers.filter((wrapper) => !wrapper.includes('{E}'));
  const expression = fc
    .tuple(from(leaves), fc.array(from(wrappers.filter((wrapper) => !leaves.includes(wrapper))), { maxLength: 4 }))
    .map(([leaf, around]) => around.reduce((inner, wrapper) => wrapper.replaceAll('{E}', () => inner), leaf));

  await fc.assert(
    fc.asyncProperty(from(places), expression, async (place, inner) => {
      const secret = plant();
      const statement = fill(
        place.replaceAll('{E}', () => inner),
        secret,
      );

      const { recorded } = await agent.target.understand({ statement, parameters: [] }, facts, context);

      const shapes = shapesOf(secret).filter((shape) => JSON.stringify(recorded).includes(shape));
      expect(shapes, statement).toEqual([]);
    }),
    { numRuns: 300 },
  );
  await agent.target.close();
});
