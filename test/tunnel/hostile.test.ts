import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '../../src/model/problem.ts';
import { channels, frame, PROGRAM } from '../../src/model/program.ts';
import type { Duplex, Message } from '../../src/model/result.ts';
import { anIdentity } from '../fakes/gateway.ts';
import { dial, idOf, rawClient } from './raw.ts';
import { serveTunnels } from './served.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(options: Parameters<typeof serveTunnels>[0] = {}) {
  const served = await serveTunnels(options);
  closing.push(served.close);
  return served;
}

const MEBIBYTE = 1024 * 1024;

/** A program that says what it is told to, and never reads. */
function aProgram(pieces: () => AsyncIterable<Uint8Array>): Duplex {
  async function* said(): AsyncGenerator<Message> {
    for await (const piece of pieces()) yield { bytes: frame(channels.stdout, piece) };
  }
  return {
    form: 'duplex',
    protocol: PROGRAM,
    messages: said(),
    send: () => new Promise(() => undefined),
    summary: () => ({ truncated: false }),
  };
}

describe('a tunnel', () => {
  test('is not opened without a token that is accepted', async () => {
    const authenticate = async () => {
      throw new Problem('unauthenticated');
    };
    const { at, noted } = await serve({ authenticate });

    const { refusal } = await dial(at);

    expect(refusal).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(noted).toMatchObject([{ type: 'refused' }]);
  });

  test.each([
    ['another kind of target', { kind: 'kubernetes' }, {}, 404],
    ['no subprotocol', {}, { protocol: '' }, 400],
    ['another subprotocol', {}, { protocol: 'v5.channel.k8s.io' }, 400],
    ['a token in the address', {}, { path: '/v1/connections/crm/tunnel?token=abc' }, 400],
    ['more in the address', {}, { path: '/v1/connections/crm/tunnel?x=1' }, 400],
  ] as const)('to %s is refused before there is one, and the trail has it', async (_what, options, asked, status) => {
    const { at, noted, executed } = await serve(options);

    const { refusal } = await dial(at, asked);

    expect(refusal?.status).toBe(status);
    expect(noted).toMatchObject([{ type: 'refused' }]);
    expect(executed).toEqual([]);
  });

  test('takes a place of its caller while it is open, and gives it back', async () => {
    const { at, happened } = await serve();
    const { ready, client, closed } = await rawClient(at);
    await ready;
    expect(happened).toContain('stay');

    client.end();
    await closed;

    await expect.poll(() => happened).toContain('go');
  });

  test('does not look at a password: who calls is known, and nobody else is let in by one', async () => {
    const { at } = await serve();

    const { closed, ready } = await rawClient(at, { password: 'hunter2', authHandler: ['password'] });

    await expect(Promise.race([ready, closed.then(() => 'closed')])).rejects.toThrow('authentication methods failed');
  });

  test.each([
    ['says nothing', undefined],
    ['says what is no SSH', 'GET / HTTP/1.1\r\n\r\n'],
    ['begins, and goes no further', 'SSH-2.0-slow\r\n'],
  ])('whose client %s is cut off', async (_what, words) => {
    const { at } = await serve({ patience: { handshake: 300, sign: 15_000, idle: 60_000 } });
    const { socket, stream } = await dial(at);
    const closed = once(socket, 'close');
    stream.resume();

    if (words !== undefined) socket.send(Buffer.from(words));

    await closed;
  });

  test('in which nothing goes on is ended', async () => {
    const { at } = await serve({ patience: { handshake: 5000, sign: 15_000, idle: 300 } });
    const { ready, closed } = await rawClient(at);

    await ready;

    await closed;
  });

  test('whose client gives no sign of life is ended', async () => {
    const { at } = await serve({ patience: { handshake: 5000, sign: 100, idle: 60_000 } });
    const { ready, socket } = await rawClient(at);
    await ready;
    const closed = once(socket, 'close');

    socket.pause();
    setTimeout(() => socket.resume(), 1500);

    await closed;
  });

  test('ends with its token, and who works in it is told', { timeout: 15_000 }, async () => {
    const now = Date.parse('2026-01-01T00:00:00Z') / 1000;
    const authenticate = async () => ({ ...anIdentity, expiresAt: now + 1 });
    const { at, outcomes } = await serve({ authenticate });
    const { ready, closed, exec } = await rawClient(at);
    await ready;
    const { channel, exit } = await exec('sleep 600');
    let told = '';
    channel.stderr.on('data', (chunk) => (told += chunk));
    channel.resume();

    const status = await exit;
    await closed;

    expect(status).toBe(255);
    expect(told).toContain('The token of this tunnel has ended');
    expect(outcomes).toMatchObject([{ type: 'completed' }]);
  });

  test('presents its token anew for each command, so one that is not accepted any more runs nothing', async () => {
    let isGone = false;
    const authenticate = async () => {
      if (isGone) throw new Problem('unauthenticated');
      return anIdentity;
    };
    const { at, executed } = await serve({ authenticate });
    const { ready, exec } = await rawClient(at);
    await ready;

    isGone = true;
    const { exit } = await exec('echo hi');

    expect([await exit, executed]).toEqual([126, []]);
  });
});

describe('a client that does not keep to the rules', () => {
  test('has a bounded number of channels', async () => {
    const { at } = await serve();
    const { ready, exec } = await rawClient(at);
    await ready;

    const opened = await Promise.allSettled(Array.from({ length: 40 }, () => exec('sleep 60')));

    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(32);
  });

  test('and takes packets of no size is cut off, as sending to it would never end', async () => {
    const { at } = await serve();
    const { ready, exec, socket } = await rawClient(at, {
      misbehave(protocol) {
        const { session } = protocol;
        protocol.session = (channel, window) => session.call(protocol, channel, window, 0);
      },
    });
    await ready;
    const closed = once(socket, 'close');

    exec('echo hello').catch(() => undefined);

    await closed;
  });

  test('and sends more than its window, while nobody reads, is cut off', { timeout: 20_000 }, async () => {
    async function* silent(): AsyncGenerator<Uint8Array> {
      await new Promise(() => undefined);
    }
    const { at } = await serve({ execute: async () => aProgram(silent) });
    const { ready, exec, closed, protocolOf } = await rawClient(at);
    await ready;
    const { channel } = await exec('reads nothing');
    let isOver = false;
    void closed.then(() => {
      isOver = true;
    });

    const bytes = Buffer.alloc(32_000);
    for (let sent = 0; sent < 64 * MEBIBYTE && !isOver; sent += bytes.byteLength) {
      protocolOf().channelData(idOf(channel), bytes);
      if (sent % MEBIBYTE < bytes.byteLength) await new Promise((resolve) => setImmediate(resolve));
    }

    await closed;
  });

  test('and does not read has its program wait: no more than a few megabytes are on the way', {
    timeout: 20_000,
  }, async () => {
    let said = 0;
    async function* endless() {
      for (;;) {
        said += 64 * 1024;
        yield Buffer.alloc(64 * 1024);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const { at } = await serve({ execute: async () => aProgram(endless) });
    const { ready, exec, socket } = await rawClient(at, {
      misbehave(protocol) {
        const { session } = protocol;
        protocol.session = (channel, _window, packet) => session.call(protocol, channel, 2 ** 32 - 1, packet);
      },
    });
    await ready;
    await exec('yes');

    socket.pause();
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = said === before;
          before = said;
          return isStill;
        },
        { interval: 400, timeout: 15_000 },
      )
      .toBe(true);

    expect(said).toBeGreaterThan(MEBIBYTE / 8);
    expect(said).toBeLessThan(64 * MEBIBYTE);
  });
});
