import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectedClasses, maskResult, maskText, mayHoldText } from '../../src/masking/masking.ts';
import type { Lines, Rows } from '../../src/model/result.ts';
import { batchOf, type Row, rowsOf as rowsIn } from '../fakes/batches.ts';

/** A target that answers with these batches and remembers how far it was read and whether it was left. */
function fakeResult(given: Row[][], type = 'text') {
  const batches = given.map((rows) => batchOf(rows, mayHoldText(type)));
  const seen = { sent: 0, left: 0 };
  const result: Rows = {
    columns: [{ name: 'a', type }],
    form: 'rows',
    batches: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const value = batches[seen.sent];
          if (value === undefined) return { done: true, value: undefined };
          seen.sent++;
          return { done: false, value };
        },
        async return() {
          seen.left++;
          return { done: true, value: undefined };
        },
      }),
    },
    summary: () => ({ truncated: true, affected: 3 }),
  };
  return { result, seen };
}

async function rowsOf(batches: AsyncIterable<Lines>) {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...rowsIn(batch));
  return rows;
}

async function maskValue(value: Row[number], unmask: string[] = [], type = 'text') {
  const masked = maskResult(fakeResult([[[value]]], type).result, { unmask });
  const [[first] = []] = await rowsOf(masked.batches);
  return { value: first, findings: masked.findings() };
}

test('what is found is replaced by its class and counted by class', async () => {
  const rows: Row[] = [['bob@example.com and ann@example.com'], [null], ['10.0.0.1']];
  const masked = maskResult(fakeResult([rows.slice(0, 2), rows.slice(2)]).result, { unmask: [] });

  const seen = await rowsOf(masked.batches);

  expect(seen).toEqual([['[EMAIL_ADDRESS] and [EMAIL_ADDRESS]'], [null], ['[IP_ADDRESS]']]);
  expect(masked.findings()).toEqual([
    { class: 'EMAIL_ADDRESS', count: 2 },
    { class: 'IP_ADDRESS', count: 1 },
  ]);
});

test('classes that this identity may see stay in the clear and are not counted', async () => {
  const { value, findings } = await maskValue('bob@example.com at 10.0.0.1', ['EMAIL_ADDRESS']);

  expect(value).toBe('bob@example.com at [IP_ADDRESS]');
  expect(findings).toEqual([{ class: 'IP_ADDRESS', count: 1 }]);
});

test('every class that a detector finds can be exempt', () => {
  const everything = 'bob@example.com 4111111111111111 DE89370400440532013000 123-45-6789 +14155552671 10.0.0.1';

  expect(maskText(everything, { unmask: detectedClasses })).toEqual({ text: everything, findings: [] });
});

test('texts within lists, objects and keys are looked through', async () => {
  const { value } = await maskValue({
    list: ['x', { deep: 'bob@example.com' }],
    'ann@example.com': 1,
    'eve@example.com': null,
    plain: true,
  });

  expect(value).toEqual({
    list: ['x', { deep: '[EMAIL_ADDRESS]' }],
    '[EMAIL_ADDRESS]': 1,
    '[EMAIL_ADDRESS] 2': null,
    plain: true,
  });
});

