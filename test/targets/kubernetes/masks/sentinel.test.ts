import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textToken } from '../../../../src/masking/masking.ts';
import { createTokenKey } from '../../../../src/model/seal.ts';
import {
  refuseSentinel,
  sentinel,
  sentinel64,
  sentinelFinder,
} from '../../../../src/targets/kubernetes/masks/sentinel.ts';

const finder = sentinelFinder(['EMPLOYEE_NUMBER']);
const holds = (text: string) => finder(Buffer.from(text));
const inJson = (text: string, times: number): string =>
  times === 0 ? text : inJson(JSON.stringify({ a: text }), times - 1);
const escaped = (text: string) => [...text].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join('');

describe('a mask is found again', () => {
  test.each(['CREDENTIAL', 'EMAIL_ADDRESS', 'EMPLOYEE_NUMBER'])('of the class %s, in any form', (name) => {
    for (const times of [0, 1, 2, 3]) expect(holds(inJson(`before ${sentinel(name)} after`, times))).toBe(true);
    expect(holds(`{"data":{"a":"${sentinel64(name)}"}}`)).toBe(true);
    expect(holds(`{"a":"${escaped(sentinel(name))}"}`)).toBe(true);
    expect(holds(JSON.stringify({ a: `{"b":"${escaped(sentinel(name))}"}` }))).toBe(true);
    expect(holds(`a: |\n  ${sentinel64(name).slice(0, 8)}\n  ${sentinel64(name).slice(8)}\n`)).toBe(true);
  });

  test('in base64 of anything around it, at every alignment', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 30 }),
        fc.uint8Array({ maxLength: 30 }),
        fc.boolean(),
        (before, after, url) => {
          const bytes = Buffer.concat([before, Buffer.from(sentinel('CREDENTIAL')), after]);

          expect(holds(`x: ${bytes.toString(url ? 'base64url' : 'base64')}`)).toBe(true);
        },
      ),
    ));

  test('as a token, raw and in base64', () => {
    const token = textToken('x', createTokenKey('k')('C'));

    expect(holds(`{"a":"${token}"}`)).toBe(true);
    for (const before of ['', 'a', 'ab', 'abc'])
      expect(holds(`{"a":"${Buffer.from(`${before} ${token} more`).toString('base64')}"}`)).toBe(true);
  });

  test('within protobuf', () => {
    expect(
      finder(
        Buffer.concat([
          Buffer.from([0x6b, 0x38, 0x73, 0, 0xff]),
          Buffer.from(sentinel('CREDENTIAL')),
          Buffer.from([0x80]),
        ]),
      ),
    ).toBe(true);
  });
});

test.each([
  '{"kind":"Secret","data":{"a":"aHVudGVyMg=="}}',
  '[DEFAULT]\ncolour = blue',
  'CREDENTIAL',
  '[credential]',
  '["CREDENTIAL"]',
  'token: tok_short',
  JSON.stringify({
    a: 'tok_'.repeat(3),
    b: Buffer.from('a long text that holds tok_ and nothing else of note').toString('base64'),
  }),
  `{"a":"${'\\\\'.repeat(50)}"}`,
])('%j holds none', (text) => {
  expect(holds(text)).toBe(false);
});

test('who writes a mask back is told what to do instead', () => {
  expect(() => refuseSentinel(Buffer.from('[CREDENTIAL]'), finder)).toThrow(
    expect.objectContaining({ code: 'target-rejected', status: 422, detail: expect.stringContaining('kubectl patch') }),
  );
});
