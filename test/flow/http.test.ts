import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { readLog, request, stand, trail } from './stand.ts';

/** Customers of the demo's service; the gateway alone holds its token. */
const classified = ['ada.byron@post.example', 'Ada Byron', 'DE89370400440532013000'];
const base = `${stand.gateway}/http/billing`;

/** What a client sends byte for byte, and what it gets until the gateway closes. */
async function raw(line: string, headers: readonly string[] = [], body = ''): Promise<string> {
  const { hostname, port } = new URL(stand.gateway);
  const head = [
    line,
    `Host: ${hostname}`,
    `Authorization: Bearer ${stand.tokens.bot}`,
    'Connection: close',
    ...headers,
  ];
  const socket = connect(Number(port), hostname);
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

describe('an HTTP service behind the gateway', () => {
  test('answers any client under the caller’s own token, masked', async () => {
    const { status, headers, body, text } = await request('GET', `${base}/v1/customers/1`);

    expect(status).toBe(200);
    expect(headers.get('sallyport-operation')).toMatch(/^op_/);
    expect(body).toMatchObject({ id: 1, name: '[PERSON_NAME]', email: '[EMAIL_ADDRESS]', iban: '[IBAN_CODE]' });
    for (const value of classified) expect(text).not.toContain(value);
  });

  test('answers the same as an operation', async () => {
    const asked = { method: 'POST', path: '/v1/customers/1/notes', body: { text: 'for ada.byron@post.example' } };

    const { status, text } = await request('POST', `${stand.gateway}/v1/connections/billing/operations`, {}, asked);

    expect(status).toBe(200);
    for (const value of classified) expect(text).not.toContain(value);
  });

  test('tells its operations, and what of them is masked', async () => {
    const { body } = await request('GET', `${stand.gateway}/v1/connections/billing/schema`);

    expect(body['operations']).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'customers.get', path: '/v1/customers/{id}' })]),
    );
  });

  test('sends its events as they come, masked', async () => {
    const response = await fetch(`${base}/v1/events`, { headers: { Authorization: `Bearer ${stand.tokens.bot}` } });
    const pieces: string[] = [];
    for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());

    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('').match(/\[EMAIL_ADDRESS\]/g)).toHaveLength(3);
  });

  test('tells nobody the token that it was called with', async () => {
    const { status, text } = await request('GET', `${base}/v1/debug/headers`);

    expect(status).toBe(200);
    expect(text).toContain('Bearer [CREDENTIAL]');
    expect(text).not.toContain(stand.tokens.bot);
  });

  test('leads nobody to where it redirects', async () => {
    const answer = await raw('GET /http/billing/v1/old HTTP/1.1');

    expect(answer).toMatch(/^HTTP\/1.1 302 /);
    expect(answer.toLowerCase()).not.toContain('location');
  });

  test.each([
    'GET /http/billing/v1/customers/..%2f..%2fdebug HTTP/1.1',
    'GET /http/billing/v1/customers/../debug/headers HTTP/1.1',
    'GET /http/billing//v1/customers/1 HTTP/1.1',
    'GET /http/billing/v1/customers/1;x HTTP/1.1',
    'GET /http/billing/v1/customers/1%00 HTTP/1.1',
    'GET /http/billing/v1/customers/%31%32%2533 HTTP/1.1',
    'GET /http/billing/v1/customers/1?_method=DELETE HTTP/1.1',
    'GET /http/billing/v1/customers/1?debug=1 HTTP/1.1',
    'GET /http/billing/v1/customers/1#x HTTP/1.1',
    'GET /http/billing/v1/customers/1\\..\\2 HTTP/1.1',
    'GET http://127.0.0.1/http/billing/v1/customers/1 HTTP/1.1',
  ])('is not asked by %s', async (line) => {
    expect(await raw(line)).toMatch(/^HTTP\/1.1 400 /);
  });

  test.each([
    ['GET /http/billing/v1/admin HTTP/1.1', []],
    ['PUT /http/billing/v1/customers/1 HTTP/1.1', ['Content-Length: 0']],
    ['DELETE /http/billing/v1/customers/1 HTTP/1.1', []],
  ])('denies %s, which no operation or no policy lets through', async (line, headers) => {
    expect(await raw(line, headers)).toMatch(/^HTTP\/1.1 403 /);
  });

  test('is not asked to change by a method that hides', async () => {
    expect(await raw('GET /http/billing/v1/customers/1 HTTP/1.1', ['X-HTTP-Method-Override: DELETE'])).toMatch(
      /^HTTP\/1.1 400 /,
    );
  });

  test('leaves nothing classified and no token in the log or the trail', async () => {
    const rows = await trail(
      "SELECT * FROM `sallyport_evidence.events` WHERE connection = 'billing'",
      (found) => found.length > 10,
    );

    const kept = JSON.stringify(rows) + readLog();
    for (const value of classified) expect(kept).not.toContain(value);
    expect(kept).toContain('«EMAIL_ADDRESS:');
  });
});
