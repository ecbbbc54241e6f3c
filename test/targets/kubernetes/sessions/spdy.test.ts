import { createHash } from 'node:crypto';
import { constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Problem } from '../../../../src/model/problem.ts';
import { writeSize } from '../../../../src/model/program.ts';
import type { Duplex } from '../../../../src/model/result.ts';
import { askOverSpdy } from '../../../../src/targets/kubernetes/sessions/spdy/asked.ts';
import { dictionary } from '../../../../src/targets/kubernetes/sessions/spdy/dictionary.ts';
import {
  createFrameReader,
  dataFrame,
  type Frame,
  openFrame,
  pingFrame,
  replyFrame,
} from '../../../../src/targets/kubernetes/sessions/spdy/frames.ts';
import { createHeaderReader, createHeaderWriter } from '../../../../src/targets/kubernetes/sessions/spdy/headers.ts';
import { exited, fakeUpstream, session, success } from './fakes.ts';

const V4 = 'v4.channel.k8s.io';

test('the dictionary is that of SPDY/3', () => {
  expect(dictionary).toHaveLength(1423);
  expect(createHash('sha256').update(dictionary).digest('hex')).toBe(
    '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02',
  );
});

describe('headers', () => {
  const pairs = fc.array(fc.tuple(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ maxLength: 30 })), { maxLength: 5 });

  test('are read as they were written, block after block', () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 6 }), (blocks) => {
        const [write, read] = [createHeaderWriter(), createHeaderReader()];
        for (const block of blocks) expect([...read(write(block))]).toEqual([...new Map(block)]);
      }),
    );
  });

  test('are read as others pack them, with the dictionary', () => {
    const plain = Buffer.from([
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      10,
      ...Buffer.from('streamtype'),
      0,
      0,
      0,
      5,
      ...Buffer.from('stdin'),
    ]);
    const packed = deflateSync(plain, { dictionary, finishFlush: constants.Z_SYNC_FLUSH });

    expect([...createHeaderReader()(packed)]).toEqual([['streamtype', 'stdin']]);
  });

  test.each([
    ['no zlib at all', Buffer.from('streamtype')],
    [
      'too much when unpacked',
      deflateSync(Buffer.alloc(10_000_000), { dictionary, finishFlush: constants.Z_SYNC_FLUSH }),
    ],
    ['too much', Buffer.alloc(100_000)],
    ['a length beyond its end', deflateSync(Buffer.from([0, 0, 0, 1, 255, 255, 255, 255]), { dictionary })],
    ['a count beyond its end', deflateSync(Buffer.from([255, 255, 255, 255]), { dictionary })],
  ])('%s are refused', (_, block) => {
    expect(() => createHeaderReader()(block)).toThrow(Problem);
  });
});

describe('frames', () => {
  test('are the same wherever the network cuts them', () => {
    const whole = Buffer.concat([
      openFrame(1, Buffer.from('headers')),
      dataFrame(1, Buffer.from('payload'), { isLast: true }),
      pingFrame(7),
      replyFrame(1, Buffer.alloc(0)),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
        const read = createFrameReader();
        const places = [0, ...cuts.toSorted((one, other) => one - other), whole.length];
        const frames = places.flatMap((place, at) => [...read(whole.subarray(places[at - 1] ?? 0, place))]);

        expect(frames.map(({ type }) => type)).toEqual(['open', 'data', 'ping', 'reply']);
        expect(frames[1]).toMatchObject({ stream: 1, isLast: true, payload: Buffer.from('payload') });
      }),
    );
  });

  test.each([
    ['another version', Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])],
    ['more than a megabyte', Buffer.from([0, 0, 0, 1, 0, 0x20, 0, 0])],
    ['a frame that is too short for what it says', Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 0])],
  ])('of %s are refused', (_, bytes) => {
    expect(() => [...createFrameReader()(bytes)]).toThrow(Problem);
  });

  test('whatever comes is read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const frame of createFrameReader()(bytes)) expect(frame.type).toBeTypeOf('string');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Problem);
        }
      }),
    );
  });
});

/** What an old kubectl does: a stream for each kind. */
function kubectl(kinds: readonly string[]) {
  const write = createHeaderWriter();
  return kinds.map((kind, at) => openFrame(2 * at + 1, write([['streamtype', kind]])));
}

async function framesOf({ messages }: Duplex): Promise<Frame[]> {
  const read = createFrameReader();
  const frames: Frame[] = [];
  for await (const { bytes } of messages) frames.push(...[...read(bytes)]);
  return frames;
}

const textsOf = (frames: readonly Frame[]) =>
  frames.flatMap((frame) =>
    frame.type === 'data' ? [`${frame.stream}${frame.isLast ? '!' : ''} ${Buffer.from(frame.payload)}`] : [],
  );

