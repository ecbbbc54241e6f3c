import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createEchoes, searchFor } from '../../../src/targets/http/echoes.ts';
import { agentAt, type Closing, rawService, TOKEN } from './service.ts';

const closing: Closing = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const escaped = (text: string) =>
  [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const swapped = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
const base64 = (text: string) => Buffer.from(text).toString('base64');

const forms: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'in capitals': (secret) => secret.toUpperCase(),
  'in small letters': (secret) => secret.toLowerCase(),
  'with its case reversed': swapped,
  backwards: (secret) => [...secret].reverse().join(''),
  'in base64': (secret) => base64(secret),
  'in base64 behind one byte': (secret) => base64(`:${secret}`),
  'in base64 behind two bytes': (secret) => base64(`a:${secret}`),
  'in base64 amidst others': (secret) => base64(`Authorization: Bearer ${secret}\r\nHost: x`),
  'in base64url': (secret) => Buffer.from(secret).toString('base64url'),
  'in base64 over lines': (secret) => base64(secret).replace(/.{6}/g, '$&\r\n'),
  'in base64 over lines that are indented': (secret) => base64(secret).replace(/.{6}/g, '$&\r\n\t'),
  'in base64 over lines in a text of JSON': (secret) =>
    JSON.stringify(base64(secret).replace(/.{6}/g, '$&\n')).slice(1, -1),
  'in base64 over lines with their ends as escapes': (secret) => base64(secret).replace(/.{6}/g, '$&\\u000d\\u000a'),
  'in base64 over lines in a form': (secret) => encodeURIComponent(base64(secret).replace(/.{6}/g, '$&\r\n')),
  'in base64 over lines in HTML': (secret) => base64(secret).replace(/.{6}/g, '$&&#10;'),
  'in hex with colons': (secret) =>
    Buffer.from(secret)
      .toString('hex')
      .replace(/..(?=.)/g, '$&:'),
  'in hex with blanks': (secret) =>
    Buffer.from(secret)
      .toString('hex')
      .replace(/..(?=.)/g, '$& '),
  'as a list of bytes': (secret) => Buffer.from(secret).join(','),
  'percent-encoded as Windows had it': (secret) =>
    [...secret].map((letter) => `%u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'in hex': (secret) => Buffer.from(secret).toString('hex'),
  'in hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'percent-encoded where it must be': encodeURIComponent,
  'percent-encoded': percent,
  'percent-encoded twice': (secret) => percent(secret).replaceAll('%', '%25'),
  'in escapes of JSON': escaped,
  'as JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'as JSON with slashes escaped': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'in entities of HTML': (secret) => [...secret].map((letter) => `&#${letter.charCodeAt(0)};`).join(''),
  'in entities of HTML in hex': (secret) =>
    [...secret].map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`).join(''),
  'escaped for HTML': (secret) =>
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;'),
};

/** What comes out of a text that is cut at these places. */
function streamed(text: string, secrets: readonly string[], cuts: readonly number[] = []): string {
  const { push, end } = createEchoes(searchFor(secrets)).stream();
  const bytes = Buffer.from(text);
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  const parts = places.slice(1).map((place, index) => push(bytes.subarray(places[index], place)));
  return Buffer.concat([...parts, end()]).toString();
}

const secrets = [
  'tk-4f9A0c77Zq81',
  'p@ss/w+rd=?&<é',
  'a%b%41c\\n"\'',
  'pass%word',
  '&amp;&lt;x',
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln',
];

test('a long credential goes with all its lines, and the line behind it stays', () => {
  const secret = 'Zk7qPw2Xn9Lr4Tv8Bm3Hs6Jd1Gf5Cy0AeUiOoQzRxWvNtMpKlJhGfDsAqWeRtYuIoPnKjHgFdSaZxCvBnM12';
  const wrapped = base64(secret).replace(/.{76}/g, '$&\n');
  const key = `-----BEGIN X-----\n${secret}\n${secret}\n-----END X-----`;

  expect(streamed(JSON.stringify({ a: wrapped, b: 1 }), [secret], [40, 90])).toBe('{"a":"[CREDENTIAL]","b":1}');
  expect(streamed(`a ${key} b`, [key], [30, 60])).toBe('a [CREDENTIAL] b');
  expect(streamed(`${JSON.stringify(key)}\n{}`, [key], [33])).toBe('"[CREDENTIAL]"\n{}');
  expect(streamed(`${secret.slice(0, 30)}\n  next`, [secret])).toBe('[CREDENTIAL]\n  next');
});

describe('a credential that comes back', () => {
  test.each(Object.entries(forms))('%s never leaves, wherever it is cut', (_, form) => {
    for (const secret of secrets) {
      const sent = form(secret);
      for (let cut = 0; cut <= Buffer.byteLength(sent) + 10; cut++) {
        const out = streamed(`"said: ${sent}!!"`, [secret], [cut]);

        expect(out).toContain('[CREDENTIAL]');
        expect(out.toLowerCase()).not.toContain(sent.toLowerCase());
        expect(out.toLowerCase()).not.toContain(secret.toLowerCase());
      }
    }
  });

  test('leaves everything else as it was, wherever that is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...secrets),
        fc.constantFrom(...Object.keys(forms).filter((name) => !name.startsWith('in base64'))),
        fc.string({
          unit: fc.constantFrom('x', '"', ' ', '{', 'tk-', '%', '\\', '&', '4', 'é', '\n', '%25', '&#'),
          maxLength: 30,
        }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (secret, name, around, cuts) => {
          const text = `${around}|${forms[name]?.(secret)}|${around}`;

          expect(streamed(text, [secret], cuts)).toBe(`${around}|[CREDENTIAL]|${around}`);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('in part is masked once it tells too much', () => {
    const token = 'ya29.a0AfB_byC1d2E3f4G5h6I7j8K9l0';

    expect(streamed(`token ${token.slice(0, 25)}… is wrong`, [token])).toBe('token [CREDENTIAL]… is wrong');
    expect(streamed(`token ${token.slice(0, 25)}`, [token])).toBe('token [CREDENTIAL]');
    expect(streamed(`token ${token.slice(0, 8)}… is wrong`, [token])).toBe(`token ${token.slice(0, 8)}… is wrong`);
  });

  test('is not awaited where nothing of it has begun, so that a stream goes on', () => {
    const { push } = createEchoes(searchFor([TOKEN])).stream();

    expect(push(Buffer.from('data: {"a":1}\n\n')).toString()).toBe('data: {"a":1}\n\n');
    expect(push(Buffer.from('data: t\n\n')).toString()).toBe('data: t\n\n');
  });

  test('costs time in proportion to the text, however much looks like it', () => {
    const text = 'tk-4f9A0c77Zq8%25%25\\\\\\\\&#&#'.repeat(20_000);

    expect(streamed(text, [TOKEN])).toBe(text);
  });
});

describe('a service that tells its credential', () => {
  const operations = [
    { name: 'json', method: 'GET', path: '/json', response: { stream: true, errors: 'body' } },
    { name: 'text', method: 'GET', path: '/text', response: { content: 'text', errors: 'body' } },
    { name: 'bytes', method: 'GET', path: '/bytes', response: { content: 'bytes', types: ['image/svg'] } },
  ];
  const response = (status: string, type: string, body: string, more = '') =>
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${more}Connection: close\r\n\r\n${body}`;

  test.each([
    [
      'in JSON',
      '/json',
      response('200 OK', 'application/json', `{"${TOKEN}":"${escaped(TOKEN)}","n":["${base64(`x${TOKEN}`)}"]}`),
    ],
    ['in a problem', '/json', response('400 No', 'application/problem+json', `{"detail":"Bearer ${TOKEN}"}`)],
    [
      'in events',
      '/json',
      response('200 OK', 'text/event-stream', `data: {"a":"${TOKEN}"}\n\nid: ${TOKEN}\ndata: ${TOKEN}\n\n`),
    ],
    ['in a page', '/text', response('200 OK', 'text/html', `<a href="?t=${percent(TOKEN)}">${swapped(TOKEN)}</a>`)],
    ['in an error page', '/text', response('500 No', 'text/plain', `env: AUTH=Bearer ${TOKEN}`)],
    ['in a header', '/json', response('200 OK', 'application/json', '{}', `X-Request-Id: ${TOKEN}\r\n`)],
    ['in its type', '/json', response('200 OK', `application/${TOKEN}+json`, '{}')],
    ['in bytes', '/bytes', response('200 OK', 'image/svg', `<svg>${TOKEN}</svg>`)],
  ])('%s does not give it away', async (_, path, reply) => {
    const { origin } = await rawService(closing, reply);
    const { ask } = agentAt(origin, closing, { settings: { operations } });

    const told = JSON.stringify(await ask({ path })).toLowerCase();

    for (const form of Object.values(forms)) expect(told).not.toContain(form(TOKEN).toLowerCase());
    expect(told).toContain('[credential]');
  });

  test('in a redirect leads nowhere', async () => {
    const location = `Location: /x?token=${percent(TOKEN)}`;
    const { origin } = await rawService(closing, `HTTP/1.1 302 Found\r\n${location}\r\nConnection: close\r\n\r\n`);

    expect(await agentAt(origin, closing, { settings: { operations } }).ask({ path: '/json' })).toMatchObject({
      headers: {},
    });
  });

  test('is one of which the caller hears so', async () => {
    const { origin } = await rawService(closing, response('200 OK', 'text/plain', TOKEN));

    const { warnings } = await agentAt(origin, closing, { settings: { operations } }).ask({ path: '/text' });

    expect(warnings).toEqual([expect.stringContaining('sent back the credential')]);
  });

  test('by basic authentication gives away neither the password nor what is made of it', async () => {
    const login = { username: 'robot', password: 'correct horse' };
    const both = base64('robot:correct horse');
    const { origin } = await rawService(
      closing,
      response('200 OK', 'text/plain', `Basic ${both} / correct horse / correct%20horse`),
    );

    const { text } = await agentAt(origin, closing, { settings: { operations, inject: 'basic' }, secret: login }).ask({
      path: '/text',
    });

    expect(text).toBe('Basic [CREDENTIAL] / [CREDENTIAL] / [CREDENTIAL]');
  });
});
