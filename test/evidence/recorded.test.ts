import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsOf } from '../../src/evidence/recorded.ts';

test('the cells of a row are its values, to the last digit and the last sign', () => {
  expect(cellsOf('[1,"a,\\"]b",null,{"n": 12345678901234567890.10, "n": [1,{"x":"}"}]},[],-1e400]')).toEqual([
    '1',
    '"a,\\"]b"',
    'null',
    '{"n": 12345678901234567890.10, "n": [1,{"x":"}"}]}',
    '[]',
    '-1e400',
  ]);
  expect(cellsOf('[]')).toEqual([]);
});

test('the cells of any row are those that a JSON reader finds', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (row) => {
      const text = JSON.stringify(row);

      expect(cellsOf(text)).toEqual(JSON.parse(text).map((value: unknown) => JSON.stringify(value)));
    }),
  );
});
