import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIdentity, issuersSchema } from '../../src/identity/identity.ts';
import { audience, identityFor, type LocalIssuer, movableClock, noon, startLocalIssuer } from './local-issuer.ts';

let issuer: LocalIssuer;
beforeAll(async () => {
  issuer = await startLocalIssuer();
});
afterAll(() => issuer.stop());

test('a good token proves who calls: the pair of issuer and subject', async () => {
  const { authenticate } = identityFor(issuer);

  const identity = await authenticate(await issuer.sign(issuer.claims({ sub: 'bot-7' })));

  const pool = issuer.url.slice('http://'.length);
  expect(identity).toMatchObject({
    issuer: issuer.url,
    subject: 'bot-7',
    member: `principal://${pool}/subject/bot-7`,
    memberships: [`principalSet://${pool}/*`],
    groups: [],
    kind: 'agent',
    expiresAt: noon + 600,
  });
  expect(identity.tokenDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(identity.email).toBeUndefined();
  expect(identity.agent).toBeUndefined();
});

test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
  'a token signed with %s is accepted where its issuer is configured for it, and nowhere else',
  async (algorithm) => {
    const kid = `key-${algorithm}`;
    await issuer.addKey(kid, algorithm);
    const token = await issuer.sign(issuer.claims(), {}, kid);

    const { subject } = await identityFor(issuer, { algorithms: [algorithm] }).authenticate(token);
    const other = algorithm === 'RS256' ? 'PS256' : 'RS256';
    const elsewhere = identityFor(issuer, { algorithms: [other] }).authenticate(token);

    expect(subject).toBe('alice');
    await expect(elsewhere).rejects.toMatchObject({ code: 'unauthenticated', reason: 'algorithm' });
  },
);

test('the claims have no prototype at any depth and cannot be changed', async () => {
  const { authenticate } = identityFor(issuer);

  const { claims } = await authenticate(await issuer.sign(issuer.claims({ deep: { list: [{ a: 1 }] } })));

  expect(Object.getPrototypeOf(claims)).toBeNull();
  expect(Object.getPrototypeOf(claims.deep)).toBeNull();
  expect(Object.isFrozen(claims.deep)).toBe(true);
});

test('the token itself can attest which agent calls, by which model, in which conversation', async () => {
  const { authenticate } = identityFor(issuer);
  const attested = {
    'gen_ai.agent.name': 'triage',
    'gen_ai.agent.version': '2',
    'gen_ai.request.model': 'gemini-3-pro',
    'gen_ai.conversation.id': 'c-1',
  };

  const identity = await authenticate(await issuer.sign(issuer.claims(attested)));

  expect(identity.agent).toEqual({ name: 'triage', version: '2', model: 'gemini-3-pro', conversation: 'c-1' });
});

test('groups come from the claim that the issuer is configured with', async () => {
  const { authenticate } = identityFor(issuer, { claims: { groups: 'roles' }, pool: 'corp' });

  const identity = await authenticate(await issuer.sign(issuer.claims({ roles: ['analysts', 'on call'] })));

  expect(identity.groups).toEqual(['analysts', 'on call']);
  expect(identity.memberships).toEqual(['principalSet://corp/*', 'principalSet://corp/group/analysts']);
});

test.each([['not-a-list'], [[1]], [['']], [['a\nb']], [{ a: 1 }]])(
  'a token whose groups are %j is refused',
  async (roles) => {
    const { authenticate } = identityFor(issuer, { claims: { groups: 'roles' } });

    const answer = authenticate(await issuer.sign(issuer.claims({ roles })));

    await expect(answer).rejects.toMatchObject({ code: 'unauthenticated', reason: 'claims' });
  },
);

describe('agents and humans', () => {
  test.each(['agent', 'human'])('a claim can say that the subject is of kind %s', async (kind) => {
    const { authenticate } = identityFor(issuer, { subject_kind: { claim: 'kind' } });

    const identity = await authenticate(await issuer.sign(issuer.claims({ kind })));

    expect(identity.kind).toBe(kind);
  });

  test.each([undefined, 'HUMAN', 'service', 'email', true, ['human']])('the kind %j is refused', async (kind) => {
    const { authenticate } = identityFor(issuer, { subject_kind: { claim: 'kind' } });

    const answer = authenticate(await issuer.sign(issuer.claims({ kind })));

    await expect(answer).rejects.toMatchObject({ code: 'unauthenticated', reason: 'kind' });
  });

  test('a service account is never taken for a human, whatever the token says', async () => {
    const domain = 'p.iam.gserviceaccount.com';
    const { authenticate } = identityFor(issuer, { subject_kind: { claim: 'kind' }, email_domains: [domain] });
    const claims = issuer.claims({ kind: 'human', email: `bot@${domain}`, email_verified: true });

    const answer = authenticate(await issuer.sign(claims));

    await expect(answer).rejects.toMatchObject({ reason: 'kind' });
  });
});

