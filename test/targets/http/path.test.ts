import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPath, writePath, writeQuery } from '../../../src/targets/http/path.ts';

const sent = (raw: string) => {
  const { segments, query } = readPath(raw);
  return writePath(segments) + writeQuery(query);
};

describe('a path', () => {
  test.each([
    ['/', '/'],
    ['/v1/orders', '/v1/orders'],
    ['/v1/orders/', '/v1/orders/'],
    ['/v1/%6frders/%41', '/v1/orders/A'],
    ['/v1/projects/p:undelete', '/v1/projects/p:undelete'],
    ['/caf%C3%A9', '/caf%C3%A9'],
    ['/a%20b', '/a%20b'],
    ['/a%2Cb%3D1', '/a,b=1'],
    ['/o?a=1&b=%20x+y&c', '/o?a=1&b=%20x%20y&c'],
    ['/o?a=1;b=2', '/o?a=1%3Bb%3D2'],
    ['/o?next=/x?y', '/o?next=/x%3Fy'],
    ['/o?', '/o'],
    ['/o?&&a=1', '/o?a=1'],
  ])('%s is sent on as %s', (raw, expected) => {
    expect(sent(raw)).toBe(expected);
  });

  test.each([
    '/v1/../admin',
    '/v1/%2e%2e/admin',
    '/v1/.%2E/admin',
    '/v1/./x',
    '/v1/...',
    '/v1//orders',
    '//evil.example/x',
    '/v1/orders%2F1',
    '/v1/orders%2f1',
    '/v1/orders%5C1',
    '/v1/orders\\1',
    '/v1/orders%00',
    '/v1/orders%0d%0aX:1',
    '/v1/orders%7f',
    '/v1/orders%C2%85',
    '/v1/orders%25%32%66',
    '/v1/orders%252F1',
    '/v1/orders%',
    '/v1/orders%2',
    '/v1/orders%zz',
    '/v1/orders%C0%AF1',
    '/v1/orders%FF',
    '/v1/orders%ED%A0%80',
    '/v1/orders;admin=1',
    '/v1/orders%3Badmin=1',
    '/v1/orders%3Fadmin',
    '/v1/orders%23admin',
    '/v1/orders#admin',
    '/v1/orders?a=1#b',
    '/v1/%EF%BC%8E%EF%BC%8E/admin',
    '/v1/%E2%80%A5/admin',
    '/v1/a%EF%BC%8Fadmin',
    '/v1/a%E2%81%84%EF%BC%85',
    '/v1/a%E2%80%AE',
    '/v1/a%EF%BB%BF',
    '/v1/a"b',
    '/v1/a<b',
    '/v1/a|b',
    '/v1/a^b',
    '/v1/[a]',
    '*',
    'v1/orders',
    'http://evil.example/v1/orders',
    '/v1?a=%00',
    '/v1?a=%0a',
    '/v1?a=%',
    '/v1?a=%C3%28',
    '/v1?=1',
    `/v1?${'a=1&'.repeat(201)}`,
  ])('%s is refused', (raw) => {
    expect(() => readPath(raw)).toThrow(expect.objectContaining({ code: 'operation-unreadable' }));
  });

  test('that was read is sent as what would be read again, byte for byte', () => {
    const piece = fc.string({
      unit: fc.constantFrom(
        'a',
        'B',
        '1',
        '.',
        '/',
        '%',
        '2',
        'e',
        'F',
        ':',
        ';',
        '?',
        '&',
        '=',
        '+',
        '~',
        '\\',
        'C3',
        '%A9',
      ),
    });
    fc.assert(
      fc.property(piece, (raw) => {
        let once: string;
        try {
          once = sent(`/${raw}`);
        } catch {
          return;
        }
        expect(sent(once)).toBe(once);
        // Another reader of URLs finds the same path in it.
        expect(new URL(once, 'http://service').pathname).toBe(once.split('?')[0]);
      }),
      { numRuns: 3000 },
    );
  });
});
