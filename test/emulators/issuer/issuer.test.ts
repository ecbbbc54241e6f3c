import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Issuer, startIssuer } from '../../../emulators/issuer/issuer.ts';

let issuer: Issuer;
beforeEach(async () => {
  issuer = await startIssuer({ audience: 'http://gateway' });
});
afterEach(() => issuer.stop());

const post = (path: string, body: string) =>
  fetch(issuer.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

async function mint(request: object): Promise<string> {
  const response = await post('/token', JSON.stringify(request));
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** As an outsider does it: only from what discovery says. */
async function verify(token: string) {
  const discovery = await fetch(`${issuer.url}/.well-known/openid-configuration`);
  const { issuer: iss, jwks_uri } = (await discovery.json()) as { issuer: string; jwks_uri: string };
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  return jwtVerify(token, keys, { issuer: iss, audience: 'http://gateway' });
}

const bot = { sub: '1042', kind: 'agent', email: 'bot@demo.iam.gserviceaccount.com' } as const;

test('a token verifies by discovery alone and says what was asked', async () => {
  const token = await mint({ ...bot, groups: ['analysts'] });

  const { payload, protectedHeader } = await verify(token);

  expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' });
  expect(payload).toEqual({
    iss: issuer.url,
    aud: 'http://gateway',
    sub: '1042',
    kind: 'agent',
    email: 'bot@demo.iam.gserviceaccount.com',
    email_verified: true,
    groups: ['analysts'],
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: Number(payload.iat) + 3600,
  });
});

test('tokens from the function and from HTTP come from the same keys', async () => {
  const { payload } = await verify(await issuer.mint({ ...bot, expires_in: 5 }));

  expect(Number(payload.exp) - Number(payload.iat)).toBe(5);
});

test('an assertion like those of IAP is signed with ES256', async () => {
  const { protectedHeader } = await verify(await mint({ ...bot, kind: 'human', alg: 'ES256' }));

  expect(protectedHeader.alg).toBe('ES256');
});

test('any claim can be forged, and any left out', async () => {
  const token = await mint({ ...bot, claims: { iss: 'https://evil.example', exp: 1, jti: null } });

  expect(decodeJwt(token)).toMatchObject({ iss: 'https://evil.example', exp: 1, sub: '1042' });
  expect(decodeJwt(token)).not.toHaveProperty('jti');
});

test('an email that is not verified is said to be so', async () => {
  expect(decodeJwt(await mint({ ...bot, email_verified: false }))).toMatchObject({ email_verified: false });
});

test('after one rotation old tokens still verify, after a second they do not', async () => {
  const old = await mint(bot);

  await post('/rotate', '');
  await expect(verify(old)).resolves.toBeDefined();
  await expect(verify(await mint(bot))).resolves.toBeDefined();

  await post('/rotate', '');
  await expect(verify(old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('the published keys hold no private part', async () => {
  const response = await fetch(`${issuer.url}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: object[] };

  expect(keys).toHaveLength(2);
  for (const key of keys)
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(secret);
});

test.each([
  ['no JSON', '{'],
  ['not an object', '[]'],
  ['no subject', '{"kind":"agent"}'],
  ['no kind', '{"sub":"a"}'],
  ['an unknown kind', '{"sub":"a","kind":"robot"}'],
  ['a misspelt member', '{"sub":"a","kind":"agent","group":["x"]}'],
  ['a lifetime of nothing', '{"sub":"a","kind":"agent","expires_in":0}'],
  ['groups that are no list', '{"sub":"a","kind":"agent","groups":"x"}'],
])('a body with %s is refused', async (_, body) => {
  const response = await post('/token', body);

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: 'invalid_request', error_description: expect.any(String) });
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', ''])('it refuses to serve on %j', async (host) => {
  await expect(startIssuer({ host })).rejects.toThrow('loopback only');
});
