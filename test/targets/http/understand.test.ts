import { afterEach, describe, expect, test } from 'vitest';
import { serviceSchema } from '../../../src/api/structure-schemas.ts';
import { type AgentOptions, agentAt, type Closing } from './service.ts';

const closing: Closing = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const operations = [
  { name: 'order', method: 'GET', path: '/orders/{id}', query: ['page', 'filter[*]', 'email'] },
  { name: 'any', method: 'GET', path: '/any', query: '*' },
  {
    name: 'create',
    method: ['POST', 'PUT'],
    path: '/orders',
    request: { types: ['application/json', 'text/*', 'application/octet-stream'], max_bytes: 1000 },
  },
  { name: 'wipe', method: 'DELETE', path: '/orders', risks: ['irreversible', 'unbounded'] },
  { name: 'search', method: 'POST', path: '/search', verb: 'read', request: {} },
  { name: 'text', method: 'GET', path: '/text', response: { content: 'text' } },
  { name: 'label', method: 'GET', path: '/label', response: { content: 'bytes', types: ['image/png'] } },
  { name: 'events', method: 'GET', path: '/events', response: { stream: true } },
];

const agent = ({ settings, ...options }: AgentOptions = {}) =>
  agentAt('http://127.0.0.1:1', closing, { settings: { operations, ...settings }, ...options });
const unreadable = expect.objectContaining({ code: 'operation-unreadable' });