describe('e-mail addresses', () => {
  const config = {
    email_domains: ['example.com', 'demo.iam.gserviceaccount.com'],
    subject_kind: { claim: 'kind' },
    pool: 'corp',
  };

  test('a verified address of a configured domain makes a user: member', async () => {
    const { authenticate } = identityFor(issuer, config);
    const claims = { kind: 'human', email: 'DBA@Example.com', email_verified: true };

    const identity = await authenticate(await issuer.sign(issuer.claims(claims)));

    expect(identity).toMatchObject({ member: 'user:dba@example.com', email: 'dba@example.com', kind: 'human' });
  });

  test('that of a service account makes a serviceAccount: member', async () => {
    const { authenticate } = identityFor(issuer, config);
    const claims = { kind: 'agent', email: 'bot@demo.iam.gserviceaccount.com', email_verified: true };

    const identity = await authenticate(await issuer.sign(issuer.claims(claims)));

    expect(identity.member).toBe('serviceAccount:bot@demo.iam.gserviceaccount.com');
  });

  test.each([
    ['is not verified', { email: 'dba@example.com', email_verified: false }],
    ['is verified by a string', { email: 'dba@example.com', email_verified: 'true' }],
    ['does not say whether it is verified', { email: 'dba@example.com' }],
    ['is of another domain', { email: 'dba@example.org', email_verified: true }],
    ['is of a subdomain', { email: 'dba@evil.example.com', email_verified: true }],
    ['ends like a configured domain', { email: 'dba@evilexample.com', email_verified: true }],
    ['holds two @', { email: 'dba@evil.org@example.com', email_verified: true }],
    ['is a list', { email: ['dba@example.com'], email_verified: true }],
    ['holds a look-alike letter', { email: 'dbа@example.com', email_verified: true }],
    ['holds white space', { email: 'dba@example.com ', email_verified: true }],
  ])('an address that %s is no name: the identity is its subject', async (_, claims) => {
    const { authenticate } = identityFor(issuer, config);

    const identity = await authenticate(await issuer.sign(issuer.claims({ kind: 'human', ...claims })));

    expect(identity.member).toBe('principal://corp/subject/alice');
    expect(identity.email).toBeUndefined();
  });

  test('an issuer without configured domains vouches for no address', async () => {
    const { authenticate } = identityFor(issuer, { pool: 'corp' });
    const claims = { email: 'bot@demo.iam.gserviceaccount.com', email_verified: true };

    const identity = await authenticate(await issuer.sign(issuer.claims(claims)));

    expect(identity.member).toBe('principal://corp/subject/alice');
  });
});

describe('times', () => {
  test.each([
    ['expired 31 s ago', { iat: noon - 600, exp: noon - 31 }, 'expired'],
    ['becomes valid in 31 s', { nbf: noon + 31 }, 'not-yet-valid'],
    ['was issued 31 s from now', { iat: noon + 31 }, 'not-yet-valid'],
    ['was issued more than an hour ago', { iat: noon - 3631 }, 'too-old'],
    ['expires before it was issued', { iat: noon, exp: noon - 1 }, 'times'],
  ])('a token that %s is refused', async (_, times, reason) => {
    const answer = identityFor(issuer).authenticate(await issuer.sign(issuer.claims(times)));

    await expect(answer).rejects.toMatchObject({ code: 'unauthenticated', reason });
  });

  test.each([
    ['expired 29 s ago', { iat: noon - 600, exp: noon - 29 }],
    ['becomes valid in 29 s', { nbf: noon + 29 }],
    ['was issued 29 s from now', { iat: noon + 29 }],
    ['lives a day but was issued just now', { exp: noon + 86_400 }],
  ])('clocks may differ by 30 s: one that %s is accepted', async (_, times) => {
    const { subject } = await identityFor(issuer).authenticate(await issuer.sign(issuer.claims(times)));

    expect(subject).toBe('alice');
  });

  test('an identity ends an hour after its token was issued, however long the token lives', async () => {
    const claims = issuer.claims({ exp: noon + 86_400 });

    const { expiresAt } = await identityFor(issuer).authenticate(await issuer.sign(claims));

    expect(expiresAt).toBe(noon + 3600);
  });

  test('a token that was accepted before is refused once it has expired', async () => {
    const { authenticate, clock } = identityFor(issuer);
    const token = await issuer.sign(issuer.claims());
    await authenticate(token);

    clock.advance(631);

    await expect(authenticate(token)).rejects.toMatchObject({ reason: 'expired' });
  });
});

describe('audiences', () => {
  test('one of several configured audiences is enough', async () => {
    const { authenticate } = identityFor(issuer, { audience: ['https://a.example', audience] });

    const identity = await authenticate(await issuer.sign(issuer.claims({ aud: [audience] })));

    expect(identity.subject).toBe('alice');
  });

  test.each([
    [undefined],
    [''],
    [`${audience}/`],
    [audience.toUpperCase()],
    [` ${audience}`],
    ['https://gateway.example.evil'],
    [[]],
    [[audience, 'https://other.example']],
    [[audience, audience]],
    [[[audience]]],
    [{ [audience]: true }],
    [42],
    [null],
  ])('the audience %j is refused', async (aud) => {
    const answer = identityFor(issuer).authenticate(await issuer.sign(issuer.claims({ aud })));

    await expect(answer).rejects.toMatchObject({ code: 'unauthenticated', reason: 'audience' });
  });
});

describe('what was presented', () => {
  test('nothing at all is refused', async () => {
    const { present } = identityFor(issuer);

    await expect(present({})).rejects.toMatchObject({ code: 'unauthenticated', reason: 'no-token' });
  });

  test('an assertion of IAP is not looked at where IAP is not configured', async () => {
    const { present } = identityFor(issuer);

    await expect(present({ iapAssertion: 'anything' })).rejects.toMatchObject({ reason: 'no-token' });
  });

  test('the caller is told nothing of the reason', async () => {
    const answer = identityFor(issuer).authenticate('nonsense');

    await expect(answer).rejects.toMatchObject({ status: 401, detail: undefined, reason: 'malformed' });
  });
});

test('plain http is for loopback alone, and only where that is allowed', () => {
  const issuers = issuersSchema.parse([{ issuer: issuer.url, audience, subject_kind: 'agent' }]);

  const start = () => createIdentity({ issuers, clock: movableClock() });

  expect(start).toThrow(/is not https/);
});
