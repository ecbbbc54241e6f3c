import { afterEach, describe, expect, test } from 'vitest';
import { asProblem } from '../../../src/model/problem.ts';
import { type AgentOptions, agentAt, type Closing, rawService, serviceWith } from './service.ts';

const closing: Closing = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const operations = [
  { name: 'json', method: ['GET', 'POST'], path: '/json', request: {} },
  { name: 'open', method: 'GET', path: '/open', response: { errors: 'body' } },
  { name: 'stream', method: 'GET', path: '/stream', response: { stream: true } },
  { name: 'text', method: 'GET', path: '/text', response: { content: 'text' } },
  { name: 'log', method: 'GET', path: '/log', response: { content: 'text', stream: true } },
  { name: 'bytes', method: 'GET', path: '/bytes', response: { content: 'bytes', types: ['image/png'] } },
];

/** An agent at a service that answers so, byte for byte. */
async function agentWith(reply: Parameters<typeof rawService>[1], { settings, ...options }: AgentOptions = {}) {
  const { origin, requests } = await rawService(closing, reply);
  return { ...agentAt(origin, closing, { settings: { operations, ...settings }, ...options }), origin, requests };
}

const http = (status: string, headers: readonly string[], body = '') =>
  `HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n${body}`;
const json = (body: string, ...headers: string[]) =>
  http('200 OK', ['Content-Type: application/json', ...headers], body);
const problemOf = (work: Promise<unknown>) => work.then(() => undefined, asProblem);

