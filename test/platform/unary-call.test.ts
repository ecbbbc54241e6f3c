import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createUnaryCalls } from '../../src/platform/unary-call.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test('a call brings the whole answer, whose pieces may come one by one', async () => {
  const { call, asked } = await aServer((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.write(Buffer.from([0, 0, 0, 0, 3, 7]));
    stream.end(Buffer.from([8, 9]));
  });

  const answer = await call({ headers: { 'x-for': 'us' } });

  expect([...answer]).toEqual([7, 8, 9]);
  expect(asked[0]).toMatchObject({ ':path': '/a.B/C', 'x-for': 'us', authorization: 'Bearer t', te: 'trailers' });
});

test.for([
  ['an answer that was cut off', 200, { 'grpc-status': '0' }, [0, 0, 0, 0, 3, 7], undefined],
  ['an answer that is compressed', 200, { 'grpc-status': '0' }, [1, 0, 0, 0, 1, 7], undefined],
  ['an answer without a status', 200, {}, [0, 0, 0, 0, 0], undefined],
  ['a status that is no number', 200, { 'grpc-status': 'fine' }, [0, 0, 0, 0, 0], undefined],
  ['another status than OK', 200, { 'grpc-status': '9' }, [], 9],
  ['a proxy that lets nobody through', 403, {}, [], 7],
  ['a proxy with a fault', 502, {}, [], undefined],
] as const)('%s is no answer', async ([, status, trailers, bytes, code]) => {
  const { call } = await aServer((stream) => {
    stream.respond({ ':status': status }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(Buffer.from(bytes));
  });

  const asked = call();

  await expect(asked).rejects.toMatchObject({ name: 'CallFailed', code });
});

test('after a call that was not answered in time, and after one whose connection broke, the next connects anew', async () => {
  const { call, sessions } = await aServer((stream, turn) => {
    if (turn === 2) stream.session?.destroy();
    if (turn === 3) stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
  });

  const ends = [
    await call({ deadline: 150 }).catch((error) => error.code),
    await call().catch((error) => error.code),
    await call().catch((error) => error.code),
  ];

  expect(ends).toEqual([4, undefined, 5]);
  expect(sessions.length).toBe(3);
});

test('many large calls at once all bring their answers', async () => {
  const { call, sessions } = await aServer((stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 1, 7]));
    });
  });
  const message = Buffer.alloc(512 * 1024);

  const answers = await Promise.all(Array.from({ length: 60 }, () => call({ message, deadline: 60_000 })));

  expect(new Set(answers.map(String))).toEqual(new Set(['\u0007']));
  expect(sessions.length).toBe(1);
}, 60_000);

test('who cannot say who calls sends nothing, and waits no longer than the deadline', async () => {
  const { address, asked } = await aServer(() => undefined);
  const lost = createUnaryCalls({ origin: address, credentials: () => Promise.reject(new Error('no token')) });
  const stuck = createUnaryCalls({ origin: address, credentials: () => new Promise(() => undefined) });

  const ends = await Promise.allSettled([lost.call(aCall({})), stuck.call(aCall({ deadline: 50 }))]);

  expect(ends).toMatchObject([{ reason: { cause: { message: 'no token' } } }, { reason: { code: 4 } }]);
  expect(asked).toEqual([]);
});

type Given = { deadline?: number; headers?: Record<string, string>; message?: Buffer };
const aCall = ({ deadline = 5000, headers = {}, message = Buffer.from('hello') }: Given) => ({
  ...{ path: '/a.B/C', message, headers, deadline },
});

async function aServer(answer: (stream: ServerHttp2Stream, turn: number) => void) {
  const asked: object[] = [];
  const sessions: ServerHttp2Session[] = [];
  const server: Http2Server = createServer({ maxSessionMemory: Number.MAX_SAFE_INTEGER });
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    answer(stream, asked.push(headers));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const calls = createUnaryCalls({ origin: address, credentials: async () => ({ authorization: 'Bearer t' }) });
  closers.push(
    () => server.close(),
    () => sessions.map((session) => session.destroy()),
    () => calls.close(),
  );
  return { address, asked, sessions, call: (given: Given = {}) => calls.call(aCall(given)) };
}
