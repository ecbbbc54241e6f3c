import { stripVTControlCharacters } from 'node:util';
import { runCommand } from 'citty';
import { describe, expect, test, vi } from 'vitest';
import { play } from '../../src/cli/play.ts';
import { createReplayCommand } from '../../src/cli/replay.ts';
import { coloured, plain, type Terminal } from '../../src/cli/terminal.ts';
import { known } from '../console/fake-replay.ts';
import { aRunningSession } from '../console/live-session.ts';
import { servedConsole } from './served-console.ts';

/** Runs `sallyport replay …` against a console. */
async function run(
  words: string[],
  options: {
    token?: string;
    colours?: boolean;
    served?: Awaited<ReturnType<typeof servedConsole>>;
    wrote?: () => void;
  } = {},
) {
  const { url } = options.served ?? (await servedConsole());
  const told = { written: '', complained: '', status: -1 };
  const terminal: Terminal = {
    write: (text) => {
      told.written += text;
      options.wrote?.();
    },
    complain: (text) => {
      told.complained += text;
    },
    paint: options.colours ? coloured : plain,
    ask: undefined,
    width: 120,
  };
  const environment = { SALLYPORT_CONSOLE: url, SALLYPORT_TOKEN: options.token ?? 'auditor' };
  const exit = (status: number) => {
    told.status = status;
  };
  await runCommand(createReplayCommand({ terminal, environment, exit }), { rawArgs: words });
  return told;
}