describe('a caller that speaks SPDY', () => {
  const spoken = { to: 'spdy/3.1', protocols: [V4] } as const;

  test('gets output and status on their streams, masked, the status last', async () => {
    const { duplex, upstream } = await session(spoken);
    for (const frame of kubectl(['error', 'stdin', 'stdout', 'stderr'])) await duplex.send(frame);
    upstream.say(1, 'to jane@example.com\n');
    upstream.say(2, 'bad\n');
    upstream.end(exited(3));

    const frames = await framesOf(duplex);

    expect(frames.filter(({ type }) => type === 'reply')).toHaveLength(4);
    const texts = textsOf(frames);
    expect(texts.slice(0, 4)).toEqual(['5 to [EMAIL_ADDRESS]\n', '7 bad\n', '5! ', '7! ']);
    expect(texts[4]).toMatch(/^1! \{.*"ExitCode","message":"3"/);
    expect(duplex.summary().exit).toBe(3);
  });

  test('hears what was agreed on in the handshake', async () => {
    const { duplex } = await session(spoken);

    expect(duplex.upgrade).toEqual({ to: 'SPDY/3.1', headers: [['X-Stream-Protocol-Version', V4]] });
  });

  test('ends its input by the end of its stream', async () => {
    const { duplex, upstream } = await session(spoken);
    for (const frame of kubectl(['error', 'stdin', 'stdout', 'stderr'])) await duplex.send(frame);

    await duplex.send(dataFrame(3, Buffer.from('x')));
    await duplex.send(dataFrame(3, Buffer.alloc(0), { isLast: true }));

    expect(upstream.heard).toEqual([Buffer.from('\0x'), Buffer.of(255, 0)]);
  });

  test('loses nothing that is said before its streams are open', async () => {
    const { duplex, upstream } = await session(spoken);
    const reading = framesOf(duplex);
    upstream.say(1, 'early\n');
    upstream.end(success);
    for (const frame of kubectl(['error', 'stdin', 'stdout', 'stderr'])) await duplex.send(frame);

    expect(textsOf(await reading)[0]).toBe('5 early\n');
  });

  test('gets a reply to the last of its streams, though the program ended while that was on its way', async () => {
    const { duplex, upstream } = await session({ ...spoken, terminal: true, stderr: false });
    upstream.end(exited(5));
    const reading = framesOf(duplex);
    const [resize = Buffer.alloc(0), ...others] = kubectl(['error', 'stdin', 'stdout', 'resize']).toReversed();
    for (const frame of others.toReversed()) await duplex.send(frame);
    await new Promise(setImmediate);
    await duplex.send(resize);

    expect((await reading).filter(({ type }) => type === 'reply')).toHaveLength(4);
  });

  test('gets an answer to a ping while the program says nothing', async () => {
    const { duplex } = await session(spoken);
    const messages = duplex.messages[Symbol.asyncIterator]();
    const waiting = messages.next();

    await duplex.send(pingFrame(5));

    expect((await waiting).value?.bytes).toEqual(pingFrame(5));
    await messages.return?.();
  });

  test.each([
    ['a stream of no kind', kubectl(['data'])],
    ['two streams of one kind', kubectl(['stdin', 'stdin'])],
  ])('is refused %s', async (_, frames) => {
    const { duplex, upstream } = await session(spoken);

    const sending = (async () => {
      for (const frame of frames) await duplex.send(frame);
    })();

    await expect(sending).rejects.toMatchObject({ code: 'bad-request' });
    expect(upstream.heard).toEqual([]);
  });

  test('has no way to speak on the streams of the program', async () => {
    const { duplex, upstream } = await session(spoken);
    for (const frame of kubectl(['error', 'stdin', 'stdout', 'stderr'])) await duplex.send(frame);

    await duplex.send(dataFrame(5, Buffer.from('x')));
    await duplex.send(dataFrame(9, Buffer.from('x')));

    expect(upstream.heard).toEqual([]);
  });

  test('is refused where it only knows what tells no exit status', async () => {
    await expect(session({ to: 'spdy/3.1', protocols: ['channel.k8s.io'] })).rejects.toMatchObject({
      code: 'operation-unreadable',
    });
  });
});

describe('a server that is asked over SPDY', () => {
  test('has its streams taken for channels, and hears the end of the input', async () => {
    const { channel, heard, isClosed } = fakeUpstream();
    const asked = await askOverSpdy(
      {
        ...channel,
        messages: from([
          pingFrame(2),
          dataFrame(5, Buffer.from('out')),
          dataFrame(5, Buffer.alloc(0), { isLast: true }),
          dataFrame(7, Buffer.from('err'), { isLast: true }),
          dataFrame(1, Buffer.from('{}'), { isLast: true }),
        ]),
      },
      { stdin: true, stdout: true, stderr: true, terminal: false },
    );
    await asked.send(Buffer.from('\0in'));
    await asked.send(Buffer.of(255, 0));
    const messages: string[] = [];
    for await (const message of asked.messages) messages.push(Buffer.from(message).toString());

    expect(messages).toEqual(['\u0001out', '\u0002err', '\u0003{}']);
    expect(heard.slice(4)).toEqual([
      dataFrame(3, Buffer.from('in')),
      dataFrame(3, Buffer.alloc(0), { isLast: true }),
      pingFrame(2),
    ]);
    expect(isClosed()).toBe(false);
  });

  const inTerminal = { stdin: true, stdout: true, stderr: false, terminal: true };
  const opened = (heard: readonly Uint8Array[]) =>
    heard.flatMap((bytes) => [...createFrameReader()(bytes)]).filter(({ type }) => type === 'open').length;

  test('begins a program in a terminal once the terminal’s size is known', async () => {
    const { channel, heard } = fakeUpstream();
    const asked = await askOverSpdy(channel, inTerminal);

    expect(opened(heard)).toBe(3);

    await asked.send(writeSize({ columns: 80, rows: 24 }));

    expect(opened(heard)).toBe(4);
    expect(heard.at(-1)).toEqual(dataFrame(7, Buffer.from('{"Width":80,"Height":24}')));
    asked.close();
  });

  test('does not wait for the size for ever', async () => {
    vi.useFakeTimers();
    const { channel, heard } = fakeUpstream();
    const asked = await askOverSpdy(channel, inTerminal);
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();

    expect(opened(heard)).toBe(4);
    asked.close();
  });
});

async function* from(frames: readonly Uint8Array[]) {
  for (const frame of frames) yield frame;
}