describe('an answer', () => {
  test('passes with its status, and a length and type of ours', async () => {
    const { ask } = await agentWith(http('201 Created', ['Content-Type: application/json;charset=UTF-8'], '{"id": 7}'));

    const answer = await ask({ method: 'POST', path: '/json', body: {} });

    expect(answer).toMatchObject({ status: 201, text: '{"id": 7}', live: false });
    expect(answer.headers).toEqual({ 'content-type': 'application/json; charset=utf-8' });
  });

  test('keeps the headers that say nothing but what was asked, and what the connection lets through', async () => {
    const { ask } = await agentWith(
      json(
        '{}',
        ...[
          'Set-Cookie: session=1',
          'Server: nginx/1.2',
          'X-Powered-By: PHP',
          'WWW-Authenticate: Basic',
          'Via: 1.1 inner',
        ],
        ...[
          'X-Request-Id: r1',
          'ETag: "7"',
          'Retry-After: 3',
          'X-Page: 2',
          'X-Owner: bob@example.com',
          'Link: <http://inner/>',
        ],
        ...[
          'Access-Control-Allow-Origin: *',
          'Connection: X-Internal',
          'X-Internal: 1',
          'Keep-Alive: 5',
          'Alt-Svc: h3=":1"',
        ],
      ),
      { settings: { response_headers: ['x-page', 'x-owner', 'x-internal'] } },
    );

    expect((await ask({ path: '/json' })).headers).toEqual({
      ...{ 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'r1', etag: '"7"', 'retry-after': '3' },
      ...{ 'x-page': '2', 'x-owner': '[EMAIL_ADDRESS]' },
    });
  });

  test('in which something is hidden has no tag by which its values could be guessed', async () => {
    const { ask } = await agentWith(json('{"ssn":"1"}', 'ETag: "7"', 'Last-Modified: x'), {
      ...{ classification: { json: { ssn: 'US_SOCIAL_SECURITY_NUMBER' } }, settings: { response_headers: ['etag'] } },
    });

    expect(await ask({ path: '/json' })).toMatchObject({
      ...{
        headers: { 'content-type': 'application/json; charset=utf-8' },
        text: '{"ssn":"[US_SOCIAL_SECURITY_NUMBER]"}',
      },
    });
  });

  test.each([
    ['another type', ['Content-Type: text/html'], '<p>bob@example.com'],
    ['no type', [], '{"email":"x"}'],
    ['two types', ['Content-Type: application/json', 'Content-Type: text/html'], '{}'],
    ['a type that is none', ['Content-Type: json'], '{}'],
    ['a type of many', ['Content-Type: application/*'], '{}'],
    ['another encoding', ['Content-Type: application/json; charset=utf-16'], '{}'],
    ['gzip', ['Content-Type: application/json', 'Content-Encoding: gzip'], '\x1f\x8b'],
    ['two codings', ['Content-Type: application/json', 'Content-Encoding: identity, br'], '{}'],
    ['events where none are declared', ['Content-Type: text/event-stream'], 'data: 1\n\n'],
    ['lines where none are declared', ['Content-Type: application/x-ndjson'], '1\n'],
  ])('with %s is withheld as a whole', async (_, headers, body) => {
    const { ask } = await agentWith(http('200 OK', headers, body));

    const problem = await problemOf(ask({ path: '/json' }));

    expect(problem).toMatchObject({ code: 'answer-unreadable', reason: 'http:content' });
    expect(JSON.stringify(problem)).not.toContain('bob');
  });

  test('of a part of a document is withheld, unless parts pass as they are', async () => {
    const part = (type: string) =>
      http('206 Partial Content', [`Content-Type: ${type}`, 'Content-Range: bytes 0-1/9'], 'ab');
    const documents = await agentWith(part('application/json'));
    const images = await agentWith(part('image/png'));

    expect(await problemOf(documents.ask({ path: '/json' }))).toMatchObject({ code: 'answer-unreadable' });
    expect(await images.ask({ path: '/bytes', headers: { Range: 'bytes=0-1' } })).toMatchObject({
      ...{ status: 206, text: 'ab', headers: { 'content-range': 'bytes 0-1/9', 'content-type': 'image/png' } },
    });
    expect(images.requests[0]).toContain('range: bytes=0-1');
  });

  test.each(['{"a":', '{"a":1}}', '{a:1}', '<p>', '{"a":"\xff"}'])(
    'that says JSON and is none (%s) is withheld',
    async (body) => {
      const { ask } = await agentWith(Buffer.from(json(body), 'latin1'));

      expect(await problemOf(ask({ path: '/json' }))).toMatchObject({ code: 'answer-unreadable' });
    },
  );

  test.each([
    ['no UTF-8', Buffer.from([0x62, 0xff, 0x62])],
    ['half a character', Buffer.from('é').subarray(0, 1)],
    ['UTF-16', Buffer.from('bob@example.com', 'utf16le')],
  ])('that says text and is %s is withheld', async (_, body) => {
    const { ask } = await agentWith(Buffer.concat([Buffer.from(http('200 OK', ['Content-Type: text/plain'])), body]));

    expect(await problemOf(ask({ path: '/text' }))).toMatchObject({ code: 'answer-unreadable' });
  });

  test('of text is looked through by the detectors', async () => {
    const { ask } = await agentWith(http('200 OK', ['Content-Type: text/html'], '<p>bob@example.com</p>'));

    expect(await ask({ path: '/text' })).toMatchObject({
      ...{ text: '<p>[EMAIL_ADDRESS]</p>', findings: [{ class: 'EMAIL_ADDRESS', count: 1 }] },
    });
  });

  test('of bytes passes as it is, where the operation says so', async () => {
    const { ask } = await agentWith(http('200 OK', ['Content-Type: image/png'], '\x89PNG'));

    expect(await ask({ path: '/bytes' })).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } });
  });

  test.each(['204 No Content', '304 Not Modified', '205 Reset Content'])(
    'of %s has no body, whatever comes',
    async (status) => {
      const { ask } = await agentWith(http(status, ['X-Request-Id: 1'], '{"email":"bob@example.com"}'));

      expect(await ask({ path: '/json' })).toMatchObject({ text: '', headers: { 'x-request-id': '1' } });
    },
  );

  test('to HEAD has no body and does not tell the length of what is masked', async () => {
    const { ask, requests } = await agentWith(json('', 'Content-Length: 1234'));

    expect(await ask({ method: 'HEAD', path: '/json' })).toMatchObject({ status: 200, text: '', headers: {} });
    expect(requests[0]).toMatch(/^HEAD \/json HTTP\/1.1\r\n/);
  });

  test('without a body needs no type', async () => {
    const { ask } = await agentWith(http('202 Accepted', ['Content-Length: 0']));

    expect(await ask({ method: 'POST', path: '/json', body: {} })).toMatchObject({ status: 202, text: '' });
  });

  test.each([
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['102 Processing', 'HTTP/1.1 102 Processing\r\nX-Secret: bob@example.com\r\n\r\n'],
    ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nLink: </bob@example.com>; rel=preload\r\n\r\n'],
  ])('may be announced by %s, which nobody sees', async (_, before) => {
    const { ask } = await agentWith((socket) => socket.end(before + json('{}')));

    const answer = await problemOf(
      ask({ path: '/json' }).then((given) => expect(given).toMatchObject({ status: 200, text: '{}' })),
    );

    // 102 is refused by the client underneath, which is as good.
    if (answer !== undefined) expect(answer.code).toBe('target-unavailable');
  });

  test('has no trailers', async () => {
    const chunked = '2\r\n{}\r\n0\r\nX-Email: bob@example.com\r\nETag: "1"\r\n\r\n';
    const { ask } = await agentWith(json(chunked, 'Transfer-Encoding: chunked', 'Trailer: X-Email'));

    expect(await ask({ path: '/json' })).toMatchObject({ text: '{}', headers: { 'content-type': expect.any(String) } });
  });

  test.each([
    ['headers without end', json('{}', `X-Big: ${'x'.repeat(100_000)}`)],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['a header that is none', 'HTTP/1.1 200 OK\r\nno header\r\n\r\n'],
    ['two lengths', json('{}', 'Content-Length: 2', 'Content-Length: 3')],
    ['a length beside chunks', json('2\r\n{}\r\n0\r\n\r\n', 'Content-Length: 2', 'Transfer-Encoding: chunked')],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'],
    ['an end at once', ''],
  ])('of %s is none', async (_, reply) => {
    const { ask } = await agentWith((socket) => socket.end(reply));

    expect(await problemOf(ask({ path: '/json' }))).toMatchObject({ code: 'target-unavailable' });
  });

  test.each([
    ['a length that never comes', json('{"a":1}', 'Content-Length: 100')],
    ['a chunk that breaks off', json('ff\r\n{"a":1}', 'Transfer-Encoding: chunked')],
    ['a chunk that is none', json('2\r\n{}\r\nzz\r\n', 'Transfer-Encoding: chunked')],
  ])('that breaks off (%s) never looks like a whole one', async (_, reply) => {
    const { ask } = await agentWith(reply);

    expect(await problemOf(ask({ path: '/json' }))).toMatchObject({ code: 'target-unavailable' });
  });

  test('that goes on behind its length is cut there', async () => {
    const { ask } = await agentWith(json('{}{"email":"bob"}', 'Content-Length: 2'));

    const answer = await ask({ path: '/json' }).catch(asProblem);

    if (answer instanceof Error) expect(answer.code).toBe('target-unavailable');
    else expect(answer.text).toBe('{}');
  });

  test('that trickles and stops is given up', async () => {
    const { ask } = await agentWith((socket) => socket.write(json('{"a":', 'Content-Length: 100')), { stall: 50 });

    expect(await problemOf(ask({ path: '/json' }))).toMatchObject({ code: 'target-timeout', reason: 'stalled' });
  });

  test('of which no byte comes is given up, too', async () => {
    const { ask } = await agentWith((socket) => socket.write(json('', 'Content-Length: 100')), { stall: 50 });

    expect(await problemOf(ask({ path: '/json' }))).toMatchObject({ code: 'target-timeout' });
  });

  test.each([
    ['as its length says', ['Content-Length: 3000']],
    ['as its bytes come', []],
  ])('larger than the limit is refused, %s', async (_, headers) => {
    const { ask } = await agentWith(json(JSON.stringify('x'.repeat(2998)), ...headers));

    expect(await problemOf(ask({ path: '/json' }, { bytes: 2999 }))).toMatchObject({ code: 'too-large' });
    expect(await ask({ path: '/json' }, { bytes: 3000 })).toMatchObject({ status: 200 });
  });
});