describe('a request', () => {
  test('is the one operation that has its method and path, with the verb of its method or its own', async () => {
    const { understand } = agent();
    const json = { 'content-type': 'application/json' };

    expect(await understand({ path: '/orders/7?page=2' })).toMatchObject({
      verb: 'read',
      resources: ['order'],
      risks: [],
    });
    expect(await understand({ method: 'POST', path: '/orders', headers: json, body: '{}' })).toMatchObject({
      verb: 'write',
    });
    expect(await understand({ method: 'DELETE', path: '/orders' })).toMatchObject({
      ...{ verb: 'delete', risks: ['irreversible', 'unbounded'] },
    });
    expect(await understand({ method: 'POST', path: '/search', body: { q: 'x' } })).toMatchObject({ verb: 'read' });
    expect(await understand({ path: '/events' })).toMatchObject({ live: true });
  });

  test.each(['/', '/admin', '/orders/7/lines', '/metrics', '/.well-known/x'])(
    'to %s, which no operation has, is denied whatever the policy says',
    async (path) => {
      await expect(agent().understand({ path })).rejects.toMatchObject({
        ...{
          code: 'denied',
          reason: 'http:unknown-operation',
          detail: expect.stringContaining('/v1/connections/shop/schema'),
        },
      });
    },
  );

  test('states what is sent: method, path with the base path, the headers that matter, and the body', async () => {
    const { understand } = agent({ settings: { base_path: '/api', request_headers: ['x-tenant'] } });

    const { statement, plan } = await understand({
      ...{ method: 'POST', path: '/%6frders' },
      headers: {
        ...{
          'Content-Type': 'application/json',
          'X-Tenant': 'acme',
          'X-Other': '1',
          Cookie: 'a=b',
          Host: 'evil.example',
        },
        ...{ 'X-Forwarded-For': '10.0.0.1', Forwarded: 'for=x', Authorization: 'Bearer x', 'Proxy-Authorization': 'x' },
        ...{ TE: 'trailers', 'Transfer-Encoding': 'chunked', Expect: '100-continue', 'User-Agent': 'curl', Via: 'x' },
        ...{ 'Accept-Encoding': 'gzip', Range: 'bytes=0-1', Connection: 'keep-alive', 'Content-Length': '3' },
      },
      body: '{"a":1}',
    });

    expect(statement).toBe(
      'POST /api/orders\naccept: application/json\ncontent-type: application/json\nx-tenant: acme\n\n{"a":1}',
    );
    expect(plan).toMatchObject({ method: 'POST', path: '/api/orders' });
    expect(plan.headers.map(([name]) => name)).toEqual(['accept', 'content-type', 'x-tenant']);
  });

  test('with a body that is no text says so where no caller can', async () => {
    const { understand } = agent();
    const send = (body: string | Uint8Array) =>
      understand({ method: 'POST', path: '/orders', headers: { 'content-type': 'application/octet-stream' }, body });

    const bytes = await send(Uint8Array.of(0xff, 0xfe));
    const text = await send(Buffer.from('sallyport-body: base64'));

    expect(bytes.statement).toMatch(/\nsallyport-body: base64\n\n\/\/4=$/);
    expect(bytes.recorded.statement).toMatch(/\n\nsha256:[\da-f]{64} \(2 bytes\)$/);
    expect(text.statement).toMatch(/octet-stream\n\nsallyport-body: base64$/);
  });

  test.each([
    ['another method in a header', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }],
    ['another method in a header with underscores', { headers: { X_HTTP_METHOD_OVERRIDE: 'DELETE' } }],
    ['another method in the query', { path: '/any?_method=DELETE' }],
    ['another method in the query in capitals', { path: '/any?_METHOD=DELETE' }],
    ['a parameter that is not on the list', { path: '/orders/7?debug=1' }],
    ['a parameter that only looks as if', { path: '/orders/7?filterx[a]=1' }],
    ['a Connection that takes a condition away', { headers: { Connection: 'If-Match', 'If-Match': '"1"' } }],
    ['a Connection that takes the credential away', { headers: { Connection: 'close, authorization' } }],
    ['a compressed body', { headers: { 'Content-Encoding': 'gzip' } }],
    ['a header beyond ASCII', { headers: { 'If-Match': 'é' } }],
    ['a body that is not taken', { path: '/orders/7', body: '{}' }],
  ])('with %s is refused', async (_, asked) => {
    await expect(agent().understand({ path: '/any', ...asked })).rejects.toEqual(unreadable);
  });

  test('to upgrade the connection is refused', async () => {
    const { target, settings, connection } = agent();
    const request = target.request.parse({ method: 'GET', path: '/any', upgrade: { to: 'websocket', protocols: [] } });
    const context = { connection, unmask: [], seal: String, tokenKey: () => new Uint8Array(32) };

    await expect(target.understand(request, settings, context)).rejects.toEqual(unreadable);
  });

  test('passes brackets of a parameter that may have them', async () => {
    expect((await agent().understand({ path: '/orders/7?filter[state]=x' })).plan.path).toBe(
      '/orders/7?filter%5Bstate%5D=x',
    );
  });

  test.each([
    ['no JSON', '{"a":'],
    ['a key twice', '{"a":1,"a":2}'],
    ['a key twice, written in two ways', '{"a":1,"\\u0061":2}'],
    ['a byte order mark', '\ufeff{}'],
    ['half a character', '{"a":"\\ud800"}'],
    ['levels without end', `${'['.repeat(200)}${']'.repeat(200)}`],
    ['nothing that is UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['more than the operation takes', JSON.stringify('x'.repeat(1000))],
  ])('that says JSON and holds %s is refused', async (_, body) => {
    const asked = { method: 'POST', path: '/orders', headers: { 'content-type': 'application/json' }, body };

    await expect(agent().understand(asked)).rejects.toEqual(unreadable);
  });

  test.each([
    'application/xml',
    'application/json; charset=utf-16',
    'application/json, text/plain',
    'x',
    'application/json; a=1; a=2',
  ])('whose body is %s is refused where JSON is taken', async (type) => {
    const asked = { method: 'POST', path: '/search', headers: { 'content-type': type }, body: Buffer.from('{}') };

    await expect(agent().understand(asked)).rejects.toEqual(unreadable);
  });

  test('never holds a header that is the credential’s, whatever the settings let through', async () => {
    const { understand } = agent({ settings: { inject: { header: 'X-Api-Key' }, request_headers: ['x-api-key'] } });

    const { plan } = await understand({ path: '/any', headers: { 'x-api-key': 'mine' } });

    expect(plan.headers).toEqual([['accept', 'application/json']]);
  });

  test.each([
    ['nothing', '/any', undefined, 'application/json'],
    ['anything', '/any', '*/*', 'application/json'],
    ['what cannot be masked', '/any', 'application/xml, image/png', 'application/json'],
    ['a kind of JSON', '/any', 'application/vnd.github+json;q=0.9, text/html', 'application/vnd.github+json'],
    ['events where there are none', '/any', 'text/event-stream', 'application/json'],
    ['events', '/events', 'text/event-stream', 'text/event-stream'],
    ['text', '/text', 'text/csv', 'text/csv'],
    ['bytes', '/label', '*/*', 'image/png'],
  ])('of a caller who takes %s asks for what can be masked', async (_, path, accept, expected) => {
    const { plan } = await agent().understand({ path, headers: accept === undefined ? {} : { accept } });

    expect(Object.fromEntries(plan.headers)['accept']).toBe(expected);
  });

  test('keeps Range only where parts pass as they are', async () => {
    const { understand } = agent();
    const headers = { range: 'bytes=0-9' };

    expect((await understand({ path: '/label', headers })).plan.headers.map(([name]) => name)).toContain('range');
    expect((await understand({ path: '/any', headers })).plan.headers.map(([name]) => name)).not.toContain('range');
  });
});

