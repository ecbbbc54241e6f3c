import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { byteChannel } from '../../src/platform/byte-channel.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Both ends of a connection on the machine itself. */
async function connected(): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ours = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [theirs] = (await once(server, 'connection')) as [Socket];
  theirs.on('error', () => {});
  stops.push(
    () => server.close(),
    () => ours.destroy(),
    () => theirs.destroy(),
  );
  return { ours, theirs };
}

async function all(messages: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of messages) chunks.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { text: Buffer.concat(chunks).toString(), error };
}

test('what came before a connection broke is read, and then told that it broke', async () => {
  const { ours, theirs } = await connected();
  const channel = byteChannel(ours, Buffer.from('head, '), 'x');
  theirs.write('and tail');
  while (ours.bytesRead < 'and tail'.length) await pause(5);
  theirs.resetAndDestroy();
  await new Promise((resolve) => ours.once('close', resolve));

  const { text, error } = await all(channel.messages);

  expect(text).toBe('head, and tail');
  expect(error).toMatchObject({ code: 'ECONNRESET' });
});

test('a connection that is closed here ends without a word, however the other side takes it', async () => {
  const { ours, theirs } = await connected();
  const channel = byteChannel(ours, Buffer.alloc(0), 'x');
  channel.close();
  theirs.resetAndDestroy();

  expect(await all(channel.messages)).toEqual({ text: '', error: undefined });
});

test('no more is taken from a connection than somebody reads', async () => {
  const { ours, theirs } = await connected();
  byteChannel(ours, Buffer.alloc(0), 'x');
  theirs.write(Buffer.alloc(64 * 1024 * 1024));
  await pause(200);

  expect(ours.bytesRead).toBeLessThan(2 * 1024 * 1024);
});

test('all of a long message comes, in order, to who reads it slowly', async () => {
  const { ours, theirs } = await connected();
  const channel = byteChannel(ours, Buffer.alloc(0), 'x');
  const sent = Buffer.from(Array.from({ length: 200_000 }, (_, at) => `${at},`).join(''));
  theirs.end(sent);
  let seen = '';
  for await (const chunk of channel.messages) {
    seen += Buffer.from(chunk).toString();
    await new Promise(setImmediate);
  }

  expect(seen).toBe(sent.toString());
});

test('who stops to read ends the connection', async () => {
  const { ours, theirs } = await connected();
  const channel = byteChannel(ours, Buffer.alloc(0), 'x');
  theirs.write('one');
  for await (const _ of channel.messages) break;

  expect(ours.destroyed).toBe(true);
});