describe('an error', () => {
  const page = '<h1>no bob@example.com in /srv/app.rb</h1>';

  test.each([
    '400 Bad Request',
    '403 Forbidden',
    '404 Not Found',
    '409 Conflict',
    '429 Too Many Requests',
    '500 No',
    '503 No',
  ])('of the service (%s) keeps its status and says nothing of its own', async (status) => {
    const { ask } = await agentWith(
      http(status, ['Content-Type: application/json', 'Retry-After: 9'], '{"sql":"secret"}'),
    );

    const answer = await ask({ path: '/json' });

    expect(answer).toMatchObject({ status: Number(status.slice(0, 3)), headers: { 'retry-after': '9' } });
    expect(JSON.parse(answer.text)).toMatchObject({ title: `The service answered ${status.slice(0, 3)}.` });
  });

  test('leaves with its body, masked, where the operation says so; pages that are no JSON never do', async () => {
    const open = (type: string, body: string) =>
      agentWith(http('422 No', [`Content-Type: ${type}`], body), {
        classification: { open: { '**.name': 'PERSON_NAME' } },
      });
    const told = await (await open('application/problem+json', '{"name":"Ann","detail":"bob@example.com"}')).ask({
      path: '/open',
    });
    const paged = await (await open('text/html', page)).ask({ path: '/open' });

    expect(told).toMatchObject({ status: 422, text: '{"name":"[PERSON_NAME]","detail":"[EMAIL_ADDRESS]"}' });
    expect(paged).toMatchObject({ status: 422, text: expect.stringContaining('The service answered 422.') });
  });

  test('of 401 says that the credential is not accepted, and nothing of the service', async () => {
    const { ask } = await agentWith(http('401 No', ['WWW-Authenticate: Bearer realm="inner"'], page));

    await expect(ask({ path: '/json' })).rejects.toMatchObject({ name: 'CredentialRejected' });
  });
});

