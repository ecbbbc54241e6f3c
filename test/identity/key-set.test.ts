import { exportJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, identityFor, type LocalIssuer, noon, sendJson, startLocalIssuer } from './local-issuer.ts';

const day = 24 * 3600;

let issuer: LocalIssuer;
beforeEach(async () => {
  issuer = await startLocalIssuer();
});
afterEach(() => issuer.stop());

const downloads = () => issuer.requests.filter((path) => path === '/jwks').length;

/** A token that is fresh at that time. */
const tokenAt = (seconds: number, kid = 'k1') =>
  issuer.sign(issuer.claims({ iat: seconds, exp: seconds + 600 }), {}, kid);

describe('rotation', () => {
  test('a token of a new key is accepted at once', async () => {
    const { authenticate } = identityFor(issuer);
    await authenticate(await tokenAt(noon));

    await issuer.addKey('k2');
    const { subject } = await authenticate(await tokenAt(noon, 'k2'));

    expect(subject).toBe('alice');
  });

  test('a token that was accepted before is refused once its key is gone for a minute', async () => {
    const { authenticate, clock } = identityFor(issuer);
    const token = await tokenAt(noon);
    await authenticate(token);

    issuer.removeKey('k1');
    clock.advance(61);

    await expect(authenticate(token)).rejects.toMatchObject({ code: 'unauthenticated', reason: 'unknown-key' });
  });

  test('a token that was accepted before is refused when its key id stands for another key', async () => {
    const { authenticate, clock } = identityFor(issuer);
    const token = await tokenAt(noon);
    await authenticate(token);

    await issuer.addKey('k1');
    clock.advance(61);

    await expect(authenticate(token)).rejects.toMatchObject({ reason: 'signature' });
  });
});

describe('unknown key ids', () => {
  test('ten thousand of them, half of them at once, cause two downloads', async () => {
    const { authenticate } = identityFor(issuer);
    const [, payload, signature] = (await tokenAt(noon)).split('.');
    const forged = (id: number) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `random-${id}` })).toString('base64url');
      return authenticate(`${header}.${payload}.${signature}`).catch(({ reason }) => reason);
    };

    const answers = new Set(await Promise.all(Array.from({ length: 5000 }, (_, id) => forged(id))));
    for (let id = 5000; id < 10_000; id++) answers.add(await forged(id));

    expect([...answers]).toEqual(['unknown-key']);
    expect(downloads()).toBe(2);
  });

  test('after half a minute one more download is made for them', async () => {
    const { authenticate, clock } = identityFor(issuer);
    await issuer.addKey('other');
    const unknown = await tokenAt(noon, 'other');
    issuer.removeKey('other');
    await authenticate(unknown).catch(() => {});

    clock.advance(31);
    await authenticate(unknown).catch(() => {});
    await authenticate(unknown).catch(() => {});

    expect(downloads()).toBe(3);
  });
});

describe('an issuer that cannot be reached', () => {
  const answers: [string, (url: string) => Answer][] = [
    ['answers with an error', () => (response) => response.writeHead(500).end()],
    ['hangs up', () => (response) => response.destroy()],
    ['answers with no JSON', () => (response) => response.end('<html>')],
    ['answers with no key set', () => (response) => sendJson(response, { keys: 'none' })],
    ['answers with a list', () => (response) => sendJson(response, [])],
    ['redirects', (url) => (response) => response.writeHead(302, { location: `${url}/elsewhere` }).end()],
    ['answers with more than 1 MiB', () => (response) => sendJson(response, { keys: [], pad: 'x'.repeat(2 ** 20) })],
    ['answers with ambiguous JSON', () => (response) => response.end('{"keys":[],"keys":[]}')],
  ];

  test.each(answers)('and %s has its tokens refused, as any other bad token', async (_, answer) => {
    const { authenticate } = identityFor(issuer);
    const token = await tokenAt(noon);
    issuer.state.answer = answer(issuer.url);

    await expect(authenticate(token)).rejects.toMatchObject({ status: 401, reason: 'jwks-unavailable' });

    expect(issuer.requests).toHaveLength(1);
  });

  test.each(answers)('and %s keeps its known keys for a day, and no longer', async (_, answer) => {
    const { authenticate, clock } = identityFor(issuer);
    await authenticate(await tokenAt(noon));
    issuer.state.answer = answer(issuer.url);

    clock.advance(day - 10);
    const { subject } = await authenticate(await tokenAt(noon + day - 10));
    clock.advance(20);

    expect(subject).toBe('alice');
    await expect(authenticate(await tokenAt(noon + day + 10))).rejects.toMatchObject({ reason: 'jwks-unavailable' });
  });

  test('has three seconds to answer', async () => {
    const { authenticate } = identityFor(issuer);
    issuer.state.answer = () => {};

    const answer = authenticate(await tokenAt(noon));

    await expect(answer).rejects.toMatchObject({ status: 401, reason: 'jwks-unavailable' });
  });

  test('is believed again as soon as it answers', async () => {
    const { authenticate, clock } = identityFor(issuer);
    const token = await tokenAt(noon);
    issuer.state.answer = (response) => response.writeHead(503).end();
    await authenticate(token).catch(() => {});

    delete issuer.state.answer;
    clock.advance(5);

    expect(await authenticate(token)).toMatchObject({ subject: 'alice' });
  });

  test('is reported, so that an operator knows within a day', async () => {
    const reported: string[] = [];
    const { authenticate } = identityFor(issuer, {}, { report: (name) => reported.push(name) });
    issuer.state.answer = (response) => response.writeHead(503).end();

    await authenticate(await tokenAt(noon)).catch(() => {});

    expect(reported[0]).toBe(issuer.url);
  });
});

