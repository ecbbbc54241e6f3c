import { describe, expect, test } from 'vitest';
import { Problem } from '../../../../src/model/problem.ts';
import { CredentialRejected } from '../../../../src/model/secret.ts';
import { Refused } from '../../../../src/proxy/proxy.ts';
import { exited, read, session, success } from './fakes.ts';

const V4 = 'v4.channel.k8s.io';
const card = '4111 1111 1111 1111';
const bytesOf = (channel: number, text: string | Uint8Array) => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);

describe('what a program prints', () => {
  test('leaves masked, all of it before the status, and is kept as it left', async () => {
    const { duplex, upstream, tape } = await session();
    upstream.say(1, `card ${card.slice(0, 8)}`);
    upstream.say(1, `${card.slice(8)}\nrest`);
    upstream.say(2, 'mail jane@example.com');
    upstream.end(success);

    const { texts, last } = await read(duplex);

    expect(texts.join('\n')).not.toMatch(/4111|jane@/);
    expect(texts.at(-1)).toBe(`3 ${JSON.stringify(success)}`);
    expect(last?.last).toBe(true);
    expect(texts.slice(0, -1).map((text) => text.slice(0, 1))).toEqual(['1', '1', '2']);
    expect(
      texts
        .slice(0, 2)
        .map((text) => text.slice(2))
        .join(''),
    ).toBe('card [CREDIT_CARD_NUMBER]\nrest');
    expect(tape.filter((entry) => entry.startsWith('o')).join('')).toContain('[CREDIT_CARD_NUMBER]');
    expect(duplex.summary().findings).toEqual([
      { class: 'CREDIT_CARD_NUMBER', count: 1 },
      { class: 'EMAIL_ADDRESS', count: 1 },
    ]);
  });

  test.each([
    ['success', success, 0],
    ['an exit status', exited(3), 3],
    ['a signal', exited(137), 137],
  ])('ends with %s, which is told and kept', async (_, status, exit) => {
    const { duplex, upstream, tape } = await session();
    upstream.end(status);

    const { texts, last } = await read(duplex);

    expect(JSON.parse(texts.at(-1)?.slice(2) ?? '')).toMatchObject({ status: status.status });
    expect(last?.problem).toBeUndefined();
    expect(duplex.summary().exit).toBe(exit);
    expect(tape.at(-1)).toBe(`x ${exit}`);
  });

  test('a status holds nothing but what was read, and its texts are masked', async () => {
    const { duplex, upstream } = await session();
    const message = `exec: "jane@example.com": executable file not found`;
    upstream.end({ status: 'Failure', message, reason: 'InternalError', details: { secret: 'x' }, extra: 'y' });

    const { texts, last } = await read(duplex);

    expect(JSON.parse(texts.at(-1)?.slice(2) ?? '')).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'exec: "[EMAIL_ADDRESS]": executable file not found',
      reason: 'InternalError',
    });
    expect(last?.problem).toMatchObject({ code: 'target-rejected' });
  });

  test('a status in parts is one status', async () => {
    const { duplex, upstream } = await session();
    const text = JSON.stringify(exited(7));
    upstream.say(3, '');
    upstream.say(3, text.slice(0, 20));
    upstream.say(3, text.slice(20));

    const { texts } = await read(duplex);

    expect(texts).toHaveLength(1);
    expect(duplex.summary().exit).toBe(7);
  });

  test('a server that goes on for ever after the status is not listened to for ever', async () => {
    const { duplex, upstream } = await session();
    upstream.say(3, JSON.stringify(success));

    await read(duplex);

    expect(upstream.isClosed()).toBe(true);
  });

  test('output on channels that no client reads is dropped', async () => {
    const { duplex, upstream } = await session();
    for (const channel of [0, 4, 5, 200, 255]) upstream.say(channel, 'x');
    upstream.end(success);

    expect((await read(duplex)).texts).toHaveLength(1);
  });

  test('output beyond the limit is cut off, and the caller is told', async () => {
    const { duplex, upstream } = await session({}, { limits: { bytes: 10 } });
    upstream.say(1, 'one\n');
    upstream.say(1, 'more than ten\n');
    upstream.say(1, 'never\n');

    const { texts } = await read(duplex);

    expect(texts[0]).toBe('1 one\n');
    expect(texts).toHaveLength(2);
    expect(texts[1]).toContain('cut off');
    expect(duplex.summary().truncated).toBe(true);
  });
});