describe('a redirect', () => {
  const to = (location: string, base = '/api') =>
    agentWith(http('302 Found', [`Location: ${location}`, 'Content-Type: text/html'], '<a href=x>bob@example.com'), {
      settings: { base_path: base },
    });

  test('is not followed; within the connection it leads through the gateway', async () => {
    const { ask, requests } = await to('/api/orders/8?a=%41');

    expect(await ask({ path: '/json' })).toMatchObject({
      ...{ status: 302, text: '', headers: { location: '/http/shop/orders/8?a=A' } },
    });
    expect(requests).toHaveLength(1);
  });

  test('that says the whole address of the service is one within it', async () => {
    const { origin } = await rawService(closing, (socket) =>
      socket.end(http('307 No', [`Location: ${origin}/orders/8`])),
    );

    const { ask } = agentAt(origin, closing, { settings: { operations } });

    expect((await ask({ path: '/json' })).headers['location']).toBe('/http/shop/orders/8');
  });

  test.each([
    ...[
      'https://evil.example/api/x',
      '//evil.example/api/x',
      'http://169.254.169.254/api/x',
      '/elsewhere',
      '/api/../admin',
    ],
    ...[
      '/api/%2e%2e/admin',
      '/api/a%2Fb',
      '/api//x',
      '\\\\evil.example',
      '/api/x#f',
      'javascript:alert(1)',
      'http://me:pw@127.0.0.1/api/x',
    ],
  ])('out of it (%s) is told without where', async (location) => {
    const { ask } = await to(location);

    expect(await ask({ path: '/json' })).toMatchObject({ status: 302, text: '', headers: {} });
  });
});

describe('a stream', () => {
  const head = (type: string) =>
    http('200 OK', [`Content-Type: ${type}`]).replace('Connection: close\r\n', 'Connection: close\r\n');
  const classification = { stream: { 'user.name': 'PERSON_NAME' } };

  async function first(options: { type: string; path: string; parts: readonly string[]; expected: string }) {
    const { type, path, parts, expected } = options;
    let open: ((text: string) => void) | undefined;
    const { send } = await agentWith(
      (socket) => {
        socket.write(head(type));
        open = (text) => socket.write(text);
      },
      { classification },
    );
    const sending = send({ path });
    await expect.poll(() => open).toBeDefined();
    for (const part of parts) open?.(part);
    const answer = await sending;
    const pieces = answer.pieces[Symbol.asyncIterator]();
    let seen = '';
    while (!seen.includes(expected)) {
      const step = await pieces.next();
      if (step.done === true) break;
      seen += Buffer.from(step.value).toString();
    }
    await pieces.return?.();
    return { seen, live: answer.live };
  }

  test('of events is masked event by event, and each leaves before the next comes', async () => {
    const parts = ['data: {"user":{"na', 'me":"Ann"}}\n', '\n', 'data: {"user":{"name":"Bo'];

    expect(await first({ type: 'text/event-stream', path: '/stream', parts, expected: '\n\n' })).toEqual({
      ...{ seen: 'data: {"user":{"name":"[PERSON_NAME]"}}\n\n', live: true },
    });
  });

  test.each([
    'data: Ann\n\n',
    'data: {"user":{"name":"Ann"}}\n\ndata:Ann\n\n',
    'id: 1\ndata: [DONE] Ann\n\n',
    'data: 7\n\n',
  ])('of events that are no JSON (%j) ends where something is hidden by its path', async (body) => {
    const { ask } = await agentWith(head('text/event-stream') + body, { classification });

    expect(await problemOf(ask({ path: '/stream' }))).toMatchObject({ code: 'answer-unreadable' });
  });

  test('of events ends with a word, as streams of models do', async () => {
    const { ask } = await agentWith(`${head('text/event-stream')}event: end\ndata: [DONE]\n\n`, { classification });

    expect(await ask({ path: '/stream' })).toMatchObject({ text: 'event: end\ndata: [DONE]\n\n' });
  });

  test('of lines of JSON is masked line by line, and each leaves before the next comes', async () => {
    const parts = ['{"user":{"name":"Ann"},"note":"ann@exa', 'mple.com"}\n{"user":'];

    expect(await first({ type: 'application/x-ndjson', path: '/stream', parts, expected: '\n' })).toEqual({
      ...{ seen: '{"user":{"name":"[PERSON_NAME]"},"note":"[EMAIL_ADDRESS]"}\n', live: true },
    });
  });

  test('of text is looked through line by line', async () => {
    const parts = ['data: ann@exa', 'mple.com\n', 'data: bo'];

    expect(await first({ type: 'text/event-stream', path: '/log', parts, expected: '\n' })).toEqual({
      ...{ seen: 'data: [EMAIL_ADDRESS]\n', live: true },
    });
  });

  test('is ended at the service when its reader leaves', async () => {
    let closed = false;
    const { send } = await agentWith((socket) => {
      socket.once('close', () => {
        closed = true;
      });
      socket.write(`${head('text/event-stream')}data: {}\n\n`);
    });

    for await (const _piece of (await send({ path: '/stream' })).pieces) break;

    await expect.poll(() => closed).toBe(true);
  });

  test('is ended at the service when nobody ever read it', async () => {
    let closed = false;
    const { send } = await agentWith((socket) => {
      socket.once('close', () => {
        closed = true;
      });
      socket.write(`${head('text/event-stream')}data: {}\n\n`);
    });

    await (await send({ path: '/stream' })).pieces[Symbol.asyncIterator]().return?.();

    await expect.poll(() => closed).toBe(true);
  });
});

