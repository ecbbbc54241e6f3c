import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentAt, type Closing, rawService, TOKEN } from './service.ts';

/** Values that stand nowhere else; each is classified by its place, recognised by its form, or the credential. */
const planted = {
  email: 'zoe.quill@example.org',
  card: '4111 1111 1111 1111',
  name: 'Zoë Quillfeather',
  pin: '7391846502',
  token: TOKEN,
};

const classification = {
  stream: { '**.name': 'PERSON_NAME', 'people[*].pin': 'CREDENTIAL', '**.secret': 'CREDENTIAL' },
};

const noise = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const around = (text: string) =>
  fc.tuple(fc.constantFrom('', 'see ', '"', '\n', 'ü '), fc.constantFrom('', '.', ' x')).map(([a, b]) => a + text + b);
const anywhere = fc.oneof(
  around(planted.email),
  around(planted.card),
  fc.constantFrom(`Bearer ${planted.token}`, planted.token),
);
const hidden = fc.record({
  name: fc.oneof(
    fc.constant(planted.name),
    fc.array(fc.constant(planted.name), { maxLength: 2 }),
    fc.record({ first: fc.constant(planted.name) }),
  ),
  secret: fc.oneof(fc.constant(Number(planted.pin)), fc.constant(planted.pin)),
});
const { node } = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    noise,
    anywhere,
    hidden,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('id', 'note', 'a.b', 'name', 'x"y', 'ключ', planted.email), tie('node'), {
      maxKeys: 4,
    }),
  ),
}));
const people = fc.record({
  people: fc.array(fc.record({ pin: fc.constantFrom(planted.pin, Number(planted.pin)), note: anywhere })),
  rest: node,
});

/** JSON in one of the ways to write it: on one line, or on many. */
const written = (value: unknown, style: number) => JSON.stringify(value, undefined, style * 2);
const framed = {
  'application/json': (value: unknown, style: number) => written(value, style),
  'application/x-ndjson': (value: unknown) => `${JSON.stringify(value)}\n${JSON.stringify({ name: planted.name })}\n`,
  'text/event-stream': (value: unknown, style: number) =>
    `event: ${planted.email}\n${written(value, style)
      .split('\n')
      .map((line) => `data: ${line}`)
      .join('\n')}\n\n: ${planted.token}\n\n`,
};

const closing: Closing = [];
let reply: (write: (bytes: Buffer) => void) => Promise<void>;
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  const { origin } = await rawService(closing, (socket) => {
    socket.setNoDelay(true);
    void reply((bytes) => socket.write(bytes)).then(() => socket.end());
  });
  const operations = [{ name: 'stream', method: 'GET', path: '/stream', response: { stream: true } }];
  agent = agentAt(origin, closing, { settings: { operations }, classification });
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test('what was planted never leaves, in whatever document, frame and pieces it comes', async () => {
  await fc.assert(
    fc.asyncProperty(
      people,
      fc.constantFrom(...(Object.keys(framed) as (keyof typeof framed)[])),
      fc.nat(1),
      fc.array(fc.nat(5000), { maxLength: 12 }),
      async (value, type, style, cuts) => {
        const sent = Buffer.from(framed[type](value, style));
        const places = [...new Set([0, ...cuts.map((cut) => cut % (sent.length + 1)), sent.length])].sort(
          (a, b) => a - b,
        );
        reply = async (write) => {
          write(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nConnection: close\r\n\r\n`));
          for (const [index, place] of places.slice(1).entries()) {
            write(sent.subarray(places[index], place));
            await new Promise((resolve) => setImmediate(resolve));
          }
        };

        const { text } = await agent.ask({ path: '/stream' });

        for (const secret of Object.values(planted)) {
          expect(text).not.toContain(secret);
          expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
        if (type === 'application/json') expect(Object.keys(JSON.parse(text))).toEqual(['people', 'rest']);
      },
    ),
    { numRuns: 60 },
  );
});
