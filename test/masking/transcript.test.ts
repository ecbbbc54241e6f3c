import { describe, expect, test } from 'vitest';
import { createTranscript } from '../../src/masking/masking.ts';
import type { Tape, TranscriptOptions } from '../../src/model/transcript.ts';

function opened(options: Partial<TranscriptOptions> = {}, unmask: string[] = []) {
  const entries: [string, string][] = [];
  let ending = () => {};
  const tape: Tape = {
    open: () => {},
    entry: (code, data) => void entries.push([code, data]),
    beforeEnd: (last) => {
      ending = last;
    },
  };
  const transcript = createTranscript({ terminal: false, ...options }, { unmask, tape });
  const say = (text: string, channel = 'stdout') =>
    Buffer.from(transcript.output(channel, Buffer.from(text))).toString();
  const type = (text: string) => transcript.input(Buffer.from(text));
  return { transcript, entries, say, type, end: () => ending() };
}

test('what leaves is what is kept, and both are masked', () => {
  const { transcript, entries, say } = opened();

  const left = [say('bob@exa'), say('mple.com\nnext'), Buffer.from(transcript.flush('stdout')).toString()];

  expect(left).toEqual(['', '[EMAIL_ADDRESS]\n', 'next']);
  expect(entries).toEqual([
    ['o', '[EMAIL_ADDRESS]\n'],
    ['o', 'next'],
  ]);
  expect(transcript.findings()).toEqual([{ class: 'EMAIL_ADDRESS', count: 1 }]);
});

test('a marker says on which channel a program without a terminal writes', () => {
  const { entries, say } = opened();

  say('one\n');
  say('oops\n', 'stderr');
  say('two\n');

  expect(entries).toEqual([
    ['o', 'one\n'],
    ['m', 'stderr'],
    ['o', 'oops\n'],
    ['m', 'stdout'],
    ['o', 'two\n'],
  ]);
});

test('what is no text is kept as its length and hash, and leaves as it is', () => {
  const { transcript, entries } = opened();
  const bytes = Buffer.from([0x1f, 0x8b, 0x00, 0xff, 0x0a]);

  const left = transcript.output('stdout', bytes);

  expect(left).toEqual(bytes);
  expect(entries).toEqual([['m', expect.stringMatching(/^stdout: 5 bytes that are no text, SHA-256 [0-9a-f]{64}$/)]]);
});

test('what goes into a program is kept masked, line by line', () => {
  const { transcript, entries, type } = opened();

  type('mail bob@exa');
  type('mple.com\nAKIAIOSFODNN7');
  type('EXAMPLE');
  transcript.exit(3);

  expect(entries).toEqual([
    ['i', 'mail [EMAIL_ADDRESS]\n'],
    ['i', '[AWS_CREDENTIALS]'],
    ['x', '3'],
  ]);
});

