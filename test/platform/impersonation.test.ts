import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OAuth2Client } from 'google-auth-library';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTokenMint } from '../../src/platform/impersonation.ts';

/** The IAM Service Account Credentials API, as far as `generateAccessToken` and `generateIdToken` go. */
const iam = { calls: [] as { path: string; bearer: string; body: unknown }[], status: 200, now: 0 };
const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  iam.calls.push({ path: request.url ?? '', bearer: request.headers.authorization ?? '', body: JSON.parse(text) });
  if (request.url?.endsWith(':generateIdToken') && iam.status === 200) {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    return void response.end(JSON.stringify({ token: idToken() }));
  }
  const accessToken = `token-${iam.calls.length}`;
  const expireTime = new Date(iam.now + 3_600_000).toISOString();
  response.writeHead(iam.status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(iam.status === 200 ? { accessToken, expireTime } : { error: { message: 'no' } }));
});

/** Ends in an hour. */
const idToken = () =>
  ['{}', JSON.stringify({ exp: iam.now / 1000 + 3600, jti: iam.calls.length }), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());
beforeEach(() => Object.assign(iam, { calls: [], status: 200, now: Date.parse('2026-01-01T00:00:00Z') }));

function aMint() {
  const source = new OAuth2Client();
  source.setCredentials({ access_token: 'of-the-gateway', expiry_date: Date.now() + 3_000_000 });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createTokenMint({ now: () => iam.now, source: async () => source, endpoint });
}

const reader = 'reader@p.iam.gserviceaccount.com';

describe('a token of a service account', () => {
  test('is asked for with the identity of the instance, for an hour and for these scopes alone', async () => {
    const token = await aMint()(reader, ['scope-a']);

    expect(token).toEqual({ token: 'token-1', expiresAt: new Date('2026-01-01T01:00:00Z') });
    expect(iam.calls).toEqual([
      {
        path: `/v1/projects/-/serviceAccounts/${reader}:generateAccessToken`,
        bearer: 'Bearer of-the-gateway',
        body: { delegates: [], scope: ['scope-a'], lifetime: '3600s' },
      },
    ]);
  });

  test('serves all who ask for the same until ten minutes before its end', async () => {
    const mint = aMint();
    const first = await mint(reader, ['a']);
    iam.now += 49 * 60_000;
    const later = await mint(reader, ['a']);
    iam.now += 60_000;

    const renewed = await mint(reader, ['a']);

    expect([first.token, later.token, renewed.token]).toEqual(['token-1', 'token-1', 'token-2']);
  });

  test('is never one of another account or for other scopes', async () => {
    const mint = aMint();

    const tokens = [await mint(reader, ['a']), await mint(reader, ['b']), await mint(`x${reader}`, ['a'])];

    expect(new Set(tokens.map(({ token }) => token)).size).toBe(3);
  });

  test('that cannot be had is an error, and is asked for anew the next time', async () => {
    const mint = aMint();
    iam.status = 403;
    await expect(mint(reader, ['a'])).rejects.toThrow();
    iam.status = 200;

    const token = await mint(reader, ['a']);

    expect(token.token).toBe(`token-${iam.calls.length}`);
  });

  test('that proves who it is to one audience is an ID token, and ends when it says itself', async () => {
    const mint = aMint();

    const { token, expiresAt } = await mint(reader, { audience: 'https://service' });
    iam.now += 49 * 60_000;
    const later = await mint(reader, { audience: 'https://service' });
    const other = await mint(reader, { audience: 'https://other' });

    expect(expiresAt).toEqual(new Date('2026-01-01T01:00:00Z'));
    expect(later.token).toBe(token);
    expect(other.token).not.toBe(token);
    expect(iam.calls[0]).toMatchObject({
      path: `/v1/projects/-/serviceAccounts/${reader}:generateIdToken`,
      body: { audience: 'https://service', includeEmail: true },
    });
  });
});
