import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPath } from '../../../src/masking/json/paths.ts';
import { mostHeld } from '../../../src/masking/json/streams.ts';
import { maskJson } from '../../../src/masking/masking.ts';
import { answered, inChunks, masked, masksFor, piecesOf } from './masked.ts';

const secret = { paths: { '**.secret': 'CREDENTIAL' } };

describe('paths', () => {
  test.each([
    ['data.*', '{"data":{"a":"x","b":"y"},"c":"z"}', '{"data":{"a":"[C]","b":"[C]"},"c":"z"}'],
    [
      'items[*].email',
      '{"items":[{"email":"x","n":1},{"email":"y"}]}',
      '{"items":[{"email":"[C]","n":1},{"email":"[C]"}]}',
    ],
    ['**.ssn', '{"ssn":"1","a":[{"b":{"ssn":"2"}}]}', '{"ssn":"[C]","a":[{"b":{"ssn":"[C]"}}]}'],
    ['a.b[0].c', '{"a":{"b":[{"c":"x"},{"c":"y"}]}}', '{"a":{"b":[{"c":"[C]"},{"c":"y"}]}}'],
    ['["a.b"]', '{"a.b":"x","a":{"b":"y"}}', '{"a.b":"[C]","a":{"b":"y"}}'],
    ['a["b\\"c"]', '{"a":{"b\\"c":"x"}}', '{"a":{"b\\"c":"[C]"}}'],
    ['[*]', '["x",["y"],{"z":"w"}]', '["[C]",["[C]"],{"z":"[C]"}]'],
    ['[1]', '["x","y","z"]', '["x","[C]","z"]'],
    ['**.a[*].b', '{"q":{"a":[{"b":"x"}]}}', '{"q":{"a":[{"b":"[C]"}]}}'],
    ['a.**.b', '{"a":{"b":"x","c":[{"b":"y"}]},"b":"z"}', '{"a":{"b":"[C]","c":[{"b":"[C]"}]},"b":"z"}'],
    [
      'env[DB].value',
      '{"env":[{"value":"x","name":"DB"},{"name":"D","value":"y"}]}',
      '{"env":[{"value":"[C]","name":"DB"},{"name":"D","value":"y"}]}',
    ],
    [
      'address',
      '{"address":{"street":"x","no":5,"at":[true,null]}}',
      '{"address":{"street":"[C]","no":null,"at":[null,null]}}',
    ],
    ['*', '{"":"x"}', '{"":"[C]"}'],
    ['[""]', '{"":"x","a":"y"}', '{"":"[C]","a":"y"}'],
    ['**', '{"a":["x",1]}', '{"a":["[C]",null]}'],
    ['**', '"x"', '"[C]"'],
  ])('%s masks what it names and nothing else', async (path, json, expected) => {
    expect(await masked(json, { paths: { [path]: 'C' } })).toBe(expected);
  });

  test.each(['', '.', 'a.', '.a', 'a..b', 'a[', 'a[]', 'a b.["x]', '**.**', 'a.**', 'a["\\q"]', 'a[1000]', 'a]b'])(
    'the path %j is refused, as it would mask nothing',
    (path) => {
      expect(() => readPath(path)).toThrow('cannot be read');
    },
  );

  test('a class that the identity may see stays', async () => {
    expect(await masked('{"a":"x","b":"y"}', { paths: { a: 'SEEN', b: 'HIDDEN' }, unmask: ['SEEN'] })).toBe(
      '{"a":"x","b":"[HIDDEN]"}',
    );
  });

  test('masked values are counted by path', async () => {
    const counts = new Map<string, number>();

    const source = inChunks(Buffer.from('{"a":["x",1],"b":"y"}'), [3]);
    await piecesOf(maskJson(source, masksFor({ a: 'C', b: 'D', c: 'E' }), 'document', counts));

    expect([...counts]).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});

describe('transforms', () => {
  test.each([
    ['redact', '["long enough",12345678901,true,null]', '["[C]",null,null,null]'],
    ['null', '["long enough",12345678901,true,null]', '[null,null,null,null]'],
    [
      'partial',
      '["long enough","short",12345678901,1234567,-12345678901,12345678.9,1e8,true,null]',
      '["****ough","[C]",8901,null,null,5678,0,null,null]',
    ],
    ['partial', '["🎉🎉🎉🎉🎉🎉🎉🎉","🎉🎉🎉🎉🎉🎉🎉","🎉🎉🎉🎉1234"]', '["****🎉🎉🎉🎉","[C]","****1234"]'],
  ] as const)('%s', async (transform, json, expected) => {
    expect(await masked(json, { paths: { '[*]': ['C', transform] } })).toBe(expected);
  });

  test('tokens are equal for equal values, and only for those of one class', async () => {
    const json = '["a","a","b",1.0,1,10e-1,"1"]';
    const tokens: unknown[] = JSON.parse(await masked(json, { paths: { '[*]': ['C', 'token'] } }));
    const others: unknown[] = JSON.parse(await masked(json, { paths: { '[*]': ['D', 'token'] } }));

    const [a, again, b, one] = tokens;
    expect(a).toMatch(/^tok_[a-p]{32}$/);
    expect(again).toBe(a);
    expect(b).not.toBe(a);
    expect(tokens.slice(3, 6)).toEqual([one, one, one]);
    expect(others[0]).not.toBe(a);
  });
});

describe('what is not touched keeps its bytes', () => {
  test.each([
    `{"n":${'1234567890'.repeat(1000)}.${'0'.repeat(1000)}e+00}`,
    '{"a":1,"a":2,"__proto__":{"constructor":-0}}',
    ' [ 1.0 , 1e0 , -0.0E-5 ,\r\n\t"\\u0061\\/\\ud800" ] \n',
    '{"é":"\u{1f389}","":[{}],"x":[[],{}]}',
    'null',
    '"text"',
    '-12.5e3',
  ])('%s', async (json) => {
    for (const sizes of [[65536], [1], [2, 3]]) expect(await masked(json, { ...secret, sizes })).toBe(json);
  });

  test('a name that is written twice is masked twice', async () => {
    expect(await masked('{"secret":"a","secret":"b"}', secret)).toBe(
      '{"secret":"[CREDENTIAL]","secret":"[CREDENTIAL]"}',
    );
  });

  test('a name that is written with escapes is the same name', async () => {
    expect(await masked('{"s\\u0065cret":"a","\\u0073ecret":"b"}', secret)).toBe(
      '{"s\\u0065cret":"[CREDENTIAL]","\\u0073ecret":"[CREDENTIAL]"}',
    );
  });

  test('__proto__ is a name like any other', async () => {
    expect(await masked('{"__proto__":{"secret":"a"}}', { paths: { '__proto__.secret': 'C' } })).toBe(
      '{"__proto__":{"secret":"[C]"}}',
    );
  });

  test('a byte order mark at the beginning passes', async () => {
    expect(await masked('\ufeff{"secret":"a"}', { ...secret, sizes: [1] })).toBe('\ufeff{"secret":"[CREDENTIAL]"}');
  });

  test('an answer without a body passes', async () => {
    expect(await masked('', secret)).toBe('');
  });
});

describe('what is no JSON never passes', () => {
  test.each([
    ...[
      '{"secret":"a"',
      '{"a":1}}',
      '[1,]',
      '{"a":1,}',
      '{,}',
      '[1 2]',
      '{"a" 1}',
      '{"a":}',
      '{a:1}',
      "{'a':1}",
      '[,1]',
      '{1:2}',
    ],
    ...['01', '-', '1.', '.5', '1e', '+1', '0x1', 'NaN', 'Infinity', 'tru', 'nul', 'True', '1 2', '[1][2]', '"a" "b"'],
    ...[
      '"\u0001"',
      '"\n"',
      '"\\x"',
      '"\\u12g4"',
      '"open',
      '{"a":"\\"}',
      '<html>',
      '\ufeff\ufeff1',
      '[1}',
      '{"a":1]',
      '\u00a01',
    ],
    ...['//x\n1', '[1]/**/', '{"a":1\u0000}', ' ', '\ufeff'],
  ])('%j', async (json) => {
    for (const sizes of [[65536], [1]])
      await expect(masked(json, { ...secret, sizes })).rejects.toMatchObject({ code: 'answer-unreadable' });
  });

  test('nor what is no UTF-8', async () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xc3, 0x22],
      [0xff, 0xfe, 0x31, 0x00],
    ])
      for (const sizes of [[65536], [1]])
        await expect(masked(Buffer.from(bytes), { sizes })).rejects.toMatchObject({ code: 'answer-unreadable' });
  });

  test('nor what is too deep', async () => {
    await expect(masked(`${'['.repeat(100_000)}`)).rejects.toMatchObject({ code: 'too-large' });
    await expect(masked(`${'{"a":'.repeat(100_000)}`)).rejects.toMatchObject({ code: 'too-large' });
  });

  test('nor a text that is too long to be seen whole', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'a');
    async function* endless() {
      yield Buffer.from('{"a":"');
      for (let size = 0; size <= mostHeld; size += chunk.length) yield chunk;
      throw new Error('It was read on.');
    }

    await expect(piecesOf(maskJson(endless(), masksFor({})))).rejects.toMatchObject({ code: 'too-large' });
  });

  test('what JSON.parse refuses is refused, and what it takes is taken', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0aeE1+-. \ntrufalsn'), maxLength: 24 }),
        async (json) => {
          fc.pre(json !== '');
          let isJson = true;
          try {
            JSON.parse(json);
          } catch {
            isJson = false;
          }

          const passes = await masked(json, { sizes: [2] }).then(
            (text) => text === json,
            () => false,
          );

          expect(passes).toBe(isJson);
        },
      ),
      { numRuns: 1000 },
    ));
});

