import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detect } from '../../src/masking/detect.ts';
import { isNotable } from '../../src/masking/notable.ts';

const looksAt = (text: string) => {
  const json = Buffer.from(JSON.stringify(text));
  return isNotable(json, 0, json.length);
};

const pieces = [
  ...[
    'bob@example.com',
    '4111 1111 1111 1111',
    '4111111111111111',
    '10.0.0.1',
    '123-45-6789',
    '+4915112345678',
    '+1 (212) 555-0123',
  ],
  ...[
    '(212) 555-0123',
    '212.555.0123',
    'DE89370400440532013000',
    'de89 3704 0044 0532 0130 00',
    'no9386011117947',
    '2001:db8::1',
    '1:2:3:4:5:6:7:8',
  ],
  ...[
    '::ffff:10.0.0.1',
    'AKIAIOSFODNN7EXAMPLE',
    'sk-abcdefghijklmnopqrst1',
    '-----BEGIN PRIVATE KEY-----',
    'aws',
    'Bearer abcdefghijklmnop1234567',
  ],
  ...[
    '\u200b',
    '\u00a0',
    '\u2011',
    '\uff14',
    '\u0661',
    '\u00ad',
    '\ufeff',
    'é',
    'я',
    '漢',
    '🎉',
    ' ',
    '\n',
    '\t',
    '"',
    '\\',
    '+',
    '-',
    '.',
    '(',
    ')',
    ':',
    ',',
  ],
  ...['x', 'ab', '0', '12', '345', '6789'],
];

test('what the first look passes over, no detector recognises anything in', () => {
  const texts = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 12 });

  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join('').toWellFormed();
      if (!looksAt(text)) expect(detect(text)).toEqual([]);
    }),
    { numRuns: 20_000 },
  );
});

test('also where a piece is cut or disguised at any place', () => {
  for (const piece of pieces)
    for (let at = 0; at <= piece.length; at++)
      for (const wedge of ['', '-', ' ', '.', '\u200b', '\u2011', '\n', '"', 'é']) {
        const text = `x ${piece.slice(0, at)}${wedge}${piece.slice(at)}`;
        if (!looksAt(text)) expect(detect(text), text).toEqual([]);
      }
});

test('no key of twenty characters is passed over, wherever it begins, whatever stands around it', () => {
  for (const gap of ' \t\n\v\f\r"\'`,;<>(){}[]')
    for (let before = 0; before < 45; before++)
      for (const after of ['', `${gap}then more words`]) {
        const text = `${'some words '.repeat(5).slice(0, before)}${gap}AKIAIOSFODNNEXAMPLEX${after}`;

        expect(looksAt(text), text).toBe(true);
      }
});

test('what is shorter than any key is passed over, however much of it there is', () => {
  expect(looksAt('AKIAIOSFODNNEXAMPLE '.repeat(20))).toBe(false);
});

test.each([
  'Ordinary words, as most texts are.',
  'Order 4711 of 2026-01-31',
  'at 12:30:45',
  'Ärger mit Größe 漢字',
  '{"a":1,"b":{"c":2}}',
])('%j is passed over', (text) => {
  const bytes = Buffer.from(text);

  expect(isNotable(bytes, 0, bytes.length)).toBe(false);
});

test('an escape in JSON hides nothing', () => {
  const json = Buffer.from('"bob\\u0040example.com"');

  expect(isNotable(json, 0, json.length)).toBe(true);
});
