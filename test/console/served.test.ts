import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, serve } from '../../src/platform/server.ts';
import { aConsole, origin } from './fixture.ts';

/** What only a real connection shows: bodies of unknown length, and methods that may have one. */

const fixture = aConsole();
let server: RunningServer;

beforeAll(async () => {
  server = await serve({ fetch: fixture.app.fetch, host: '127.0.0.1', port: 0 });
});

afterAll(() => server.drain(0));

/** Sends without a length: what is written goes in chunks. */
function send(method: string, path: string, headers: Record<string, string>, ...chunks: string[]) {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port: server.port, method, path, headers }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    sending.on('error', reject);
    for (const chunk of chunks) sending.write(chunk);
    sending.end();
  });
}

describe('the console on a real connection', () => {
  test.each(['DELETE', 'OPTIONS', 'PATCH', 'PUT'])('has no %s of a list, and says so as a problem', async (method) => {
    const answer = await send(method, '/api/groups', { Authorization: 'Bearer admin' });

    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 404, code: 'not-found' });
    expect(fixture.faults).toEqual([]);
  });

  const form = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Transfer-Encoding': 'chunked',
    Origin: origin,
  };

  test('reads a form whose length is not announced', async () => {
    const answer = await send('POST', '/sign-in', form, 'token=d', 'ba&to=/approvals');

    expect(answer.status).toBe(303);
  });

  test('stops reading such a form where it is too long', async () => {
    const answer = await send('POST', '/sign-in', form, 'token=dba&to=', ...Array<string>(5).fill('x'.repeat(20_000)));

    expect(answer.status).toBe(413);
  });
});
