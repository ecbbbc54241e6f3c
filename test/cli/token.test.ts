import { describe, expect, test } from 'vitest';
import { credentialOf, ownToken } from '../../src/cli/token.ts';

const now = new Date('2026-01-01T12:00:00Z');
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const noGoogle = async () => {
  throw new Error('no credentials');
};

describe('the credential for kubectl', () => {
  test('says when the token ends, so that kubectl asks again by then', () => {
    const token = jwt({ exp: now.getTime() / 1000 + 600 });

    expect(JSON.parse(credentialOf(token, now))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token, expirationTimestamp: '2026-01-01T12:10:00Z' },
    });
  });

  test('of a token that tells no end has none', () => {
    expect(JSON.parse(credentialOf('opaque', now)).status).toEqual({ token: 'opaque' });
  });

  test('of a token that has ended is refused', () => {
    expect(() => credentialOf(jwt({ exp: now.getTime() / 1000 }), now)).toThrow('has ended');
  });

  test('of a token that would be more than one header is refused', () => {
    expect(() => credentialOf('a\r\nX-Other: b', now)).toThrow('no header may hold');
  });
});

describe('whose token it is', () => {
  const audience = 'https://gateway.example';

  test('one that is given goes before any of Google’s', async () => {
    const environment = { SALLYPORT_TOKEN: 'given' };

    expect(await ownToken({ file: undefined, environment, audience, fetchIdToken: noGoogle })).toBe('given');
  });

  test('without one Google is asked, for the gateway alone', async () => {
    const fetchIdToken = async (asked: string) => `for ${asked}`;

    expect(await ownToken({ file: undefined, environment: {}, audience, fetchIdToken })).toBe(`for ${audience}`);
  });

  test('a file that is named and cannot be read is not passed over', async () => {
    const from = {
      file: '/nowhere/token',
      environment: { SALLYPORT_TOKEN: 'given' },
      audience,
      fetchIdToken: noGoogle,
    };

    await expect(ownToken(from)).rejects.toThrow('cannot be read');
  });

  test.each([
    [audience, 'gcloud auth application-default login'],
    [undefined, 'Whom is the token for?'],
  ])('for %s where there is none, it is said what to do', async (to, words) => {
    const from = { file: undefined, environment: {}, audience: to, fetchIdToken: noGoogle };

    await expect(ownToken(from)).rejects.toThrow(words);
  });
});
