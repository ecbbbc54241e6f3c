import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withQuoted } from '../../src/audit/quoted.ts';

const parts = fc.oneof(
  fc.constantFrom('"', '\\', '\n', '\r', '\t', '\0', '\x1f', '\x7f', '\u2028', 'é', '漢', '🎉', '["a",1,null]\n'),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

test('text is written as JSON.stringify writes it, whatever it holds', () => {
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 20 }), fc.string({ unit: 'binary' }), (texts, around) => {
      const text = texts.join('').toWellFormed();
      const before = `{"a":${JSON.stringify(around)},"b":`;

      expect(String(withQuoted(before, Buffer.from(text), ',"c":"d"}'))).toBe(
        `${before}${JSON.stringify(text)},"c":"d"}`,
      );
    }),
    { numRuns: 2000 },
  );
});

test('what was written before stays as it is', () => {
  const first = withQuoted('', Buffer.from('one'), '');

  withQuoted('', Buffer.from('another'), '');

  expect(String(first)).toBe('"one"');
});
