import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAddress, writeAddress } from '../../../src/targets/kubernetes/path.ts';

describe('a path that two readers could read differently is refused', () => {
  test.for([
    '',
    'api/v1/pods',
    '*',
    'http://elsewhere/api/v1/pods',
    '//api/v1/pods',
    '/api//v1/pods',
    '/api/v1/pods/',
    '/api/v1/pods//',
    '/api/v1/./pods',
    '/api/v1/../v1/secrets',
    '/api/v1/secrets/../pods',
    '/api/v1/%2e%2e/secrets',
    '/api/v1/%2E/secrets',
    '/api/v1/.%2e/secrets',
    '/api/v1/namespaces/a%2Fsecrets',
    '/api/v1/namespaces/a%2fsecrets%2fs',
    '/api/v1/namespaces/a\\secrets',
    '/api/v1/namespaces/a%5csecrets',
    '/api/v1/namespaces/a%252fsecrets',
    '/api/v1/%2573ecrets',
    '/api/v1/pods%00',
    '/api/v1/pods%0a',
    '/api/v1/pods%0d%0aHost:x',
    '/api/v1/pods%7f',
    '/api/v1/pods%c2%85',
    '/api/v1/pods;x=1',
    '/api/v1/pods%3bx=1',
    '/api/v1/pods#x',
    '/api/v1/pods?x#y',
    '/api/v1/pods%',
    '/api/v1/pods%2',
    '/api/v1/pods%zz',
    '/api/v1/pods%u0073',
    '/api/v1/pods%ff',
    '/api/v1/pods%c0%af',
    '/api/v1/pods%ed%a0%80',
    '/api/v1/pöds',
    '/api/v1/pods /x',
    '/api/v1/pods\tx',
    '/api/v1/pods?a=1;b=2',
    '/api/v1/pods?a=%zz',
    '/api/v1/pods?a=%ff',
    '/api/v1/pods?a=%00',
    '/api/v1/pods?%=1',
  ])('%j', (raw) => {
    expect(() => readAddress(raw)).toThrow(expect.objectContaining({ code: 'operation-unreadable' }));
  });
});

describe('what is sent is what was parsed, written anew', () => {
  test.for([
    ['/', '/'],
    ['/api/v1/%73ecrets', '/api/v1/secrets'],
    ['/%61pi', '/api'],
    [
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node',
    ],
    ['/api/v1/pods?', '/api/v1/pods'],
    ['/api/v1/pods?&&limit=5&', '/api/v1/pods?limit=5'],
    ['/api/v1/pods?watch', '/api/v1/pods?watch='],
    ['/api/v1/pods?labelSelector=a+b%2Bc', '/api/v1/pods?labelSelector=a%20b%2Bc'],
    ['/api/v1/pods?a=b=c?d', '/api/v1/pods?a=b%3Dc%3Fd'],
    ["/api/v1/pods?a='*(!)", '/api/v1/pods?a=%27%2A%28%21%29'],
  ] as const)('%s becomes %s', ([raw, written]) => {
    expect(writeAddress(readAddress(raw))).toBe(written);
  });

  test('whatever is read and written is read again as the same', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '/',
      '.',
      '%',
      '%2f',
      '%41',
      '%e2%82%ac',
      '?',
      '&',
      '=',
      '+',
      ':',
      ';',
      '~',
      '%25',
      '%20',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const raw = `/${pieces.join('')}`;
        let read: ReturnType<typeof readAddress>;
        try {
          read = readAddress(raw);
        } catch {
          return;
        }

        const written = writeAddress(read);

        expect(readAddress(written)).toEqual(read);
        expect(writeAddress(readAddress(written))).toBe(written);
      }),
      { numRuns: 2000 },
    );
  });

  test('the standard parser of URLs reads it in the same way', () => {
    const raw = '/api/v1/namespaces/a/pods?labelSelector=x%20in%20%28a%2Cb%29&fieldSelector=metadata.name%3Dx%2By';

    const { segments, query } = readAddress(raw);

    const url = new URL(writeAddress({ segments, query }), 'https://server');
    expect(url.pathname).toBe(`/${segments.join('/')}`);
    expect([...url.searchParams]).toEqual(query);
  });
});

test.each([
  ['/api/', '/api'],
  ['/api/v1/?timeout=5s', '/api/v1?timeout=5s'],
  ['/apis/', '/apis'],
  ['/apis/apps/', '/apis/apps'],
  ['/apis/networking.k8s.io/v1/', '/apis/networking.k8s.io/v1'],
  ['/version/', '/version'],
])(
  'what a server serves is asked for with a slash at the end by client libraries, and without it here: %s',
  (raw, sent) => {
    expect(writeAddress(readAddress(raw))).toBe(sent);
  },
);

test.each([
  '/api/v1/pods/',
  '/apis/apps/v1/deployments/',
  '/apis//',
  '/api/%76%31/',
  '/apis/../',
  '/healthz/',
  '/openapi/v2/',
])('a slash at the end of anything else is refused: %s', (raw) => {
  expect(() => readAddress(raw)).toThrow(expect.objectContaining({ code: 'operation-unreadable' }));
});
