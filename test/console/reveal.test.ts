import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvOf } from '../../src/console/csv.ts';
import { type Piece, reveal } from '../../src/console/reveal.ts';

const kinds = (text: string) => reveal(text).pieces.map(({ kind }) => kind);

describe('what an approver sees', () => {
  test.each([
    ['right-to-left override', '\u202e'],
    ['left-to-right isolate', '\u2066'],
    ['zero-width space', '\u200b'],
    ['zero-width joiner', '\u200d'],
    ['byte order mark', '\ufeff'],
    ['soft hyphen', '\u00ad'],
    ['no-break space', '\u00a0'],
    ['line separator', '\u2028'],
    ['Hangul filler', '\u3164'],
    ['null', '\u0000'],
    ['escape', '\u001b'],
    ['backspace', '\b'],
    ['carriage return', '\r'],
    ['invisible character', '\u{e0041}'],
    ['invisible character', '\ufe0f'],
    ['character without a shape', '\ue000'],
    ['character without a shape', '\u0378'],
    ['unusual space', '\u2003'],
  ])('a %s is shown by its name', (name, character) => {
    const { pieces, warnings } = reveal(`SELECT${character}1`);

    const code = `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`;
    expect(pieces[1]).toEqual({ kind: 'hidden', code, name });
    expect(warnings).toHaveLength(1);
  });

  test.each([
    ['Cyrillic in a Latin word', 'pаypal', 'mixes Latin and Cyrillic letters'],
    ['Greek in a Latin word', 'αdmin', 'mixes Latin and Greek letters'],
    ['a word of Cyrillic letters that look Latin', 'сосо', 'Cyrillic letters that look Latin'],
    ['full-width letters', 'ＳＥＬＥＣＴ', 'holds letters or signs of an unusual form'],
    ['mathematical letters', '𝐃𝐑𝐎𝐏', 'holds letters or signs of an unusual form'],
    ['a Greek question mark', 'select 1\u037e', 'holds letters or signs of an unusual form'],
    ['a fraction slash', 'a∕b', 'signs that look like others'],
    ['a dash that is no minus', 'x –– y', 'signs that look like others'],
    ['marks on marks', 'a\u0300\u0301\u0302\u0303', 'holds marks on marks'],
  ])('%s is marked', (_, text, why) => {
    const { pieces, warnings } = reveal(text);

    expect(pieces).toContainEqual(expect.objectContaining({ kind: 'lookalike', why }));
    expect(warnings).toHaveLength(1);
  });

  test.each([
    "SELECT * FROM users WHERE name = 'x' -- done",
    "INSERT INTO t VALUES ('Müller', 'naïve', 'Привет', 'Ελλάδα', '東京', 'שלום', 'مرحبا', 'café')",
    'a\tb\nc',
    '',
  ])('ordinary text of any language is left in peace: %j', (text) => {
    expect(reveal(text).warnings).toEqual([]);
    expect(kinds(text)).not.toContain('hidden');
    expect(kinds(text)).not.toContain('lookalike');
  });

  test('nothing is lost and nothing is added: the pieces are the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('a', ' ', '\n', '\t', '\u202e', 'а', '\u0301', '😀', '\ufe0f', '=', '\u200d'),
      }),
    );

    fc.assert(
      fc.property(text, (sample) => {
        expect(reveal(sample).pieces.map(originalOf).join('')).toBe(sample);
      }),
      { numRuns: 500 },
    );
  });

  test('no piece of plain text holds a character that cannot be seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sample) => {
        for (const piece of reveal(sample).pieces)
          if (piece.kind === 'text') expect(piece.text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{e0000}-\u{e0fff}]/v);
      }),
      { numRuns: 500 },
    );
  });
});

describe('CSV', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', '"\'\t=1"'],
    [' =1', "' =1"],
    ['\u200b=1', "'\u200b=1"],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    [-1, '-1'],
    [null, ''],
    [['a', 1], '"[""a"",1]"'],
  ])('%j becomes %j', (value, cell) => {
    expect(csvOf(['x'], [[value]])).toBe(`x\r\n${cell}\r\n`);
  });
});

function originalOf(piece: Piece) {
  if (piece.kind === 'hidden') return String.fromCodePoint(Number.parseInt(piece.code.slice(2), 16));
  if (piece.kind === 'newline') return '\n';
  return piece.kind === 'tab' ? '\t' : piece.text;
}
