import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { matchTemplate, quoteWords, readTemplate, wordsOf } from '../../src/shell/shell.ts';
import { type LoginShell, loginShells, wordsToldBy, writeTeller } from './login-shells.ts';

const folder = mkdtempSync(join(tmpdir(), 'words-'));
const teller = join(folder, 'tell');
writeTeller(teller);
afterAll(() => rmSync(folder, { recursive: true }));

const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const portable = characters.filter((each) => each !== '!' && each !== '\\');
const special = [
  '$',
  '`',
  "'",
  '"',
  '*',
  '?',
  '[',
  ']',
  '{',
  '}',
  ',',
  '~',
  '#',
  '=',
  '%',
  '^',
  ';',
  '|',
  '&',
  '<',
  '>',
  '(',
  ')',
  ' ',
];

/** Mostly what shells read. */
const wordOf = (from: readonly string[]) =>
  fc.string({ unit: fc.oneof(fc.constantFrom(...from), fc.constantFrom(...special)), maxLength: 8 });
const word = fc.oneof(
  wordOf(portable),
  fc.constantFrom(
    '',
    '-',
    '--',
    '-x',
    '=ls',
    '~',
    '~root',
    '%1',
    '^a^b',
    '{a,b}',
    "''",
    "'",
    '"',
    '$(id)',
    '`id`',
    '#x',
    'A=b',
    '@',
    ':',
    '>x',
  ),
);

describe.each(loginShells)('$name', (shell: LoginShell) => {
  test('hands on the words of a template just as they were matched', () => {
    const value = fc.string({ unit: fc.constantFrom(...'abzAZ019._:@+%,/= '), minLength: 1, maxLength: 6 });
    const given = fc.array(fc.record({ before: word, value, after: word, isFree: fc.boolean() }), { maxLength: 5 });
    const lines: string[] = [];
    const expected: string[][] = [];

    fc.assert(
      fc.property(given, (parts) => {
        const texts = parts.map(({ before, value: inner, after, isFree }) =>
          isFree ? `${before}${inner}${after}` : before,
        );
        // Its braces are its own, so what a template writes there cannot be a parameter.
        const written = parts.map(({ before, after, isFree }, at) => (isFree ? `${before}{p${at}}${after}` : before));
        const patterns = Object.fromEntries(
          parts.flatMap(({ isFree }, at) => (isFree ? [[`p${at}`, '[a-zA-Z0-9._:@+%,/=][a-zA-Z0-9._:@+%,/= ]*']] : [])),
        );
        const template = templateOf(`'${teller}' ${written.map(doubleQuoted).join(' ')}`, patterns);
        const match = template && matchTemplate(template, [teller, ...texts]);
        if (match === undefined) return;
        lines.push(match.text);
        expected.push([...match.words.slice(1)]);
      }),
      { numRuns: 200, seed: 20 },
    );

    expect(expected.length).toBeGreaterThan(40);
    expect(wordsToldBy(shell, lines)).toEqual(expected);
  });

  test('reads a text as it was read here, if it was', () => {
    const text = fc.array(
      fc.constantFrom(
        ...special,
        ...'ab/-.:@+%=^',
        "'a b'",
        '"a b"',
        "''",
        '""',
        "a'b'",
        '=a',
        '%1',
        '~',
        '!',
        '\\',
        '#',
        '$x',
        '{a,b}',
        '*',
      ),
      { maxLength: 10 },
    );
    const lines: string[] = [];
    const expected: string[][] = [];

    fc.assert(
      fc.property(text, (parts) => {
        const line = `${teller} ${parts.join('')}`;
        const words = wordsOf(line);
        if (words === undefined) return;
        lines.push(line);
        expected.push([...words.slice(1)]);
      }),
      { numRuns: 1500, seed: 21 },
    );

    expect(expected.length).toBeGreaterThan(100);
    expect(wordsToldBy(shell, lines)).toEqual(expected);
  });
});

const bourne = loginShells.filter(({ name }) => !/fish|csh/.test(name));

test.each(bourne)('any words but those with a NUL reach a program through $name as they are', (shell) => {
  const any = fc.string({
    unit: fc.constantFrom(...characters, '\n', '\r', '\t', 'é', '\u2028', '\u202e', '漢'),
    maxLength: 10,
  });
  const lists = fc.sample(fc.array(any, { minLength: 1, maxLength: 5 }), { numRuns: 60, seed: 22 });

  const told = wordsToldBy(
    shell,
    lists.map((words) => quoteWords([teller, ...words])),
  );

  expect(told).toEqual(lists);
});

function templateOf(text: string, patterns: Record<string, string>) {
  try {
    return readTemplate(text, patterns);
  } catch {
    return undefined;
  }
}

/** As an operator would quote it. */
const doubleQuoted = (text: string) => (/["$`]/.test(text) ? `'${text}'` : `"${text}"`);
