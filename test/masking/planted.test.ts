import { describe, expect, test } from 'vitest';
import { createTranscript } from '../../src/masking/masking.ts';
import type { Tape, TranscriptOptions } from '../../src/model/transcript.ts';

/** A session of which all is kept that leaves, and all that is recorded. */
function opened(options: Partial<TranscriptOptions> = {}) {
  const entries: [string, string][] = [];
  let ending = () => {};
  const tape: Tape = {
    open: () => {},
    entry: (code, data) => void entries.push([code, data]),
    beforeEnd: (last) => {
      ending = last;
    },
  };
  const transcript = createTranscript({ terminal: true, columns: 80, rows: 24, ...options }, { unmask: [], tape });
  const left: Uint8Array[] = [];
  const say = (given: string | Uint8Array, channel = 'stdout') => {
    const leaves = transcript.output(channel, Buffer.from(given));
    left.push(leaves);
    return Buffer.from(leaves).toString();
  };
  const end = () => {
    left.push(transcript.flush('stdout'));
    transcript.exit(0);
    ending();
    return { left: Buffer.concat(left).toString(), kept: entries.map(([, data]) => data).join('') };
  };
  return { say, type: (text: string) => transcript.input(Buffer.from(text)), end, entries };
}

const key = 'MIIEvQIBADANBgkqhkiG9w0BAQ';
/** A value of each detector, with what must stand around it where it is known by that alone. */
const planted = (
  [
    ['EMAIL_ADDRESS', 'bob.smith@example.com'],
    ['CREDIT_CARD_NUMBER', '4111 1111 1111 1111'],
    ['CREDIT_CARD_NUMBER', '4111111111111111'],
    ['IBAN_CODE', 'DE89 3704 0044 0532 0130 00'],
    ['US_SOCIAL_SECURITY_NUMBER', '123-45-6789'],
    ['PHONE_NUMBER', '+49 151 2345 6789'],
    ['IP_ADDRESS', '10.20.30.40'],
    ['IP_ADDRESS', '2001:db8:0:1:1:1:1:1'],
    ['JSON_WEB_TOKEN', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ['ENCRYPTION_KEY', key, '-----BEGIN PRIVATE KEY-----\n', '\nEFAASCBKcwggSjAg\n-----END PRIVATE KEY-----'],
    ['GCP_API_KEY', 'AIzaSyA1234567890abcdefghijklmnopqrstuv'],
    ['GCP_CREDENTIALS', 'ya29.a0AfH6SMBx1234567890abcdefghijklmnop'],
    ['AWS_CREDENTIALS', 'AKIAIOSFODNN7EXAMPLE'],
    ['AUTH_TOKEN', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
    ['CREDENTIAL', 'hunter2-planted', 'DB_PASSWORD='],
    ['CREDENTIAL', 'hunter2-planted', 'postgres://app:', '@db/crm'],
    ['CREDENTIAL', 'hunter2-planted', '--api-token '],
    ['CREDENTIAL', 'hunter2-planted', '{"client_secret":"', '"}'],
  ] satisfies [className: string, value: string, before?: string, after?: string][]
).map(([className = '', value = '', before = '', after = '']) => [className, value, before, after] as const);

const around = [
  ['user: ', '\r\n$ '],
  ['漢字 ', ' 終わり\r\n'],
  ['\x1b[32mok\x1b[0m ', '\x1b[0m\r\n'],
  ['loading 10%\rloading 99%\r', '\r\n'],
] as const;

/** What a reader sees: without control sequences, characters that were taken back and returns. */
const visible = (text: string) =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is taken away
    .replace(/\x1b\][^\x07]*\x07|\x1b\[[0-9;?]*[ -/]*[@-~]|[^\n]\x08/g, '')
    .replaceAll('\r', '');

/** No six characters of it in a row. */
function expectHidden(value: string, { left, kept }: { left: string; kept: string }, how: string) {
  const parts = Array.from({ length: value.length - 5 }, (_, at) => value.slice(at, at + 6));
  for (const text of [left, kept, visible(left), visible(kept)])
    expect(
      parts.filter((part) => text.includes(part)),
      how,
    ).toEqual([]);
}

const modes = [
  ['at a terminal', true],
  ['through a pipe', false],
] as const;

describe.each(modes)('what is planted in what a program says %s', (_, terminal) => {
  test.each(planted)('%s: %s, wherever the network cuts and pauses', (_class, value, before, after) => {
    for (const [start, end] of around.slice(0, 2)) {
      const bytes = Buffer.from(`${start}${before}${value}${after}${end}`);
      for (let at = 0; at <= bytes.length; at++) {
        const session = opened({ terminal });
        session.say(bytes.subarray(0, at));
        session.say(bytes.subarray(at));
        expectHidden(value, session.end(), `${start} cut at ${at}`);
      }
    }
  });

  test.each(planted)('%s: %s, byte by byte', (_class, value, before, after) => {
    for (const [start, end] of around) {
      const session = opened({ terminal });
      for (const byte of Buffer.from(`${start}${before}${value}${after}${end}`)) session.say(Uint8Array.of(byte));
      expectHidden(value, session.end(), start);
    }
  });

  const oneLine = planted.filter(([className]) => className !== 'ENCRYPTION_KEY');
  test.each(oneLine)('%s: %s, with colours within', (_class, value, before, after) => {
    for (let at = 1; at < value.length; at++) {
      const session = opened({ terminal });
      session.say(`${before}${value.slice(0, at)}\x1b[1;`);
      session.say(`31m${value.slice(at)}${after}\r\n`);
      expectHidden(value, session.end(), `colour at ${at}`);
    }
  });

  test.each(oneLine)('%s: %s, in the title of a window', (_class, value, before, after) => {
    const session = opened({ terminal });
    session.say(`\x1b]0;${before}${value.slice(0, 5)}`);
    session.say(`${value.slice(5)}${after}\x07$ `);
    expectHidden(value, session.end(), 'title');
  });

  test.each(oneLine)('%s: %s, over a line that was written before', (_class, value, before, after) => {
    const session = opened({ terminal });
    for (const part of ['10%', '\r', '\x1b[K', before, ...value, after, '\r', 'done', '\r\n']) session.say(part);
    expectHidden(value, session.end(), 'rewritten');
  });
});

test.each(['漢字漢字', 'ok 👍 ', 'e\u0301e\u0301 ', '한국', 'plain '])(
  'a value that goes on in the next line of a terminal is seen whole behind %j',
  (before) => {
    const value = 'bob.smith@example.com';
    const width = { 漢字漢字: 8, 'ok 👍 ': 6, 'e\u0301e\u0301 ': 3, 한국: 4, 'plain ': 6 }[before] ?? 0;
    const session = opened({ columns: 20 });

    session.say(`${before}${value.slice(0, 20 - width)}\r\n${value.slice(20 - width)}\r\n`);

    expectHidden(value, session.end(), before);
  },
);

test.each([
  '$ ',
  '# ',
  'bob@web-1:~$ ',
  '[ops@bastion log]$ ',
  '\x1b]0;bob@web: ~\x07\x1b[01;32mbob@web\x1b[00m:~$ ',
  'Password: ',
  '[sudo] password for bob: ',
  "Enter passphrase for key '/home/bob/.ssh/id_ed25519': ",
  'Token: ',
  'Verification code: ',
  'Continue? [y/N]: ',
  'mysql> ',
  'crm=# ',
  '❯ ',
])('a prompt appears at once: %j', (prompt) => {
  const { say } = opened();

  expect(say(prompt)).toBe(prompt);
});

describe('what is typed where it is not shown', () => {
  const prompts = ['Password: ', '[sudo] password for bob: ', 'Enter passphrase for key x: ', 'PIN: '];
  type Step = readonly [by: 'program' | 'human', text: string];
  const typed = (...texts: string[]) => texts.map((text): Step => ['human', text]);
  const ways: readonly (readonly [name: string, steps: (prompt: Step) => readonly Step[]])[] = [
    ['key by key', (prompt) => [prompt, ...typed(...'s3cret-pw\r')]],
    ['at once', (prompt) => [prompt, ...typed('s3cret-pw\r')]],
    ['before it was asked for', (prompt) => [...typed('s3cret-pw\r'), prompt]],
    ['with a mistake', (prompt) => [prompt, ...typed('s3crex\x7f', 't-pw\r')]],
    ['behind a key that moves', (prompt) => [prompt, ...typed('\x1b[D', 's3cret-pw\r')]],
  ];

  test.each(prompts.flatMap((prompt) => ways.map(([name, steps]) => [prompt, name, steps] as const)))(
    '%sis not recorded when it comes %s',
    (prompt, _, steps) => {
      const session = opened();
      session.say('$ ');

      for (const [by, text] of steps(['program', prompt])) session[by === 'human' ? 'type' : 'say'](text);
      session.say('\r\nWelcome.\r\n$ ');

      const { kept } = session.end();
      expect(kept).toMatch(/\[\d+ keys?\]/);
      expect(kept).not.toMatch(/s3cr|t-pw/);
    },
  );
});

describe('what goes into a program without a terminal', () => {
  test.each(['Password: ', '[sudo] password for bob: ', 'Token? '])('is not recorded where it answers %j', (prompt) => {
    const session = opened({ terminal: false });
    session.say(prompt, 'stderr');

    session.type('s3cret');
    session.type('-pw\nls\n');

    expect(session.end().kept).toContain('[9 bytes]\nls\n');
  });

  test.each(["'sudo' '-S' 'ls'", 'sudo -n -S ls', 'chpasswd', 'docker login --password-stdin'])(
    'is not recorded in its first line where %j takes it',
    (command) => {
      const session = opened({ terminal: false, command });

      session.type('s3cret-pw');

      expect(session.end().kept).toBe('[9 bytes]0');
    },
  );

  test('is recorded where nobody asked for a secret', () => {
    const session = opened({ terminal: false, command: 'cat' });
    session.say('name: ');

    session.type('bob\n');

    expect(session.end().kept).toContain('bob\n');
  });
});
