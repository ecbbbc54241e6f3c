import { describe, expect, test } from 'vitest';
import { renderReply } from '../../src/api/reply.ts';
import type { DuplexAnswer } from '../../src/gateway.ts';
import { bareOperation } from '../../src/model/operation.ts';
import { asProblem } from '../../src/model/problem.ts';
import { channels, frame, PROGRAM, type ProgramEnding, writeEnding } from '../../src/model/program.ts';

type Said = readonly [channel: 'stdout' | 'stderr', bytes: string | Uint8Array];

/** The reply to a command that says this and ends so. */
function saying(said: readonly Said[], ending: ProgramEnding, { live = false, truncated = false } = {}) {
  const cancelled: boolean[] = [];
  async function* messages() {
    for (const [channel, bytes] of said) yield frame(channels[channel], Buffer.from(bytes));
    yield writeEnding(ending);
  }
  const answer: DuplexAnswer = {
    form: 'duplex',
    protocol: PROGRAM,
    messages: messages(),
    send: async () => {},
    cancel: async () => void cancelled.push(true),
    summary: () => ({ bytes: 1, truncated, sha256: 'abc', warnings: ['of the run'] }),
  };
  const understood = {
    ...bareOperation('ssh', { verb: 'execute', risks: [], resources: [] }),
    warnings: ['of the command'],
    ...(live && { live }),
  };
  const decision = {
    effect: 'allow' as const,
    policies: ['p'],
    policyVersion: 'v',
    approvals: [],
    unmask: [],
    overridden: [],
    limits: {},
  };
  return { cancelled, reply: { state: 'done' as const, operation: 'op_1', understood, decision, answer } };
}

const rendered = (reply: ReturnType<typeof saying>['reply'], ndjson = false) =>
  renderReply(reply, { ndjson, consoleUrl: 'http://console' });
const linesOf = async (response: Response) =>
  (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('a program’s answer', () => {
  test('is its output, apart, and its exit status; any status is an answer', async () => {
    const said: Said[] = [
      ['stdout', 'one\n'],
      ['stderr', 'oh\n'],
      ['stdout', 'two\n'],
    ];

    const response = await rendered(saying(said, { exit_status: 3 }).reply);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      operation: 'op_1',
      state: 'done',
      verb: 'execute',
      decision: { effect: 'allow', policies: ['p'], policy_version: 'v' },
      result: { stdout: 'one\ntwo\n', stderr: 'oh\n', exit_status: 3, truncated: false, sha256: 'abc' },
      warnings: ['of the command', 'of the run'],
    });
  });

  test('is base64 where it is no text', async () => {
    const response = await rendered(saying([['stdout', Buffer.of(0, 255)]], { exit_status: 0 }).reply);

    expect(await response.json()).toMatchObject({ result: { stdout_base64: 'AP8=', stderr: '' } });
  });

  test('names the signal that ended it', async () => {
    const response = await rendered(saying([], { signal: 'KILL' }).reply);

    expect(await response.json()).toMatchObject({ result: { signal: 'KILL' } });
  });

  test('says that it was cut, and no status', async () => {
    const ending = { problem: { code: 'too-large', detail: 'cut' } };

    const response = await rendered(saying([['stdout', 'a']], ending, { truncated: true }).reply);

    const { result } = (await response.json()) as { result: object };
    expect(result).toEqual({ stdout: 'a', stderr: '', truncated: true, sha256: 'abc' });
  });

  test.each([
    ['target-timeout', 504],
    ['target-unavailable', 502],
    ['nonsense', 500],
  ])('that ends with the problem %s is that problem', async (code, status) => {
    const { reply } = saying([['stdout', 'a']], { problem: { code, detail: 'why' } });

    const problem = await rendered(reply).then(() => undefined, asProblem);

    expect(problem).toMatchObject({ status, detail: 'why', operation: 'op_1' });
  });

  test('comes as lines where that is asked for, at last how it ended', async () => {
    const said: Said[] = [
      ['stdout', 'one\n'],
      ['stderr', Buffer.of(255)],
    ];

    const response = await rendered(saying(said, { exit_status: 0 }).reply, true);

    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await linesOf(response)).toMatchObject([
      { stdout: 'one\n' },
      { stderr_base64: '/w==' },
      { summary: { operation: 'op_1', state: 'done', exit_status: 0, truncated: false, sha256: 'abc' } },
    ]);
  });

  test('has no character cut in two between its lines', async () => {
    const bytes = Buffer.from('aé€😀b');
    const said: Said[] = [...bytes].map((byte) => ['stdout', Buffer.of(byte)]);

    const lines = await linesOf(await rendered(saying(said, { exit_status: 0 }).reply, true));

    expect(lines.slice(0, -1)).toEqual(['a', 'é', '€', '😀', 'b'].map((stdout) => ({ stdout })));
  });

  test('loses nothing of a character that never ends', async () => {
    const lines = await linesOf(
      await rendered(saying([['stdout', Buffer.of(0x61, 0xf0, 0x9f)]], { exit_status: 0 }).reply, true),
    );

    expect(lines.slice(0, -1)).toEqual([{ stdout: 'a' }, { stdout_base64: '8J8=' }]);
  });

  test('tells in its last line what ended it', async () => {
    const { reply } = saying([['stdout', 'a']], { problem: { code: 'target-timeout' } });

    expect((await linesOf(await rendered(reply, true))).at(-1)).toMatchObject({
      problem: { code: 'target-timeout', operation: 'op_1' },
    });
  });

  test('is ended and refused where it goes both ways: that has a path of its own', async () => {
    const { reply, cancelled } = saying([], { exit_status: 0 }, { live: true });

    const problem = await rendered(reply).then(() => undefined, asProblem);

    expect(problem).toMatchObject({ code: 'bad-request' });
    expect(cancelled).toEqual([true]);
  });
});
