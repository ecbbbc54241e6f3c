import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineDiff } from '../../src/policy/line-diff.ts';
import { diffDocuments, yamlOf } from '../../src/policy/policy.ts';

const text = (before: Record<string, unknown> | null, after: Record<string, unknown> | null) =>
  diffDocuments(before, after)
    .map(({ sign, text }) => `${sign}${text}`)
    .join('\n');

describe('what became of a document', () => {
  test('is told line by line, whatever the order of its keys', () => {
    expect(text({ verbs: ['read'], effect: 'allow' }, { effect: 'allow', verbs: ['read', 'write'] })).toBe(
      [' effect: allow', ' verbs:', '   - read', '+  - write'].join('\n'),
    );
  });

  test('is nothing where nothing became of it', () => {
    expect(diffDocuments({ a: 1, b: [2] }, { b: [2], a: 1 })).toEqual([]);
  });

  test('a document that is new or gone is told whole', () => {
    expect(text(null, { members: [] })).toBe('+members: []');
    expect(text({ members: [] }, null)).toBe('-members: []');
  });

  test('lines far from any change are left out', () => {
    const members = Array.from({ length: 30 }, (_, index) => `user:${index}@example.com`);

    const lines = text({ members }, { members: members.with(15, 'user:other@example.com') }).split('\n');

    expect(lines).toHaveLength(10);
    expect(lines.filter((line) => line.startsWith('…'))).toHaveLength(2);
  });
});

test('a text that could be taken for another value is quoted', () => {
  expect(yamlOf({ a: '1', b: 'null', c: 'true', d: 'x' })).toBe('a: "1"\nb: "null"\nc: "true"\nd: x\n');
});

describe('two texts laid over each other', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
  const of = (sides: string, all: ReturnType<typeof lineDiff>) =>
    all.filter(({ sign }) => sides.includes(sign)).map(({ text }) => text);

  test('give back both', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const all = lineDiff(before, after);

        expect(of(' -', all)).toEqual(before);
        expect(of(' +', all)).toEqual(after);
      }),
    );
  });

  test('share as many lines as can be shared in order', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        expect(of(' ', lineDiff(before, after))).toHaveLength(longestCommon(before, after));
      }),
    );
  });

  test('that share nothing, and are long, are told at once', () => {
    const [before, after] = ['x', 'y'].map((name) => Array.from({ length: 5000 }, (_, index) => `${name}${index}`));

    expect(lineDiff(before ?? [], after ?? [])).toHaveLength(10_000);
  });
});

function longestCommon(before: readonly string[], after: readonly string[]): number {
  let row = new Array<number>(after.length + 1).fill(0);
  for (const line of before) {
    const next = [0];
    for (const [index, other] of after.entries())
      next.push(line === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}