describe('what is classified', () => {
  const classification = {
    order: { 'customer.email': 'EMAIL_ADDRESS', 'lines[*].note': 'PERSON_NAME' },
    'se*': { '**.ssn': 'US_SOCIAL_SECURITY_NUMBER' },
  };

  test('is told by the operation’s name, or else by every glob that fits', async () => {
    const { understand } = agent({ classification, transforms: { EMAIL_ADDRESS: 'token' } });

    expect(await understand({ path: '/orders/7' })).toMatchObject({
      classes: ['EMAIL_ADDRESS', 'PERSON_NAME'],
      protection: 'rewritten',
      masks: [
        { resource: 'order.customer.email', class: 'EMAIL_ADDRESS', transform: 'token' },
        { resource: 'order.lines[*].note', class: 'PERSON_NAME', transform: 'redact' },
      ],
    });
    expect(await understand({ method: 'POST', path: '/search', body: {} })).toMatchObject({
      classes: ['US_SOCIAL_SECURITY_NUMBER'],
    });
    expect(
      (await agent({ classification, unmask: ['EMAIL_ADDRESS'] }).understand({ path: '/orders/7' })).masks,
    ).toHaveLength(1);
  });

  test('not at all makes an operation refuse, unless the connection says otherwise', async () => {
    const denied = await agent({ unclassified: 'deny' }).understand({ path: '/orders/7' });
    const known = await agent({ unclassified: 'deny', classification: { order: {} } }).understand({
      path: '/orders/7',
    });
    const masked = await agent({ unclassified: 'mask' }).understand({ path: '/orders/7' });

    expect(denied.unprovable).toMatchObject({ rule: 'unclassified' });
    expect(known.unprovable).toBeUndefined();
    expect(masked.masks).toEqual([{ resource: 'order.**', class: 'UNCLASSIFIED', transform: 'redact' }]);
  });

  test.each(['/text', '/label'])('in an answer that has no paths (%s) makes it refuse', async (path) => {
    const options = { classification: { text: { '**.name': 'PERSON_NAME' }, label: { '**.name': 'PERSON_NAME' } } };

    expect((await agent(options).understand({ path })).unprovable).toMatchObject({ rule: 'unmaskable' });
    expect((await agent({ ...options, unmask: ['PERSON_NAME'] }).understand({ path })).unprovable).toBeUndefined();
  });

  test('by a path that cannot be read refuses', async () => {
    const { understand } = agent({ classification: { order: { 'a..b': 'PERSON_NAME' } } });

    await expect(understand({ path: '/orders/7' })).rejects.toMatchObject({ code: 'policy-unavailable' });
  });

  test('is sealed in what is recorded: values of classified fields, and what detectors recognise', async () => {
    const { understand } = agent({
      classification: {
        create: { 'customer.name': 'PERSON_NAME', '**.pin': 'CREDENTIAL' },
        order: { '**.email': 'EMAIL_ADDRESS' },
      },
    });
    const body = {
      customer: { name: 'Ann Lee', age: 40 },
      cards: [{ pin: 1234 }],
      note: 'call ann@example.com',
      'b@example.com': 1,
    };

    const { recorded, statement } = await understand({ method: 'POST', path: '/orders', body });
    const asked = await understand({ path: '/orders/bob%40example.com?email=eve&page=ann@example.com' });

    expect(statement).toContain('Ann Lee');
    for (const secret of ['Ann Lee', '1234', 'ann@example.com', 'b@example.com', 'bob', 'eve']) {
      expect(recorded.statement + asked.recorded.statement).not.toContain(secret);
    }
    expect(recorded.statement).toContain('"age":40');
    expect(recorded.statement).toContain(`«PERSON_NAME:${Buffer.from('Ann Lee').toString('hex')}»`);
    expect(recorded.returned).toBe(true);
    expect(
      (await understand({ method: 'POST', path: '/orders', body: { customer: { age: 40 } } })).recorded.returned,
    ).toBeUndefined();
  });

  test('and was masked when it was read is never written back', async () => {
    const { understand } = agent({ classification: { create: { name: 'PERSON_NAME' } } });
    const send = (method: string, body: unknown) => understand({ method, path: '/orders', body });
    const rejected = expect.objectContaining({ code: 'target-rejected' });

    await expect(send('PUT', { name: '[PERSON_NAME]' })).rejects.toEqual(rejected);
    await expect(send('PUT', { note: 'ask [EMAIL_ADDRESS] for more' })).rejects.toEqual(rejected);
    await expect(send('POST', { name: '[PERSON_NAME]' })).rejects.toEqual(rejected);
    await expect(send('POST', { note: 'ask [EMAIL_ADDRESS] for more, [sic]' })).resolves.toBeDefined();
  });

  test('is not to be guessed by a tag of the answer', async () => {
    const { understand } = agent({ classification });

    const { plan } = await understand({ path: '/orders/7', headers: { 'If-None-Match': '"1"' } });

    expect(plan.headers.map(([name]) => name)).toEqual(['accept']);
    await expect(understand({ path: '/orders/7', headers: { 'If-Match': '"1"' } })).rejects.toEqual(unreadable);
  });
});

