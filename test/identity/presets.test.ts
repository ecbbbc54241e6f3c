import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issuersSchema } from '../../src/identity/identity.ts';
import { audience, identityFor, type LocalIssuer, startLocalIssuer } from './local-issuer.ts';

let issuer: LocalIssuer;
beforeAll(async () => {
  issuer = await startLocalIssuer();
  await issuer.addKey('svid', 'ES256', { use: 'jwt-svid' });
  await issuer.addKey('iap', 'ES256');
});
afterAll(() => issuer.stop());

const google = { preset: 'google', pool: 'accounts.google.com', subject_kind: undefined };

async function authenticate(config: Record<string, unknown>, claims: Record<string, unknown>, kid = 'k1') {
  return identityFor(issuer, config).authenticate(await issuer.sign(issuer.claims(claims), {}, kid));
}

describe('google', () => {
  test('a service account is named by its verified address and is an agent', async () => {
    const claims = { sub: '1042', email: 'bot@p.iam.gserviceaccount.com', email_verified: true };

    const identity = await authenticate(google, claims);

    expect(identity).toMatchObject({ member: 'serviceAccount:bot@p.iam.gserviceaccount.com', kind: 'agent' });
  });

  test.each([
    ['Gmail', { email: 'ann@gmail.com' }],
    ['their Workspace domain', { email: 'ann@example.com', hd: 'example.com' }],
  ])('people of %s are named by their address and are human', async (_, claims) => {
    const identity = await authenticate(google, { sub: '7', email_verified: true, ...claims });

    expect(identity).toMatchObject({ member: `user:${claims.email}`, kind: 'human' });
  });

  test.each([
    ['is not verified', { email: 'bot@p.iam.gserviceaccount.com', email_verified: false }],
    ['is of a domain that Google does not run', { email: 'ann@example.com', email_verified: true }],
    ['is of another Workspace domain', { email: 'ann@example.com', email_verified: true, hd: 'example.org' }],
    ['only looks like that of a service account', { email: 'bot@evilgserviceaccount.com', email_verified: true }],
  ])('an address that %s is no name, and its owner is taken for an agent', async (_, claims) => {
    const identity = await authenticate(google, { sub: '7', ...claims });

    expect(identity).toMatchObject({ member: 'principal://accounts.google.com/subject/7', kind: 'agent' });
  });

  test('issuer, keys and algorithm are known', () => {
    const [rules] = issuersSchema.parse([{ preset: 'google', audience }]);

    expect(rules).toMatchObject({
      issuer: 'https://accounts.google.com',
      keys: { jwks: 'https://www.googleapis.com/oauth2/v3/certs' },
      algorithms: ['RS256'],
    });
  });
});

describe('gke', () => {
  const gke = {
    preset: 'gke',
    pool: 'iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog',
  };

  test('a Kubernetes service account is named as Workload Identity Federation names it', async () => {
    const identity = await authenticate(gke, { sub: 'system:serviceaccount:bots:triage' });

    expect(identity.member).toBe(`principal://${gke.pool}/subject/ns/bots/sa/triage`);
    expect(identity.memberships).toEqual([`principalSet://${gke.pool}/*`, `principalSet://${gke.pool}/namespace/bots`]);
  });

  test.each([
    'system:node:n1',
    'alice',
    'system:serviceaccount:a/b:c',
    'system:serviceaccount::x',
    'system:serviceaccount:a:b:c',
  ])('the subject %s is refused', async (sub) => {
    await expect(authenticate(gke, { sub })).rejects.toMatchObject({ reason: 'subject' });
  });
});

describe('github', () => {
  const bound = {
    repository_id: '42',
    job_workflow_ref: 'acme/app/.github/workflows/deploy.yml@refs/heads/main',
    environment: 'production',
  };
  const github = { preset: 'github', pool: 'github', claims: { require: bound } };

  test('a job is a member by repository, workflow and environment', async () => {
    const identity = await authenticate(github, { sub: 'repo:acme/app:environment:production', ...bound });

    expect(identity.member).toBe('principal://github/subject/repo:acme/app:environment:production');
    expect(identity.memberships).toEqual([
      'principalSet://github/*',
      'principalSet://github/attribute.repository_id/42',
      `principalSet://github/attribute.job_workflow_ref/${bound.job_workflow_ref}`,
      'principalSet://github/attribute.environment/production',
    ]);
  });

  test.each(Object.keys(bound))('a job with another %s, or none, is refused', async (claim) => {
    await expect(authenticate(github, { ...bound, [claim]: 'other' })).rejects.toMatchObject({ reason: 'claims' });
    await expect(authenticate(github, { ...bound, [claim]: undefined })).rejects.toMatchObject({ reason: 'claims' });
  });

  test('a number is not the string that is required', async () => {
    await expect(authenticate(github, { ...bound, repository_id: 42 })).rejects.toMatchObject({ reason: 'claims' });
  });
});

