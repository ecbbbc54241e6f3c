import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMaskStream } from '../../src/masking/stream.ts';

type Mode = { terminal?: { columns: () => number | undefined } };
const terminal: Mode = { terminal: { columns: () => 80 } };
const modes = [
  ['to a program', {}],
  ['at a terminal', terminal],
] as const;

/** All that leaves when the pieces come one after another, and what is masked. */
function masked(pieces: readonly Uint8Array[], mode: Mode = {}, exempt: readonly string[] = []) {
  const found: string[] = [];
  const stream = createMaskStream({ exempt: new Set(exempt), found: (name) => found.push(name), ...mode });
  const leaving = [...pieces.map((piece) => stream.push(piece)), stream.end()];
  const kept = Buffer.concat(leaving.map(({ keep }) => Buffer.from(keep)));
  return { bytes: Buffer.concat(leaving.map(({ leave }) => Buffer.from(leave))), kept, found };
}

const text = (given: string, mode: Mode = {}) => masked([Buffer.from(given)], mode).bytes.toString();

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
  .trim();
const account = JSON.stringify({ type: 'service_account', project_id: 'p', private_key: pem, client_id: '1' }, null, 2);
const values = [
  'bob.smith@example.com',
  '4111 1111 1111 1111',
  '4111111111111111',
  '123-45-6789',
  '+49 151 2345 6789',
  '(212) 555-0123',
  'DE89 3704 0044 0532 0130 00',
  '10.20.30.40',
  '2001:db8:0:1:1:1:1:1',
  'AKIAIOSFODNN7EXAMPLE',
  'ghp_0123456789abcdefghijABCDEFGHIJ012345',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  'AIzaSyA1234567890abcdefghijklmnopqrstuv',
];

/** In two, at every place; of long ones at every eleventh. */
const everyCut = (bytes: Buffer) => {
  const step = bytes.length > 500 ? 11 : 1;
  return Array.from({ length: Math.ceil(bytes.length / step) + 1 }, (_, at) => [
    bytes.subarray(0, at * step),
    bytes.subarray(at * step),
  ]);
};

const cut = (bytes: Buffer, places: readonly number[]) => {
  const all = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return all.slice(1).map((end, index) => bytes.subarray(all[index], end));
};

describe.each(modes)('text that goes %s', (_, mode) => {
  test.each([...values, pem, account])('a value that is cut anywhere never leaves: %.20s', (value) => {
    const whole = Buffer.from(`first line\nit is ${value} , so\nlast line\n`);
    const expected = masked([whole], mode).bytes.toString();

    const seen = new Set(everyCut(whole).map((pieces) => masked(pieces, mode).bytes.toString()));

    expect([...seen]).toEqual([expected]);
    expect(expected).toMatch(/^first line\n[\s\S]*\[[A-Z_]+\][\s\S]*\nlast line\n$/);
    expect(expected).not.toContain(value.slice(-8));
  });

  test.each(values)('a value that comes byte by byte never leaves: %.20s', (value) => {
    const bytes = Buffer.from(`x ${value} y\n`);

    const { bytes: seen, found } = masked(
      Array.from(bytes, (byte) => Buffer.from([byte])),
      mode,
    );

    expect(seen.toString()).toMatch(/^x \[[A-Z_]+\] y\n$/);
    expect(found).toHaveLength(1);
  });

  test('what leaves does not depend on how the text is cut', () => {
    const part = fc.oneof(
      fc.constantFrom(
        ...values,
        '-----',
        '-----BEGIN ',
        '"',
        '{',
        '}',
        ' ',
        ': ',
        '\n',
        '\r\n',
        'word',
        'é',
        '漢',
        '🎉',
        '\u200b',
        '@',
        '42 ',
      ),
      fc.string({ maxLength: 12 }).map((given) => given.replaceAll(/\p{Cc}/gu, '')),
    );

    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 8 }), (parts, places) => {
        const whole = Buffer.from(parts.join(''));
        const pieces = masked(cut(whole, places), mode);

        expect(pieces.bytes.toString()).toBe(masked([whole], mode).bytes.toString());
        expect(pieces.kept.equals(pieces.bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('a line of megabytes passes, and a value anywhere in it does not', () => {
    const filler = 'lorem ipsum dolor sit amet, '.repeat(2400);
    for (const shift of [0, 7, 1000, 16_384, 49_140, 49_150, 49_152]) {
      const line = `${filler.slice(0, 65_536 - shift)} bob.smith@example.com ${filler}${filler} tail`;
      const expected = line.replace('bob.smith@example.com', '[EMAIL_ADDRESS]');

      const inPieces = masked(cut(Buffer.from(line), [10_000, 65_530, 65_540, 90_000]), mode);

      expect(inPieces.bytes.toString() === expected).toBe(true);
    }
  });

  test('a token that is longer than what is held goes to its end', () => {
    const token = `ghp_${'a1B2'.repeat(80_000)}`;

    const seen = masked(cut(Buffer.from(`see ${token}, next\n`), [30, 70_000, 200_000, 280_000]), mode);

    expect(seen.bytes.toString()).toBe('see [AUTH_TOKEN], next\n');
  });

  test('bytes that are no text stay what they are', () => {
    const noise = Buffer.concat([gzipSync(randomBytes(200_000)), Buffer.from([0xff, 0xfe, 0, 0xc3, 0x28])]);
    const { found, bytes } = masked(cut(noise, [3, 5000, 70_000, 150_001]), mode);

    expect(found.length > 0 || bytes.equals(noise)).toBe(true);
  });

  test('what cannot be UTF-8 beside a value stays, byte by byte', () => {
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xc3]),
      Buffer.from(' bob@example.com '),
      Buffer.from([0xe2, 0x82, 0x0a]),
    ]);

    expect(masked([bytes], mode).bytes).toEqual(
      Buffer.concat([Buffer.from([0xff, 0xc3]), Buffer.from(' [EMAIL_ADDRESS] '), Buffer.from([0xe2, 0x82, 0x0a])]),
    );
  });

  test.each([
    ['colours', 'bob@\x1b[31mexample\x1b[0m.com', '[EMAIL_ADDRESS]\x1b[31m\x1b[0m'],
    ['a title', 'bob\x1b]0;working\x07@example.com', '[EMAIL_ADDRESS]\x1b]0;working\x07'],
    ['backspaces', 'bobb\b@example.comm\b', '[EMAIL_ADDRESS]'],
    ['overstriking', 'b\bbo\bob\bb@\b@example.com', '[EMAIL_ADDRESS]'],
    ['motions', '4111\x1b[C1111\x1b[3;4H1111\x1b[2K1111', '[CREDIT_CARD_NUMBER]\x1b[C\x1b[3;4H\x1b[2K'],
    ['returns', 'bob@exa\rmple.com', '[EMAIL_ADDRESS]'],
    ['control characters', 'bo\x01b@exa\x02mple.com', '[EMAIL_ADDRESS]'],
    ['an escape of its own', 'bob\x1b(B@example.com', '[EMAIL_ADDRESS]\x1b(B'],
  ])('%s between the characters of a value hide nothing', (_, given, expected) => {
    expect(text(`x ${given} y\n`, mode)).toBe(`x ${expected} y\n`);
  });

  test.each([
    ['beside a motion', 'a 12\x1b[10G4111111111111111\x1b[40G9 b\n', 'a 12\x1b[10G[CREDIT_CARD_NUMBER]\x1b[40G9 b\n'],
    ['after a return', 'a 12\r4111111111111111\n', 'a 12\r[CREDIT_CARD_NUMBER]\n'],
    ['in a title', '\x1b]0;bob@example.com\x07\n', '\x1b]0;[EMAIL_ADDRESS]\x07\n'],
    ['behind a colour', '\x1b[31mbob@example.com\x1b[m\n', '\x1b[31m[EMAIL_ADDRESS]\x1b[m\n'],
  ])('a value %s is seen', (_, given, expected) => {
    expect(text(given, mode)).toBe(expected);
  });

  test('the file of a service account is one value', () => {
    const seen = text(`$ cat key.json\n${account}\ndone\n`, mode);

    expect(seen).toBe('$ cat key.json\n{\n  "type": "service_account",\n[GCP_CREDENTIALS]\ndone\n');
  });

  test('a key that was cut off hides what follows to the end', () => {
    expect(text(pem.slice(0, 500), mode)).toBe('[ENCRYPTION_KEY]');
  });

  test('an exempt class stays in the clear and is not counted', () => {
    const { bytes, found } = masked([Buffer.from('bob@example.com 10.0.0.1\n')], mode, ['EMAIL_ADDRESS']);

    expect(bytes.toString()).toBe('bob@example.com [IP_ADDRESS]\n');
    expect(found).toEqual(['IP_ADDRESS']);
  });
});