test('wherever the network cuts it, the answer is the same, and no secret is in it', () =>
  fc.assert(
    fc.asyncProperty(fc.json(), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (inner, sizes) => {
      const json = `{"secret":"plan\\u0074ed","rest":[${inner},{"secret":"planted"}]}`;

      const whole = await masked(json, secret);

      expect(await masked(json, { ...secret, sizes })).toBe(whole);
      expect(whole).not.toContain('planted');
      expect(whole).toContain(inner.includes('"secret"') ? '' : inner);
    }),
    { numRuns: 100 },
  ));

test('what an object tells of itself counts for it and for no other, wherever and however often it tells it', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.subarray(['DB', 'D\\u0042', 'OTHER']), fc.nat(600), fc.nat(3)), { maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      async (told, size) => {
        const items = told.map(([names, number, place]) => {
          const members = [`NAME_${number}`, ...names].map((name) => `"name":"${name}"`);
          return `{${members.toSpliced(place, 0, '"value":"a=b"').join()}}`;
        });
        const expected = items.map((item) => (/"D(?:B|\\u0042)"/.test(item) ? item.replace('a=b', '[C]') : item));

        const left = await masked(`{"env":[${items}]}`, { paths: { 'env[DB].value': 'C' }, sizes: [size] });

        expect(left).toBe(`{"env":[${expected}]}`);
      },
    ),
    { numRuns: 100 },
  ));