describe('spiffe and agent-identity', () => {
  const spiffe = { preset: 'spiffe', trust_domain: 'prod.example', algorithms: ['ES256'] };

  test('a workload is named by its SPIFFE ID, and keys may be meant for SVIDs', async () => {
    const identity = await authenticate(spiffe, { sub: 'spiffe://prod.example/ns/bots/sa/triage' }, 'svid');

    expect(identity).toMatchObject({
      member: 'principal://prod.example/ns/bots/sa/triage',
      memberships: ['principalSet://prod.example/*'],
      kind: 'agent',
    });
  });

  test('an agent of Google is also a member of its platform and project', async () => {
    const domain = 'agents.global.org-123.system.id.goog';
    const path = 'resources/aiplatform/projects/9/locations/us-central1/reasoningEngines/7';
    const config = { ...spiffe, preset: 'agent-identity', trust_domain: domain };

    const identity = await authenticate(config, { sub: `spiffe://${domain}/${path}` }, 'svid');

    expect(identity.member).toBe(`principal://${domain}/${path}`);
    expect(identity.memberships).toContain(
      `principalSet://${domain}/attribute.platformContainer/aiplatform/projects/9`,
    );
  });

  test.each(['spiffe://other.example/ns/a', 'spiffe://sub.prod.example/ns/a', 'spiffe://prod.example.evil/ns/a'])(
    '%s is of another trust domain and refused, though the key is right',
    async (sub) => {
      await expect(authenticate(spiffe, { sub }, 'svid')).rejects.toMatchObject({ reason: 'trust-domain' });
    },
  );

  test.each([
    'spiffe://prod.example',
    'spiffe://prod.example/',
    'spiffe://prod.example/a//b',
    'spiffe://prod.example/a/../b',
    'spiffe://prod.example/./a',
    'spiffe://prod.example/a%2fb',
    'spiffe://prod.example/a?b',
    'spiffe://PROD.example/a',
    'SPIFFE://prod.example/a',
    'spiffe://user@prod.example/a',
    'spiffe://prod.example:443/a',
    'prod.example/a',
  ])('%s is no SPIFFE ID and refused', async (sub) => {
    await expect(authenticate(spiffe, { sub }, 'svid')).rejects.toMatchObject({ reason: 'subject' });
  });

  test('elsewhere a key that is meant for SVIDs verifies nothing', async () => {
    const answer = authenticate({ algorithms: ['ES256'] }, {}, 'svid');

    await expect(answer).rejects.toMatchObject({ reason: 'unknown-key' });
  });
});

