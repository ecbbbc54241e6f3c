import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Kubernetes, startKubernetes } from '../../../emulators/kubernetes/kubernetes.ts';
import { clientOf } from './client.ts';

let kubernetes: Kubernetes;

beforeAll(async () => {
  const env = [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }];
  kubernetes = await startKubernetes({
    objects: [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, stringData: { password: 'hunter2' } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: 'i', env }] },
      },
    ],
  });
});
afterAll(() => kubernetes.stop());

const PODS = '/api/v1/namespaces/default/pods';

function open(path: string, protocol = 'v5.channel.k8s.io'): WebSocket {
  const url = `${kubernetes.url.replace('https', 'wss')}${PODS}/${path}`;
  return new WebSocket(url, [protocol], {
    ca: kubernetes.ca,
    headers: { Authorization: `Bearer ${kubernetes.token}` },
  });
}

/** What was said, by channel, until the other side closed. */
async function run(words: string[], { input, query = '' }: { input?: string; query?: string } = {}) {
  const command = words.map((word) => `command=${encodeURIComponent(word)}`).join('&');
  const socket = open(`p/exec?${command}&stdout=1&stderr=1&stdin=${input === undefined ? 0 : 1}${query}`);
  const said = new Map<number, string>();
  socket.on('message', (message: Buffer) => {
    const [channel = 0] = message;
    said.set(channel, (said.get(channel) ?? '') + message.subarray(1).toString());
  });
  await once(socket, 'open');
  if (input !== undefined) {
    socket.send(Buffer.from(`\0${input}`));
    socket.send(Buffer.from([255, 0]));
  }
  await once(socket, 'close');
  return { out: said.get(1) ?? '', err: said.get(2) ?? '', status: JSON.parse(said.get(3) ?? '{}') };
}

describe('exec', () => {
  test('runs a real program, with what the container was told', async () => {
    const { out, status } = await run(['sh', '-c', 'echo $DB_PASSWORD $HOSTNAME']);

    expect([out, status.status]).toEqual(['hunter2 p\n', 'Success']);
  });

  test('tells its exit status, and errors apart from the rest', async () => {
    const { err, status } = await run(['sh', '-c', 'echo no >&2; exit 3']);

    expect(err).toBe('no\n');
    expect(status).toMatchObject({
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('hands over its input, and the end of it', async () => {
    expect((await run(['cat'], { input: 'hello' })).out).toBe('hello');
  });

  test('a program that is not there is told', async () => {
    expect((await run(['no-such-program'])).status).toMatchObject({ status: 'Failure', reason: 'InternalError' });
  });

  test('what runs ends when the caller leaves', async () => {
    const socket = open('p/exec?command=sh&command=-c&command=echo+%24%24%3B+sleep+600&stdout=1');
    const [, message] = [await once(socket, 'message'), await once(socket, 'message')];
    const pid = Number(String(message[0].subarray(1)));

    socket.terminate();

    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test.each([
    ['gone/exec?command=ls', 'v5.channel.k8s.io', 404],
    ['p/exec', 'v5.channel.k8s.io', 400],
    ['p/exec?command=ls', 'v1.unknown', 400],
    ['p/log', 'v5.channel.k8s.io', 404],
  ])('%s by %s is refused before the handshake', async (path, protocol, expected) => {
    const socket = open(path, protocol);
    socket.on('error', () => {});

    const [, answer] = await once(socket, 'unexpected-response');

    expect(answer.statusCode).toBe(expected);
    answer.resume();
  });
});

test('a port of a Pod is reached, both ways', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as { port: number };
  const socket = open(`p/portforward?ports=${port}`, 'v4.channel.k8s.io');
  const messages: Buffer[] = [];
  socket.on('message', (message: Buffer) => messages.push(message));
  await once(socket, 'open');

  socket.send(Buffer.from('\0ping'));

  await expect.poll(() => messages.map((one) => one.toString('latin1'))).toContain('\0ping');
  expect(messages[0]?.readUInt16LE(1)).toBe(port);
  socket.close();
  await once(socket, 'close');
  echo.close();
});

test('what a Pod says is followed until the caller leaves', async () => {
  const client = clientOf(kubernetes);
  const once = await client.call(`${PODS}/p/log?tailLines=1`);
  const followed = await client.open(`${PODS}/p/log?follow=true`);

  const pieces = [];
  for await (const piece of followed) {
    pieces.push(String(piece));
    if (pieces.join('').includes('alive')) break;
  }

  expect(once.body).toBe('ready\n');
  expect(pieces.join('')).toContain('ready\nalive');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