describe('a document a line', () => {
  const lines = { ...secret, framing: 'lines' } as const;

  test('leaves as soon as its end has come, wherever it is cut', async () => {
    async function* cut() {
      yield Buffer.from('{"secret":"a"');
      yield Buffer.from('}\n\n{"b":1}\r\n{"c"');
      yield Buffer.from(':2}');
    }

    const pieces = await piecesOf(maskJson(cut(), masksFor(secret.paths), 'lines'));

    expect(pieces.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      '{"secret":"[CREDENTIAL]"}\n\n{"b":1}\r\n',
      '{"c":2}',
    ]);
  });

  test.each(['{"a":1}{"b":2}\n', '{"a":\n1}\n', 'x\n', '{"a":1}\n{"a"'])('%j is refused', async (text) => {
    await expect(masked(text, { ...lines, sizes: [3] })).rejects.toMatchObject({ code: 'answer-unreadable' });
  });
});

describe('server-sent events', () => {
  const asEvents = { ...secret, framing: 'events' } as const;

  test.each([
    ['data: {"secret":"a"}\n\n', 'data: {"secret":"[CREDENTIAL]"}\n\n'],
    ['data:{"secret":"a"}\r\n\r\n', 'data:{"secret":"[CREDENTIAL]"}\r\n\r\n'],
    ['data: {"secret":"a"}\r\rdata: [DONE]\r\r', 'data: {"secret":"[CREDENTIAL]"}\r\rdata: [DONE]\r\r'],
    [
      'event: x\nid: 1\ndata: {"secret":"a"}\n: note\n\n',
      'event: x\nid: 1\ndata: {"secret":"[CREDENTIAL]"}\n: note\n\n',
    ],
    ['data: {\ndata: "secret": "a"}\n\n', 'data: {\ndata: "secret": "[CREDENTIAL]"}\n\n'],
    ['retry: 5\n\ndata: hello\ndata: "you" there\n\n', 'retry: 5\n\ndata: hello\ndata: "you" there\n\n'],
    ['\ufeffdata: {"secret":"a"}\n\n', '\ufeffdata: {"secret":"[CREDENTIAL]"}\n\n'],
    ['data: {"secret":"a"}', 'data: {"secret":"[CREDENTIAL]"}'],
  ])('%j', async (text, expected) => {
    for (const sizes of [[65536], [1], [7]]) {
      const left = await masked(text, { ...asEvents, sizes });

      expect(left).toBe(expected);
    }
  });

  test.each(['data: {"secret":"a"\n\n', 'data: [1,\n\n', 'data: {}{}\n\n'])('%j is refused', async (text) => {
    await expect(masked(text, asEvents)).rejects.toMatchObject({ code: 'answer-unreadable' });
  });

  test('detectors look through texts and JSON alike', async () => {
    const text =
      'data: {"m":"bob@example.com"}\nid: a bob@example.com\n\n: bob@example.com\n\ndata: "bob\\u0040example.com"\n\n';

    expect(await answered(text, asEvents)).toEqual({
      text: 'data: {"m":"[EMAIL_ADDRESS]"}\nid: a [EMAIL_ADDRESS]\n\n: [EMAIL_ADDRESS]\n\ndata: "[EMAIL_ADDRESS]"\n\n',
      findings: [{ class: 'EMAIL_ADDRESS', count: 4 }],
    });
  });
});