describe('the schema', () => {
  const mayTouch = (name: string) => name !== 'wipe';
  const question = { query: { page_size: 100 }, mayTouch, mayTouchSome: mayTouch };

  test('tells of the operations that may be called, what they take, and what of their answers is masked', async () => {
    const { target, settings, access } = agent({ classification: { order: { 'customer.email': 'EMAIL_ADDRESS' } } });

    const schema = serviceSchema.strict().parse(await target.schema(settings, question, access()));

    expect(schema).toMatchObject({
      connection: 'shop',
      operations: expect.arrayContaining([
        expect.objectContaining({
          ...{
            name: 'order',
            method: 'GET',
            path: '/orders/{id}',
            verb: 'read',
            query: ['page', 'filter[*]', 'email'],
          },
          parameters: [{ name: 'id', kind: 'text' }],
          masks: [{ path: 'customer.email', class: 'EMAIL_ADDRESS', mask: 'redact' }],
        }),
        expect.objectContaining({ name: 'create', method: 'PUT' }),
      ]),
    });
    expect(JSON.stringify(schema)).not.toContain('wipe');
  });

  test('comes a page at a time', async () => {
    const { target, settings, access } = agent();
    const names: string[] = [];
    let page_token: string | undefined;
    do {
      const query = { page_size: 2, ...(page_token !== undefined && { page_token }) };
      const page = (await target.schema(settings, { ...question, query }, access())) as {
        operations: { name: string }[];
        next_page_token?: string;
      };
      names.push(...page.operations.map(({ name }) => name));
      page_token = page.next_page_token;
    } while (page_token !== undefined);

    expect([...new Set(names)]).toEqual(['any', 'create', 'events', 'label', 'order', 'search', 'text']);
  });
});