describe('IAP', () => {
  const resource = '/projects/1/global/backendServices/2';
  const iapClaims = { iss: 'https://cloud.google.com/iap', aud: resource, sub: 'accounts.google.com:7' };

  function behindProxy() {
    return identityFor(issuer, {}, { iap: { audience: resource, jwksUri: `${issuer.url}/jwks` } });
  }

  test('a person behind the proxy is human and named by the address', async () => {
    const iapAssertion = await issuer.sign(issuer.claims({ ...iapClaims, email: 'dba@example.com' }), {}, 'iap');

    const identity = await behindProxy().present({ iapAssertion });

    expect(identity).toMatchObject({ member: 'user:dba@example.com', kind: 'human', subject: 'accounts.google.com:7' });
  });

  test('a service account behind the proxy stays an agent', async () => {
    const claims = { ...iapClaims, email: 'bot@p.iam.gserviceaccount.com' };
    const iapAssertion = await issuer.sign(issuer.claims(claims), {}, 'iap');

    const identity = await behindProxy().present({ iapAssertion });

    expect(identity).toMatchObject({ member: 'serviceAccount:bot@p.iam.gserviceaccount.com', kind: 'agent' });
  });

  test.each([
    ['is for another resource', { aud: '/projects/1/global/backendServices/3' }, 'audience'],
    ['is of another issuer', { iss: 'https://cloud.google.com/iap/' }, 'unknown-issuer'],
    ['is of a configured bearer issuer', { iss: undefined }, 'unknown-issuer'],
  ])('an assertion that %s is refused', async (_, changes, reason) => {
    const iapAssertion = await issuer.sign(issuer.claims({ ...iapClaims, ...changes }), {}, 'iap');

    await expect(behindProxy().present({ iapAssertion })).rejects.toMatchObject({ code: 'unauthenticated', reason });
  });

  test('an assertion that is not signed by ES256 is refused', async () => {
    const iapAssertion = await issuer.sign(issuer.claims(iapClaims));

    await expect(behindProxy().present({ iapAssertion })).rejects.toMatchObject({ reason: 'algorithm' });
  });

  test('an assertion is no bearer token, and a bearer token no assertion', async () => {
    const gate = behindProxy();
    const assertion = await issuer.sign(issuer.claims(iapClaims), {}, 'iap');
    const bearer = await issuer.sign(issuer.claims());
    await gate.present({ iapAssertion: assertion });
    await gate.present({ bearer });

    await expect(gate.present({ bearer: assertion })).rejects.toMatchObject({ reason: 'unknown-issuer' });
    await expect(gate.present({ iapAssertion: bearer })).rejects.toMatchObject({ reason: 'unknown-issuer' });
  });

  test('both at once are refused, as it would be unclear who calls', async () => {
    const iapAssertion = await issuer.sign(issuer.claims(iapClaims), {}, 'iap');
    const bearer = await issuer.sign(issuer.claims());

    await expect(behindProxy().present({ bearer, iapAssertion })).rejects.toMatchObject({ reason: 'two-credentials' });
  });
});

describe('configuration', () => {
  const oidc = { issuer: 'https://id.example', audience, subject_kind: 'agent' };

  test.each([
    ['an unknown field', { ...oidc, audiences: [audience] }],
    ['a symmetric algorithm', { ...oidc, algorithms: ['HS256'] }],
    ['the algorithm none', { ...oidc, algorithms: ['none'] }],
    ['no algorithm', { ...oidc, algorithms: [] }],
    ['no audience', { issuer: oidc.issuer, subject_kind: 'agent' }],
    ['an empty audience', { ...oidc, audience: '' }],
    ['no issuer', { audience, subject_kind: 'agent' }],
    ['no kind of subject', { issuer: oidc.issuer, audience }],
    ['plain http off loopback', { ...oidc, issuer: 'http://id.example' }],
    ['plain http keys off loopback', { ...oidc, jwks_uri: 'http://169.254.169.254/keys' }],
    ['a name that begins like loopback', { ...oidc, issuer: 'http://127.0.0.1.evil.example' }],
    ['a file', { ...oidc, jwks_uri: 'file:///etc/passwd' }],
    ['a password in an address', { ...oidc, issuer: 'https://me:pw@id.example' }],
    ['IAP as a bearer issuer', { ...oidc, issuer: 'https://cloud.google.com/iap' }],
    ['both ways to the keys', { ...oidc, jwks_uri: 'https://id.example/k', discovery: 'https://id.example/d' }],
    ['GitHub without what binds it', { preset: 'github', audience }],
    ['GitHub bound by repository alone', { preset: 'github', audience, claims: { require: { repository_id: '1' } } }],
    ['SPIFFE without a trust domain', { ...oidc, preset: 'spiffe' }],
    ['a trust domain elsewhere', { ...oidc, trust_domain: 'example.org' }],
    ['a pool that a subject could forge', { ...oidc, pool: 'corp/subject/a' }],
  ])('%s is an error', (_, config) => {
    expect(issuersSchema.safeParse([config]).success).toBe(false);
  });

  test('an issuer cannot be named twice, nor share a pool, nor live in the trust domain of another', () => {
    const other = { ...oidc, issuer: 'https://other.example' };
    const spiffe = { ...other, preset: 'spiffe', trust_domain: 'id.example' };

    expect(issuersSchema.safeParse([oidc, oidc]).success).toBe(false);
    expect(issuersSchema.safeParse([oidc, { ...other, pool: 'id.example' }]).success).toBe(false);
    expect(issuersSchema.safeParse([{ ...oidc, pool: 'id.example/a' }, spiffe]).success).toBe(false);
    expect(issuersSchema.safeParse([oidc, other]).success).toBe(true);
  });
});