test('a key called __proto__ stays a key', async () => {
  const { value } = await maskValue(JSON.parse('{"__proto__": "bob@example.com"}'));

  expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test('a value nested however deep is looked through', async () => {
  let value: Row[number] = 'bob@example.com';
  for (let depth = 0; depth < 5000; depth++) value = [value];
  const { result } = fakeResult([[[value]]]);
  let text = '';

  for await (const { bytes } of maskResult(result, { unmask: [] }).batches) text += Buffer.from(bytes).toString();

  expect(text).toBe(`${'['.repeat(5001)}"[EMAIL_ADDRESS]"${']'.repeat(5001)}\n`);
});

test('where a value is masked, all beside it stays to the last digit', async () => {
  const json = '["bob@example.com",{"n":12345678901234567890.10,"a":1,"a":2,"t":"\\u0062ob@example.com \\/"}]\n';
  const bytes = Buffer.from(json);
  async function* batches() {
    yield { bytes, rows: 1, texts: [1, 18, 19, bytes.length - 2] };
  }
  const masked = maskResult({ ...fakeResult([]).result, batches: batches() }, { unmask: [] });
  let text = '';

  for await (const lines of masked.batches) text += Buffer.from(lines.bytes).toString();

  expect(text).toBe('["[EMAIL_ADDRESS]",{"n":12345678901234567890.10,"a":1,"a":2,"t":"[EMAIL_ADDRESS] /"}]\n');
});

test.each([
  'int8',
  'numeric',
  'timestamptz',
  'uuid',
  'date',
  'INT64',
  'NUMERIC',
  'TIMESTAMP',
  'float8',
  'numeric(20,2)',
])('the digits of a column of type %s are never mistaken for a card', async (type) => {
  const { value } = await maskValue('4111111111111111', [], type);

  expect(value).toBe('4111111111111111');
});

test.each(['text', 'varchar', 'jsonb', 'STRING', 'int8[]', 'intern_name', 'unknown', ''])(
  'a column of type %j is looked through',
  async (type) => {
    const { value } = await maskValue('4111111111111111', [], type);

    expect(value).toBe('[CREDIT_CARD_NUMBER]');
  },
);

test('numbers, booleans and null are passed on as they are', async () => {
  for (const value of [4111111111111111, true, null, 0.1]) expect((await maskValue(value)).value).toBe(value);
});

test('batches without findings are passed on without being copied', async () => {
  const batch = batchOf([
    ['a', { b: ['c'] }],
    ['d', null],
  ]);
  async function* batches() {
    yield batch;
  }
  const result = { ...fakeResult([]).result, batches: batches() };

  for await (const passed of maskResult(result, { unmask: [] }).batches) expect(passed.bytes).toBe(batch.bytes);
});

describe('streaming', () => {
  test('a batch is taken from the target only when it is asked for', async () => {
    const { result, seen } = fakeResult([[['a']], [['b']], [['c']]]);
    const reader = maskResult(result, { unmask: [] }).batches[Symbol.asyncIterator]();

    await reader.next();

    expect(seen).toEqual({ sent: 1, left: 0 });
  });

  test('leaving early cancels at the target', async () => {
    const { result, seen } = fakeResult([[['a']], [['b']]]);

    for await (const _ of maskResult(result, { unmask: [] }).batches) break;

    expect(seen).toEqual({ sent: 1, left: 1 });
  });

  test('leaving before the first batch cancels at the target too', async () => {
    const { result, seen } = fakeResult([[['a']]]);

    await maskResult(result, { unmask: [] }).batches[Symbol.asyncIterator]().return?.();

    expect(seen).toEqual({ sent: 0, left: 1 });
  });

  test('what fails at the target fails for the reader', async () => {
    const broken: Rows = {
      ...fakeResult([]).result,
      form: 'rows',
      batches: {
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('gone')) }),
      },
    };

    await expect(rowsOf(maskResult(broken, { unmask: [] }).batches)).rejects.toThrow('gone');
  });

  test('columns and summary are those of the target', () => {
    const { result } = fakeResult([]);
    const masked = maskResult(result, { unmask: [] });

    expect(masked.columns).toBe(result.columns);
    expect(masked.summary()).toEqual({ truncated: true, affected: 3 });
  });
});

describe('whatever the text', () => {
  const parts = [
    'bob@example.com',
    '4111 1111 1111 1111',
    '10.0.0.1',
    '123-45-6789',
    ' ',
    'x',
    '-',
    '.',
    '\u200b',
    'é',
    '🎉',
    '+49 30 1234567',
  ];
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...parts)).map((chosen) => chosen.join('')),
  );

  test('what is exempt comes back to the letter', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(maskText(text, { unmask: detectedClasses }).text).toBe(text);
      }),
    );
  });

  test('what surrounds a finding stays as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (around) => {
        const quiet = around.replace(/[\w@.+~/=#$%&'*?^`{|}!-]|[^\u0020-\u007e]/gu, ' ');

        expect(maskText(`${quiet} bob@example.com ${quiet}`, { unmask: [] }).text).toBe(
          `${quiet} [EMAIL_ADDRESS] ${quiet}`,
        );
      }),
    );
  });
});