describe('input', () => {
  test('is passed on as it is, and kept', async () => {
    const { duplex, upstream, tape } = await session();
    await duplex.send(bytesOf(0, 'to jane@example.com\n'));
    upstream.end(success);
    await read(duplex);

    expect(upstream.heard.map(String)).toEqual(['\0to jane@example.com\n']);
    expect(tape.filter((entry) => entry.startsWith('i')).join('')).toContain('[EMAIL_ADDRESS]');
  });

  test('that was not asked for is dropped', async () => {
    const { duplex, upstream } = await session({ stdin: false });

    await duplex.send(bytesOf(0, 'x'));

    expect(upstream.heard).toEqual([]);
  });

  test('ends when the caller says so, and nothing follows', async () => {
    const { duplex, upstream } = await session();

    await duplex.send(Buffer.of(255, 0));
    await duplex.send(Buffer.of(255, 0));
    await duplex.send(bytesOf(0, 'late'));

    expect(upstream.heard).toEqual([Buffer.of(255, 0)]);
  });

  test('its end cannot be told to an older server, and the answer says so', async () => {
    const { duplex, upstream } = await session({}, {}, V4);

    await duplex.send(Buffer.of(255, 0));

    expect(upstream.heard).toEqual([]);
    expect(duplex.summary().warnings?.join()).toContain('cannot be told that the input has ended');
  });

  test('the size of a terminal is written anew, and kept', async () => {
    const { duplex, upstream, tape } = await session({ terminal: true });

    await duplex.send(bytesOf(4, '{"Width":80, "Height":24, "x":"y"}'));
    await duplex.send(bytesOf(4, '{"Width":77,"Height":0}'));
    await duplex.send(bytesOf(4, '{"Width":-1,"Height":24}'));
    await duplex.send(bytesOf(4, 'x'.repeat(1000)));

    expect(upstream.heard.map(String)).toEqual(['\u0004{"Width":80,"Height":24}', '\u0004{"Width":77,"Height":0}']);
    expect(tape).toContain('r 80x24');
  });

  test.each([1, 2, 3, 5, 77, 254])('on channel %i ends the session', async (channel) => {
    const { duplex, upstream } = await session();

    await duplex.send(bytesOf(channel, 'x'));
    const { texts, last } = await read(duplex);

    expect(upstream.heard).toEqual([]);
    expect(upstream.isClosed()).toBe(true);
    expect(last?.problem).toMatchObject({ code: 'bad-request' });
    expect(texts.at(-1)).toContain('sallyport:');
  });

  test.each([
    ['of the fourth version', V4, Buffer.of(255, 0)],
    ['of another channel', 'v5.channel.k8s.io', Buffer.of(255, 1)],
    ['of several', 'v5.channel.k8s.io', Buffer.of(255, 0, 1)],
  ])('a close %s ends the session', async (_, protocol, message) => {
    const { duplex, upstream } = await session({ protocols: [protocol] });

    await duplex.send(message);

    expect(upstream.isClosed()).toBe(true);
  });

  test('an empty message is nothing', async () => {
    const { duplex, upstream } = await session();

    await duplex.send(Buffer.of());
    await duplex.send(Buffer.of(0));

    expect(upstream.heard).toEqual([]);
    expect(upstream.isClosed()).toBe(false);
  });
});

describe('the end', () => {
  test('a connection that breaks is told as a failure, with all that was said before', async () => {
    const { duplex, upstream } = await session();
    upstream.say(1, 'half a line');
    upstream.breakOff();

    const { texts, last } = await read(duplex);

    expect(texts[0]).toBe('1 half a line');
    expect(JSON.parse(texts[1]?.slice(2) ?? '')).toMatchObject({ status: 'Failure' });
    expect(last?.problem).toMatchObject({ code: 'target-unavailable' });
  });

  test('how a connection breaks matters to nobody once it was told how the program ended', async () => {
    const { duplex, upstream } = await session();
    upstream.say(1, 'done\n');
    upstream.say(
      3,
      JSON.stringify({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '5' }] },
      }),
    );
    upstream.breakOff();

    const { last } = await read(duplex);

    expect(last?.problem).toBeUndefined();
    expect(duplex.summary()).toMatchObject({ exit: 5 });
  });

  test('a server that closes without a status is told as a failure', async () => {
    const { duplex, upstream } = await session();
    upstream.end();

    expect((await read(duplex)).last?.problem).toMatchObject({ code: 'target-unavailable', reason: 'broken-off' });
  });

  test('what is not allowed any more ends, and says so', async () => {
    const { duplex, upstream, ending } = await session();
    upstream.say(1, 'before\n');
    const messages = duplex.messages[Symbol.asyncIterator]();
    await messages.next();
    const waiting = messages.next();
    ending.abort(new Problem('denied', { detail: 'It is not allowed any more.' }));
    upstream.say(1, 'after\n');

    const { value } = await waiting;

    expect(Buffer.from(value?.bytes ?? []).toString()).toContain('It is not allowed any more.');
    expect(value).toMatchObject({ last: true, problem: { code: 'denied' } });
    expect(upstream.isClosed()).toBe(true);
  });

  test('nothing is sent on once it is not allowed any more', async () => {
    const { duplex, upstream, ending } = await session();
    ending.abort(new Problem('denied'));

    await duplex.send(bytesOf(0, 'x'));

    expect(upstream.heard).toEqual([]);
  });

  test('a caller that leaves closes the connection at the target', async () => {
    const { duplex, upstream } = await session();
    const messages = duplex.messages[Symbol.asyncIterator]();
    const waiting = messages.next();

    await messages.return?.();
    await waiting;

    expect(upstream.isClosed()).toBe(true);
  });
});

