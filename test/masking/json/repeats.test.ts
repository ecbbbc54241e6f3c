import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonMask } from '../../../src/masking/json/become.ts';
import { maskJson, maskResult, masksOf, type Rule, readPath, ruleOf } from '../../../src/masking/masking.ts';
import { inChunks } from './masked.ts';

const mask = (path: string): Rule<JsonMask> =>
  ruleOf(readPath(path), { do: 'mask', mask: { path, class: 'C', transform: 'redact' } });
const rules = [
  mask('items[*].env[DB].value'),
  mask('items[*].secret'),
  ruleOf<JsonMask>(readPath('items[*].managed'), { do: 'leave' }),
];
const masks = masksOf(rules, (_, { json, text }) => JSON.stringify(`[${(text ?? json).length}]`));

async function answered(json: string, sizes: readonly number[]): Promise<string> {
  const pieces = maskJson(inChunks(Buffer.from(json), sizes), masks);
  const summary = () => ({ truncated: false });
  const body = { form: 'body', status: 200, headers: [], content: 'json', live: false, pieces, summary } as const;
  const result = maskResult(body, { unmask: [] });
  if (result.form !== 'body') throw new Error('An answer is a body.');
  const left: Uint8Array[] = [];
  for await (const bytes of result.pieces) left.push(bytes);
  return Buffer.concat(left).toString();
}

const env = fc.array(
  fc.record({
    name: fc.constantFrom('DB', 'DA', 'a name'),
    value: fc.constantFrom('a value', 'b value', 'x@example.com'),
  }),
  { minLength: 1, maxLength: 4 },
);
const managed = fc.dictionary(
  fc.constantFrom('f:a', 'f:b', 'k:{"name":"DB"}'),
  fc.constantFrom({}, { 'f:c': ['x@example.com'] }),
);
/** Few kinds, that differ in little: most come again, at once or later. */
const kinds = fc.array(
  fc.record({
    name: fc.constantFrom('p0', 'p1'),
    env,
    managed,
    secret: env,
    note: fc.constantFrom('y@example.com', 'nothing at all here'),
  }),
  { minLength: 2, maxLength: 5 },
);

test('what comes again in a long list becomes what it became before, and what differs by a byte what it becomes alone', () =>
  fc.assert(
    fc.asyncProperty(
      kinds,
      fc.array(fc.nat(), { minLength: 7, maxLength: 30 }),
      fc.constantFrom(4096, 16384, 65536),
      async (kinds, order, size) => {
        const texts = kinds.map((kind) => JSON.stringify(kind));
        const alone = await Promise.all(texts.map((text) => answered(`{"items":[${text}]}`, [65536])));
        const count = Math.ceil(150_000 / texts.join().length) * texts.length;
        const chosen = Array.from({ length: count }, (_, at) => (order[at % order.length] ?? 0) % texts.length);

        const list = await answered(`{"items":[${chosen.map((at) => texts[at]).join()}]}`, [size, 977]);

        const expected = chosen.map((at) => alone[at]?.slice('{"items":['.length, -2)).join();
        expect(list === `{"items":[${expected}]}`).toBe(true);
      },
    ),
    { numRuns: 12 },
  ));

test('what came again and is then no JSON is refused', async () => {
  const item = JSON.stringify({ name: 'p0', managed: { 'f:a': { 'f:b': ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] } } });
  const items = Array.from({ length: 2000 }, () => item).join();

  const broken = [
    item.replace('["a","b"', '["a" "b"'),
    item.replace('"f:b":', '"f:b"'),
    item.replace('"]}}}', '"]]}}'),
  ];

  for (const one of broken)
    await expect(answered(`{"items":[${items},${one}]}`, [16384])).rejects.toMatchObject({ code: 'answer-unreadable' });
});
