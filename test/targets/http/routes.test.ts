import { describe, expect, test } from 'vitest';
import { check } from '../../../src/model/check.ts';
import { Problem } from '../../../src/model/problem.ts';
import { settingsSchema } from '../../../src/targets/http/settings.ts';

const settingsOf = (operations: readonly unknown[], more: object = {}) =>
  check(
    { origin: 'https://api.example.com', inject: 'bearer', operations, ...more },
    settingsSchema,
    'policy-unavailable',
  );
const get = (name: string, path: string, more: object = {}) => ({ name, method: 'GET', path, ...more });
const found = (operations: readonly unknown[], method: string, path: string) =>
  settingsOf(operations).routes.find(method, path.slice(1).split('/'))?.route.name;
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return undefined;
};

describe('an operation', () => {
  const shop = [
    get('list', '/orders'),
    get('order', '/orders/{id}'),
    get('mine', '/orders/mine'),
    { name: 'cancel', method: 'POST', path: '/orders/{id}:cancel' },
    { name: 'create', method: ['POST', 'PUT'], path: '/orders' },
    get('numbered', '/invoices/{number}', { parameters: { number: 'integer' } }),
    get('anything', '/notes/{id}', { parameters: { id: 'any' } }),
    get('file', '/files/{path...}'),
    get('folder', '/folders/'),
  ];

  test.each([
    ['GET', '/orders', 'list'],
    ['HEAD', '/orders', 'list'],
    ['POST', '/orders', 'create'],
    ['PUT', '/orders', 'create'],
    ['DELETE', '/orders', undefined],
    ['GET', '/orders/7', 'order'],
    ['GET', '/orders/mine', 'mine'],
    ['GET', '/Orders', undefined],
    ['GET', '/orders/', undefined],
    ['GET', '/orders/7/lines', undefined],
    ['GET', '/orders/7:cancel', undefined],
    ['POST', '/orders/7:cancel', 'cancel'],
    ['POST', '/orders/:cancel', undefined],
    ['POST', '/orders/7', undefined],
    ['POST', '/orders/7:refund:cancel', undefined],
    ['GET', '/invoices/12', 'numbered'],
    ['GET', '/invoices/x', undefined],
    ['GET', '/notes/urn:x', 'anything'],
    ['GET', '/files/a/b/c', 'file'],
    ['GET', '/files', undefined],
    ['GET', '/folders/', 'folder'],
    ['GET', '/folders', undefined],
    ['TRACE', '/orders', undefined],
  ])('%s %s is %s', (method, path, expected) => {
    expect(found(shop, method, path)).toBe(expected);
  });

  test.each([
    ['/{kind}/mine', '/orders/{id}'],
    ['/orders/{id}', '/orders/{number}'],
    ['/orders/{id}', '/orders/{id}'],
    ['/orders/{rest...}', '/orders/{all...}'],
    ['/{a}/{rest...}', '/x/{b...}'],
  ])('%s beside %s is refused, as one path could be both, unless one says more', (one, other) => {
    const isWider = one.startsWith('/{a}');
    const problem = refusal(() => settingsOf([get('one', one), get('other', other)]));

    if (isWider) expect(problem).toBeUndefined();
    else expect(problem).toContain('policy-unavailable: it: a GET could be one');
  });

  test.each([
    ['two of one name', [get('a', '/a'), get('a', '/b')], 'two operations have the name a'],
    ['no slash', [get('a', 'a')], 'does not begin with a slash'],
    ['dots', [get('a', '/a/../b')], 'neither plain text nor'],
    ['an escape', [get('a', '/a%2fb')], 'neither plain text nor'],
    ['a parameter twice', [get('a', '/{x}/{x}')], 'names a parameter twice'],
    ['a rest that goes on', [get('a', '/{x...}/b')], 'neither plain text nor'],
    ['a parameter that is not there', [get('a', '/a', { parameters: { id: 'uuid' } })], 'has no parameter id'],
    ['bytes of no type', [get('a', '/a', { response: { content: 'bytes' } })], 'of which types'],
    ['a name with a meaning', [get('transforms', '/a')], 'a meaning of its own'],
    ['a glob as a name', [get('a*', '/a')], 'letters, digits'],
    ['an unknown field', [get('a', '/a', { verbs: ['read'] })], 'not known here'],
  ])('with %s is refused', (_, operations, words) => {
    expect(refusal(() => settingsOf(operations))).toContain(words);
  });
});

describe('settings', () => {
  test.each([
    ['a path in the origin', { origin: 'https://api.example.com/v1' }],
    ['a login in the origin', { origin: 'https://me:secret@api.example.com' }],
    ['plain http', { origin: 'http://api.example.com' }],
    ['another scheme', { origin: 'file:///etc/passwd' }],
    ['a base path with dots', { base_path: '/v1/..' }],
    ['a base path that ends with a slash', { base_path: '/v1/' }],
    ['a credential in Host', { inject: { header: 'Host' } }],
    ['a credential in Cookie', { inject: { header: 'cookie' } }],
    ['a header that says who calls', { request_headers: ['x-forwarded-for'] }],
    ['a header of the connection', { request_headers: ['transfer-encoding'] }],
    ['a header that makes another method', { request_headers: ['x-http-method-override'] }],
    ['a cookie in answers', { response_headers: ['set-cookie'] }],
    ['a challenge in answers', { response_headers: ['www-authenticate'] }],
    ['a header that another writing stands for', { request_headers: ['x_api_key'] }],
    ['an access token for a stranger', { inject: 'google_access_token' }],
    ['a range that is none', { networks: ['10.0.0.0/99'] }],
  ])('with %s are refused', (_, more) => {
    expect(refusal(() => settingsOf([], more))).toContain('policy-unavailable');
  });

  test('of one document are read once, however often they are looked at', () => {
    const document = { origin: 'https://api.example.com', inject: 'bearer', operations: [get('a', '/a')] };

    const [one, again] = [settingsSchema.parse(document), settingsSchema.parse(document)];

    expect(one).toBe(again);
  });
});
