import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { acceptWebSocket, type WebSocketChannel } from '../../src/platform/web-socket.ts';

const server = createServer();
let port = 0;
let accepted: Promise<WebSocketChannel>;
const sockets: Socket[] = [];

beforeEach(async () => {
  accepted = new Promise((resolve) => {
    server.once('upgrade', (request, socket, head) => {
      resolve(acceptWebSocket({ request, socket, head }, ''));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  (await accepted).close();
  await new Promise((resolve) => server.close(resolve));
});

/** A client that says what it likes, and reads only when it is told to. */
async function rawClient(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  const key = Buffer.alloc(16, 1).toString('base64');
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}

/** A frame of a client with a mask of zeros (RFC 6455, 5.2). */
function frame(opcode: number, payload: Uint8Array, { final = true } = {}): Buffer {
  const size = payload.byteLength;
  const head = Buffer.alloc(size < 126 ? 6 : 8);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (size < 126 ? size : 126);
  if (size >= 126) head.writeUInt16BE(size, 2);
  return Buffer.concat([head, payload]);
}

async function all({ messages }: WebSocketChannel): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of messages) texts.push(Buffer.from(message).toString());
  return texts;
}

describe('what a caller may do to a connection', () => {
  test('a message in fragments is one message, and a text is its UTF-8', async () => {
    const client = await rawClient();
    client.write(frame(2, Buffer.from('one '), { final: false }));
    client.write(frame(9, Buffer.from('ping')));
    client.write(frame(0, Buffer.from('message')));
    client.write(frame(1, Buffer.from('é')));
    client.end(frame(8, Buffer.from([3, 232])));

    expect(await all(await accepted)).toEqual(['one message', 'é']);
  });

  test.each([
    ['a fragment of nothing', frame(0, Buffer.from('x'))],
    ['a frame that is not masked', Buffer.from([0x82, 1, 65])],
    ['an unknown frame', frame(3, Buffer.from('x'))],
    ['a text that is no UTF-8', frame(1, Buffer.from([0xff, 0xfe]))],
    ['a ping that is too long', frame(9, Buffer.alloc(200))],
    ['a close code that may not be sent', frame(8, Buffer.from([3, 237]))],
    ['a message that is too large', Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])('%s breaks the connection, and nothing else', async (_, bytes) => {
    const client = await rawClient();
    client.write(bytes);

    await expect(all(await accepted)).rejects.toThrow();
  });

  test('pings whose answers are not read end the connection', async () => {
    const client = await rawClient();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(9, Buffer.alloc(125))));
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    const flood = () => {
      while (!client.destroyed && client.write(pings));
    };
    client.on('drain', flood);
    flood();

    await closed;

    expect(client.destroyed).toBe(true);
  });

  test('a caller that sends more than is read must wait', async () => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => client.once('open', resolve));
    const channel = await accepted;
    for (let count = 0; count < 64; count += 1) client.send(Buffer.alloc(1024 * 1024));

    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.bufferedAmount).toBeGreaterThan(32 * 1024 * 1024);

    client.close();
    let size = 0;
    for await (const message of channel.messages) size += message.byteLength;
    expect(size).toBe(64 * 1024 * 1024);
  });
});