describe('sallyport replay', () => {
  test('shows who asked what and when, what was decided, and what was sent', async () => {
    const { written, status } = await run([known.intact]);

    expect(status).toBe(0);
    expect(written).toContain('serviceAccount:bot@p.iam.gserviceaccount.com asked to read on crm  completed');
    expect(written).toContain('2026-01-05T09:00:01.000Z');
    expect(written).toContain('allow by readers');
    expect(written).toContain('apr_1 by user:dba@example.com: ticket 4711');
    expect(written).toContain('select id, email from users');
    expect(written).toMatch(/^id +email\* +/m);
    expect(written).toMatch(/^9007199254740991 +\[EMAIL_ADDRESS\]/m);
    expect(written).toContain('12345678901234567890.10');
  });

  test.each([known.intact, 'run-1'])(
    'lets nothing that an agent wrote reach the terminal as a command: %s',
    async (args) => {
      const { written } = await run([args]);

      expect(written.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(written).toContain('\\u{1b}');
    },
  );

  test('only its own colours are sent to a terminal', async () => {
    const { written } = await run([known.intact], { colours: true });

    expect(stripVTControlCharacters(written).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(written).not.toContain('\u001b[2J');
  });

  test('says in its exit status that a recording is not what it was', async () => {
    const { written, status } = await run([known.changed]);

    expect(status).toBe(1);
    expect(written).toContain('THIS IS NOT WHAT WAS RECORDED');
    expect(written).toContain('Chunk 0 was changed.');
  });

  test('shows a session, and warns where several identities used its name', async () => {
    const { written, status } = await run(['run-1']);

    expect(status).toBe(0);
    expect(written).toContain('2 identities used this name.');
    expect(written).toContain('by user:eve@example.com');
    expect(written).toContain('no-grant');
  });

  test('gives JSON as the console answered it, with every digit', async () => {
    const operation = await run([known.intact, '--json']);
    const session = await run(['..', '--json']);

    expect(operation.written).toContain('{"n": 12345678901234567890.10}');
    expect(JSON.parse(operation.written)).toMatchObject({ recording: { state: 'intact' } });
    expect(JSON.parse(session.written)).toMatchObject({ session: '..', operations: [{}, {}] });
  });

  test('shows no more rows than were asked for', async () => {
    const { written } = await run([known.intact, '--rows', '1']);

    expect(written).toContain('3 more rows');
  });

  test.each([
    ['somebody who is no auditor', [known.intact], { token: 'dba' }, 'sallyport-auditors'],
    ['an operation that nobody asked for', ['op_01m81etj030zsa4m90w6wgkfdt'], {}, 'tells of no such operation'],
    ['a number of rows that is none', [known.intact, '--rows', 'all'], {}, '--rows is a number'],
    ['an option that does not exist', [known.intact, '--raws', '1'], {}, '--raws'],
  ])('refuses %s', async (_, args, options, words) => {
    const { complained, status, written } = await run(args, options);

    expect(status).toBe(1);
    expect(complained).toContain(words);
    expect(written).toBe('');
  });
});

function aTerminal() {
  const told: string[] = [];
  const terminal: Terminal = {
    write: (text) => void told.push(text),
    complain: () => {},
    paint: plain,
    ask: undefined,
  };
  return { terminal, told };
}

describe('sallyport replay of a session', () => {
  test('plays what was said, and lets it colour and move the cursor and nothing else', async () => {
    const { written, status } = await run([known.session, '--no-wait']);

    expect(status).toBe(0);
    expect(written).toContain('$ sh -c "ls; id"');
    expect(written).toContain('ls\r\n\u001b[34mbin\u001b[0m  etc\r\n');
    expect(written).toContain('[stderr]\noops\r\n');
    expect(written).not.toContain('\u001b]');
    expect(written).not.toContain('0;owned\u0007');
  });

  test('takes its own time, faster where told to, and no pause longer than the limit', async () => {
    const pauses: number[] = [];
    const cast = '{"version":3,"term":{"cols":80,"rows":24}}\n[0.5,"o","a"]\n[60,"o","b"]\n[0,"o","c"]\n';
    const { terminal, told } = aTerminal();

    await play(terminal, cast, { speed: 2, idle: 3, pause: async (seconds) => void pauses.push(seconds) });

    expect(pauses).toEqual([0.25, 1.5]);
    expect(told.join('')).toMatch(/^abc/);
  });

  describe('that goes on', () => {
    const operationId = 'op_01m81etj9vaqsxw0fq4wjnky2w';

    async function aSession() {
      const served = await servedConsole();
      return { served, session: await aRunningSession(served.runtime, { operationId }) };
    }

    test('follows it to its end, and lets it do no more than one that has ended', async () => {
      const { served, session } = await aSession();
      session.say('first \u001b[31mred\u001b[0m \u001b]0;owned\u0007');

      const { promise: begun, resolve: wrote } = Promise.withResolvers<void>();
      const following = run([operationId, '--follow'], { served, wrote });
      await begun;
      session.say('second');
      await session.end();

      const { written, status } = await following;
      expect(status).toBe(0);
      expect(written.startsWith('first \u001b[31mred\u001b[0m second')).toBe(true);
    });

    test('shows what there is so far, and says so', async () => {
      const { served, session } = await aSession();
      session.say('first');

      await vi.waitFor(async () => {
        const { written, status } = await run([operationId, '--no-wait'], { served });

        expect(status).toBe(0);
        expect(written).toContain('It goes on');
        expect(written).toContain('first');
        expect(written).not.toContain('NOT WHAT WAS RECORDED');
      });
    });

    test.each([
      ['somebody who is no auditor', operationId, 'dba', 'sallyport-auditors'],
      ['a session by its name', 'run-1', 'auditor', 'Name the operation'],
    ])('refuses %s', async (_, id, token, words) => {
      const { served } = await aSession();

      const { complained, status, written } = await run([id, '--follow'], { served, token });

      expect(status).toBe(1);
      expect(complained).toContain(words);
      expect(written).toBe('');
    });
  });

  test('refuses a speed that is none', async () => {
    const { complained, status } = await run([known.session, '--speed', '0']);

    expect(status).not.toBe(0);
    expect(complained).toContain('--speed is a number above 0.');
  });

  test('a sequence that is cut in two stays harmless', async () => {
    const cast = '{"version":3}\n[0,"o","x\\u001b]52;c;aGk"]\n[0,"o","=\\u0007y\\u001b[3"]\n[0,"o","1mz"]\n';
    const { terminal, told } = aTerminal();

    await play(terminal, cast, { speed: 1, idle: 1, pause: undefined });

    expect(told.join('').startsWith('xy\u001b[31mz')).toBe(true);
  });

  test('an HTTP answer is shown with its status, its headers and its body', async () => {
    const { written } = await run([known.body]);

    expect(written).toContain('HTTP 404\ncontent-type: application/json\n');
    expect(written).toContain('{"n":12345678901234567890.10');
  });
});