describe('at a terminal', () => {
  const atTerminal = () => opened({ terminal: true, columns: 80, rows: 24 });

  test('what is typed appears at once, key by key', () => {
    const { say, type } = atTerminal();
    say('$ ');

    const shown = Array.from('echo hi', (key) => {
      type(key);
      return say(key);
    });

    expect(shown.join('|')).toBe('e|c|h|o| |h|i');
  });

  test('a value that is typed and shown is masked in the recording', () => {
    const { transcript, entries, say, type } = atTerminal();
    say('$ ');
    for (const key of 'mail bob@example.com') {
      type(key);
      say(key);
    }
    type('\r');
    say('\r\nsent\r\n$ ');
    transcript.exit(0);

    expect(entries.filter(([code]) => code === 'i')).toEqual([['i', 'mail [EMAIL_ADDRESS]\r']]);
    expect(
      entries
        .filter(([code]) => code === 'o')
        .map(([, data]) => data)
        .join(''),
    ).toBe('$ mail [EMAIL_ADDRESS]\r\nsent\r\n$ ');
    expect(JSON.stringify(entries)).not.toMatch(/bob|example/);
  });

  test.each([
    ['key by key', Array.from('s3cret')],
    ['at once', ['s3cret']],
  ])('a password that is typed %s and not shown is kept as its number of keys alone', (_, keys) => {
    const { transcript, entries, say, type } = atTerminal();
    say('Password: ');
    for (const key of keys) type(key);
    type('\r');
    say('\r\nLast login: today\r\n$ ');
    transcript.exit(0);

    expect(entries.filter(([code]) => code === 'i')).toEqual([['i', '[6 keys]\r']]);
    expect(JSON.stringify(entries)).not.toContain('s3c');
  });

  test('keys that write nothing are kept as they are', () => {
    const { transcript, entries, type, say } = atTerminal();
    type('l');
    say('l');
    type('\x1b[A\t\x03');
    transcript.exit(130);

    expect(entries.filter(([code]) => code === 'i')).toEqual([['i', 'l\x1b[A\t\x03']]);
  });

  test('what is typed and never entered is kept when the session ends', () => {
    const { entries, type, end } = atTerminal();
    type('abc');
    end();

    expect(entries).toEqual([['i', '[3 keys]']]);
  });

  test('a value in the output is held where it may go on, also after a change of the width', () => {
    const { transcript, say, entries } = atTerminal();
    transcript.resize(40, 10);

    expect(say('user: bob.smith')).toBe('user: ');
    expect(say('@example.com ')).toBe('[EMAIL_ADDRESS] ');
    expect(entries[0]).toEqual(['r', '40x10']);
  });
});

test('an exempt class is neither masked nor counted', () => {
  const { transcript, say } = opened({}, ['EMAIL_ADDRESS']);

  expect(say('bob@example.com\n')).toBe('bob@example.com\n');
  expect(transcript.findings()).toEqual([]);
});

describe('what a program prints', () => {
  const printed = (text: string | Buffer, options: { terminal: boolean; size?: number }) => {
    const transcript = createTranscript({ terminal: options.terminal }, { unmask: [], tape: undefined });
    const bytes = Buffer.from(text);
    const size = options.size ?? bytes.length;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size)
      pieces.push(transcript.output('stdout', bytes.subarray(at, at + size)));
    return Buffer.concat([...pieces, transcript.flush('stdout')]);
  };
  const modes = [false, true].flatMap((terminal) => [1, 3, 1000].map((size) => ({ terminal, size })));

  test.each(modes)('has what it gives to the name of a secret masked: %j', (mode) => {
    const lines = [
      ['DB_PASSWORD=planted-hunter2', 'DB_PASSWORD=[CREDENTIAL]'],
      ['db_password: "planted hunter2"', 'db_password: "[CREDENTIAL]"'],
      ['started with --api-token planted-xyz on port 80', 'started with --api-token [CREDENTIAL] on port 80'],
      ['postgres://app:planted-pw@db:5432/crm', 'postgres://app:[CREDENTIAL]@db:5432/crm'],
      ['{"client_secret":"planted-1"}', '{"client_secret":"[CREDENTIAL]"}'],
    ];

    const all = printed(lines.map(([line]) => `${line}\n`).join(''), mode).toString();

    expect(all).toBe(lines.map(([, line]) => `${line}\n`).join(''));
  });

  test.each(modes)('keeps what only looks like it: %j', (mode) => {
    const text = 'total: 12\ntokens_used: many\nmonkey=banana\nPassword: \nmax_tokens=10\n';

    expect(printed(text, mode).toString()).toBe(text);
  });

  test('keeps every byte of what is no text, whatever it may look like', () => {
    const random = Buffer.alloc(4_000_000);
    let state = 12_345;
    for (let at = 0; at < random.length; at += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      random[at] = state >>> 16;
    }

    expect(printed(random, { terminal: false, size: 65_536 }).equals(random)).toBe(true);
  });

  test('has values masked in the texts of an archive, and keeps its length', () => {
    const header = Buffer.alloc(512);
    header.write('notes.txt');
    const file = Buffer.from('write to bob@example.com\npassword=planted-hunter2\n');
    const tar = Buffer.concat([header, file, Buffer.alloc(512 - file.length)]);

    const out = printed(tar, { terminal: false });

    expect(out.length).toBe(tar.length);
    expect(out.toString('latin1')).not.toMatch(/bob@|planted/);
  });
});
