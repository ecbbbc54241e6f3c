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