describe('a request to a service', () => {
  test('is sent once, with the credential, asking for no coding', async () => {
    const { ask, requests } = await agentWith(json('{}'));

    await ask({
      method: 'POST',
      path: '/json',
      body: { a: 1 },
      headers: { Authorization: 'Bearer mine', Cookie: 'a=1' },
    });

    const [line, ...headers] = (requests[0] ?? '').split('\r\n\r\n')[0]?.split('\r\n') ?? [];
    expect(line).toBe('POST /json HTTP/1.1');
    expect(headers.map((header) => header.toLowerCase()).sort()).toEqual([
      'accept-encoding: identity',
      'accept: application/json',
      'authorization: bearer tk-4f9a0c77zq81-secret',
      'connection: keep-alive',
      'content-length: 7',
      'content-type: application/json',
      expect.stringMatching(/^host: 127\.0\.0\.1:\d+$/),
      'sallyport-operation: op_1',
      'user-agent: sallyport',
    ]);
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['basic', { username: 'me', password: 'pass word é' }, `Basic ${Buffer.from('me:pass word é').toString('base64')}`],
    [{ header: 'X-Api-Key' }, { value: 'a key of mine' }, undefined],
    [{ header: 'Authorization', prefix: 'ApiKey ' }, { token: 'a-key-of-mine' }, 'ApiKey a-key-of-mine'],
    [{ google_id_token: { audience: 'https://a' } }, { token: 'id-token', service_account: 'a@b' }, 'Bearer id-token'],
    ['google_access_token', { token: 'access-token', service_account: 'a@b' }, 'Bearer access-token'],
  ])('injects %j', async (inject, secret, authorization) => {
    const { origin, requests } = await serviceWith(closing, (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    );
    const { ask } = agentAt(origin, closing, { settings: { operations, inject }, secret });

    await ask({ path: '/json' });

    const headers = requests[0]?.rawHeaders.map((text) => text.toLowerCase()) ?? [];
    if (authorization === undefined) expect(headers).toEqual(expect.arrayContaining(['x-api-key', 'a key of mine']));
    else expect(requests[0]?.rawHeaders).toContain(authorization);
  });

  test.each([
    ['bearer', { value: 'no token here' }],
    ['bearer', { token: 'two lines\r\nX: 1' }],
    ['bearer', { token: 'short' }],
    ['bearer', { token: 'minted-for-google', service_account: 'a@b' }],
    [{ header: 'X-Api-Key' }, { token: 'minted-for-google', service_account: 'a@b' }],
    [{ header: 'X-Api-Key' }, { value: 'two\nlines' }],
    ['basic', { username: 'a:b', password: 'password' }],
    ['basic', { username: 'me', password: 'two\nlines' }],
    ['google_access_token', { token: 'kept-in-a-secret' }],
    ['mtls', { client_certificate: 'x', client_key: 'y' }],
  ])('with %j and a secret that does not fit is not sent', async (inject, secret) => {
    const { origin, requests } = await rawService(closing, json('{}'));
    const { ask } = agentAt(origin, closing, { settings: { operations, inject }, secret });

    expect(await problemOf(ask({ path: '/json' }))).toMatchObject({ code: 'credential-unavailable' });
    expect(requests).toEqual([]);
  });
});