describe('discovery', () => {
  const discovering = { jwks_uri: undefined };

  test('finds the keys where no address is configured', async () => {
    const { authenticate } = identityFor(issuer, discovering);

    expect(await authenticate(await tokenAt(noon))).toMatchObject({ subject: 'alice' });

    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  test.each([
    ['speaks for another issuer', (url: string) => ({ issuer: `${url}/` })],
    ['names no issuer', () => ({ issuer: undefined })],
    ['names keys of another host', () => ({ jwks_uri: 'http://127.0.0.1:1/jwks' })],
    ['names keys on the metadata server', () => ({ jwks_uri: 'http://169.254.169.254/jwks' })],
    ['names no address', () => ({ jwks_uri: 7 })],
  ])('is refused when the document %s', async (_, discovery) => {
    const { authenticate } = identityFor(issuer, discovering);
    issuer.state.discovery = discovery(issuer.url);

    await expect(authenticate(await tokenAt(noon))).rejects.toMatchObject({ reason: 'jwks-unavailable' });

    expect(issuer.requests).toEqual(['/.well-known/openid-configuration']);
  });
});

describe('keys that verify nothing', () => {
  test.each([
    ['is meant for encryption', { use: 'enc' }],
    ['is for another algorithm', { alg: 'RS512' }],
    ['may not verify', { key_ops: ['sign'] }],
    ['has an exponent of 1', { e: 'AQ' }],
    ['has an exponent of 3', { e: 'Aw' }],
    ['has an even exponent', { e: 'AQAC' }],
    ['carries its private part', { d: 'AQAB' }],
    ['has no id', { kid: undefined }],
    ['claims to be a secret', { kty: 'oct', k: 'c2VjcmV0' }],
    ['is no key', { n: '!' }],
  ])('one that %s', async (_, changes) => {
    await issuer.addKey('odd', 'RS256', changes as object);
    const token = await tokenAt(noon, 'odd');

    await expect(identityFor(issuer).authenticate(token)).rejects.toMatchObject({ reason: 'unknown-key' });
  });

  test('two that share an id', async () => {
    issuer.state.extra = [issuer.publicJwk('k1')];

    const answer = identityFor(issuer).authenticate(await tokenAt(noon));

    await expect(answer).rejects.toMatchObject({ reason: 'unknown-key' });
  });

  test('an elliptic point that is not on its curve', async () => {
    await issuer.addKey('off', 'ES256', { y: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' });

    const answer = identityFor(issuer, { algorithms: ['ES256'] }).authenticate(await tokenAt(noon, 'off'));

    await expect(answer).rejects.toMatchObject({ reason: 'unknown-key' });
  });

  test('a private key that its issuer published by mistake', async () => {
    await issuer.addKey('leaked');
    const leaked = { ...(await exportJWK(issuer.privateKey('leaked'))), kid: 'leaked', alg: 'RS256', use: 'sig' };
    const token = await tokenAt(noon, 'leaked');
    issuer.removeKey('leaked');
    issuer.state.extra = [leaked];

    await expect(identityFor(issuer).authenticate(token)).rejects.toMatchObject({ reason: 'unknown-key' });
  });

  test('one whose id is longer than 256 characters', async () => {
    const kid = 'k'.repeat(257);
    await issuer.addKey(kid);

    const answer = identityFor(issuer).authenticate(await tokenAt(noon, kid));

    await expect(answer).rejects.toMatchObject({ reason: 'key-id' });
  });

  test('a bad key beside a good one does no harm', async () => {
    issuer.state.extra = [null, 7, { kty: 'RSA' }, { kid: 'x', kty: 'oct', k: 'AA' }];

    expect(await identityFor(issuer).authenticate(await tokenAt(noon))).toMatchObject({ subject: 'alice' });
  });
});
