import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Issuer, startIssuer } from '../../emulators/issuer/issuer.ts';
import { createIdentity, type Identities, issuersSchema } from '../../src/identity/identity.ts';
import { systemClock } from '../../src/platform/clock.ts';

const audience = 'http://127.0.0.1:8080';
const bot = { sub: '1042', kind: 'agent', email: 'bot@sallyport-demo.iam.gserviceaccount.com', groups: ['analysts'] };
const dba = { sub: '7', kind: 'human', email: 'dba@example.com' };

let issuer: Issuer;
let identities: Identities;
beforeAll(async () => {
  issuer = await startIssuer({ audience });
  const rules = {
    preset: 'google',
    issuer: issuer.url,
    audience,
    subject_kind: { claim: 'kind' },
    email_domains: ['example.com'],
    claims: { groups: 'groups' },
  };
  identities = createIdentity({ issuers: issuersSchema.parse([rules]), clock: systemClock, allowLoopback: true });
});
afterAll(() => issuer.stop());

async function authenticate(request: object) {
  const response = await fetch(`${issuer.url}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const { token } = (await response.json()) as { token: string };
  return identities.authenticate({ bearer: token });
}

test('the stand’s bot is a service account and an agent, its DBA a user and a human', async () => {
  expect(await authenticate(bot)).toMatchObject({
    member: `serviceAccount:${bot.email}`,
    kind: 'agent',
    groups: ['analysts'],
  });
  expect(await authenticate(dba)).toMatchObject({ member: 'user:dba@example.com', kind: 'human', groups: [] });
});

test('a token made after the issuer rotated its key is accepted', async () => {
  await authenticate(bot);

  await fetch(`${issuer.url}/rotate`, { method: 'POST' });

  expect(await authenticate(bot)).toMatchObject({ subject: bot.sub });
});

test.each([
  ['for another audience', { aud: 'http://other' }],
  ['for two audiences', { aud: [audience, 'http://other'] }],
  ['without a subject', { claims: { sub: null } }],
  ['of another issuer', { claims: { iss: 'http://other' } }],
  ['that has expired', { claims: { iat: 1, exp: 2 } }],
  ['without an expiry', { claims: { exp: null } }],
  ['of an algorithm that is not configured', { alg: 'ES256' }],
])('a token %s is refused', async (_, changes) => {
  await expect(authenticate({ ...bot, ...changes })).rejects.toMatchObject({ code: 'unauthenticated' });
});