describe('the handshake', () => {
  test.each([
    [['v5.channel.k8s.io', V4], 'v5.channel.k8s.io'],
    [[V4], V4],
    [['channel.k8s.io', V4, 'base64.channel.k8s.io'], V4],
  ])('of %j, the newest is spoken, and both are offered to the server', async (protocols, expected) => {
    const { duplex, offered } = await session({ protocols, stdin: false });

    expect(duplex.protocol).toBe(expected);
    expect(offered).toEqual([['v5.channel.k8s.io', V4]]);
  });

  test('with input, only a server that can be told its end is spoken to by WebSocket', async () => {
    const { offered } = await session({ stdin: true });

    expect(offered).toEqual([['v5.channel.k8s.io']]);
  });

  test.each([[[]], [['channel.k8s.io']], [['base64.channel.k8s.io']], [['v3.channel.k8s.io']]])(
    'of %j, none is spoken',
    async (protocols) => {
      await expect(session({ protocols })).rejects.toMatchObject({ code: 'operation-unreadable' });
    },
  );

  test.each([['h2c'], ['tls/1.2'], ['']])('an upgrade to %j is refused', async (to) => {
    await expect(session({ to })).rejects.toMatchObject({ code: 'operation-unreadable' });
  });

  const refusal = (status: number, body = '') => ({
    webSocket: () => Promise.reject(new Refused({ status, headers: [], body: Buffer.from(body) })),
  });

  test('what the server says of a refusal is told by its code alone', async () => {
    const body = JSON.stringify({ kind: 'Status', message: 'pods "jane@example.com" not found', reason: 'NotFound' });

    const error = await session({}, refusal(404, body)).catch((thrown) => thrown);

    expect(error).toMatchObject({ code: 'target-rejected', detail: expect.stringContaining('404 (NotFound)') });
    expect(error.detail).not.toContain('jane');
  });

  test('a server that fails is not available', async () => {
    await expect(session({}, refusal(503))).rejects.toMatchObject({ code: 'target-unavailable' });
  });

  test('a credential that is not accepted is read anew', async () => {
    await expect(session({}, refusal(401))).rejects.toBeInstanceOf(CredentialRejected);
  });
});

describe('forwarded ports', () => {
  const tunnel = 'SPDY/3.1+portforward.k8s.io';
  const forward = { kind: 'portforward', protocols: [tunnel] } as const;

  test('pass bytes both ways as they are, counted and not kept', async () => {
    const { duplex, upstream, tape, offered } = await session(forward, {}, tunnel);
    await duplex.send(Buffer.from('jane@example.com'));
    upstream.say(0x80, 'john@example.com');
    upstream.end();

    const { texts } = await read(duplex);

    expect(duplex.protocol).toBe(tunnel);
    expect(offered).toEqual(['portforward.k8s.io']);
    expect(upstream.heard.map(String)).toEqual(['jane@example.com']);
    expect(texts).toEqual(['128 john@example.com']);
    expect(tape).toEqual([]);
  });

  test('are closed when they are not allowed any more', async () => {
    const { duplex, upstream, ending } = await session(forward, {}, tunnel);
    ending.abort(new Problem('denied'));

    await duplex.send(Buffer.from('x'));

    expect(upstream.heard).toEqual([]);
    await expect(read(duplex)).rejects.toMatchObject({ code: 'denied' });
  });

  test('stop at the limit, both ways together', async () => {
    const { duplex, upstream } = await session(forward, { limits: { bytes: 10 } }, tunnel);
    await duplex.send(Buffer.alloc(8));
    await duplex.send(Buffer.alloc(8));

    expect(upstream.heard).toHaveLength(1);
    expect((await read(duplex)).texts).toEqual([]);
    expect(duplex.summary().truncated).toBe(true);
  });

  test('of a client library are spoken of by WebSocket', async () => {
    const { duplex, offered } = await session({ kind: 'portforward', protocols: [V4] }, {}, V4);

    expect(duplex.protocol).toBe(V4);
    expect(offered).toEqual([[V4]]);
  });

  test('of an old kubectl are told in the handshake what was agreed on', async () => {
    const { duplex } = await session({ kind: 'portforward', to: 'spdy/3.1', protocols: ['portforward.k8s.io'] });

    expect(duplex.upgrade).toEqual({
      to: 'SPDY/3.1',
      headers: [['X-Stream-Protocol-Version', 'portforward.k8s.io']],
    });
  });

  test('are refused to who offers neither way', async () => {
    await expect(session({ kind: 'portforward', protocols: ['portforward.k8s.io'] })).rejects.toMatchObject({
      code: 'operation-unreadable',
    });
  });
});