test('to a program nothing leaves before its line ends, however long it takes', () => {
  const stream = createMaskStream({ exempt: new Set(), found: () => {} });

  expect(stream.push(Buffer.from('bob@exam')).leave.toString()).toBe('');
  expect(stream.push(Buffer.from('ple.com')).leave.toString()).toBe('');
  expect(stream.push(Buffer.from('\nnext')).leave.toString()).toBe('[EMAIL_ADDRESS]\n');
});

test.each([
  '$ ',
  '# ',
  '> ',
  'bob@host:~/src$ ',
  'Password: ',
  'Password:',
  '[y/N] ',
  '\x1b[32mroot\x1b[0m@pod:/# ',
  '>>> ',
  'mysql> ',
  '(gdb) ',
  'Done. ',
])('a prompt appears at once: %j', (prompt) => {
  const stream = createMaskStream({ exempt: new Set(), found: () => {}, ...terminal });

  expect(stream.push(Buffer.from(`hello\r\n${prompt}`)).leave.toString()).toBe(`hello\r\n${prompt}`);
});

test('a prompt appears after the beginning of a key that never ends', () => {
  const stream = createMaskStream({ exempt: new Set(), found: () => {}, ...terminal });

  const seen = stream.push(Buffer.from('-----BEGIN PRIVATE KEY-----\r\n$ ')).leave.toString();

  expect(seen).toBe('[ENCRYPTION_KEY]$ ');
});

test.each([
  ['by the program', (left: string, right: string) => `${left}\r\n${right}`],
  ['by a line editor', (left: string, right: string) => `${left} \r${right}`],
])('a value that is wrapped at the width of the terminal %s is one', (_, wrap) => {
  const before = 'x'.repeat(70);
  const given = Buffer.from(`${wrap(`${before} bob.smith`, '@example.com')} end\r\n`);

  const seen = new Set(everyCut(given).map((pieces) => masked(pieces, terminal).bytes.toString()));

  expect([...seen]).toEqual([`${before} [EMAIL_ADDRESS] end\r\n`]);
});

test('what is masked in an archive keeps its length, so that the files behind it are found', () => {
  const archive = Buffer.concat([
    Buffer.from('a.txt\0\0\0'),
    Buffer.from('mail bob.smith@example.com now\nto x@y.org\n'),
    Buffer.alloc(100),
  ]);

  const { bytes } = masked([archive]);

  expect(bytes).toHaveLength(archive.length);
  expect(bytes.toString()).toContain('mail [EMAIL_ADDRESS]****** now\nto [EMAIL_\n');
});