describe('the second net', () => {
  test('sees every text and every name, whatever path it stands under', async () => {
    const json =
      '{"a":[{"b":"to bob@example.com"}],"ann@example.com":1,"x":{"bob@example.com" : 2},"n":4111111111111111}';

    for (const sizes of [[65536], [1]])
      expect(await answered(json, { sizes })).toEqual({
        text: '{"a":[{"b":"to [EMAIL_ADDRESS]"}],"[EMAIL_ADDRESS]":1,"x":{"[EMAIL_ADDRESS] 2" : 2},"n":4111111111111111}',
        findings: [{ class: 'EMAIL_ADDRESS', count: 3 }],
      });
  });

  test('looks where something was masked before, at what is left', async () => {
    const json = '{"secret":"x","mail":"bob@example.com","more":{"secret":"yyyyyyyyyyyyyyyyyyyyyyy","ip":"10.0.0.1"}}';

    expect((await answered(json, secret)).text).toBe(
      '{"secret":"[CREDENTIAL]","mail":"[EMAIL_ADDRESS]","more":{"secret":"[CREDENTIAL]","ip":"[IP_ADDRESS]"}}',
    );
  });
});

test('who leaves early leaves at the source', async () => {
  let left = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: Buffer.from('[1,') }),
      return: async () => {
        left++;
        return { done: true, value: undefined };
      },
    }),
  };

  await maskJson(source, masksFor({}))[Symbol.asyncIterator]().return?.();

  expect(left).toBe(1);
});
