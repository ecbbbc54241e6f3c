import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createIdentity, type IdentityOptions, issuersSchema } from '../../src/identity/identity.ts';

/** 2026-11-22T10:00:00Z */
export const noon = 1_795_341_600;
export const audience = 'https://gateway.example';

/** What the server does instead of answering. */
export type Answer = (response: ServerResponse) => void;
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

/** RSA keys take long to make, so issuers share their first. */
const firstPair = generateKeyPair('RS256', { extractable: true });

/** A clock that only moves when told to. */
export function movableClock() {
  let seconds = noon;
  return {
    now: () => new Date(seconds * 1000),
    advance(by: number) {
      seconds += by;
    },
  };
}

export function sendJson(response: ServerResponse, body: unknown) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** An issuer with a key server of its own on loopback. */
export async function startLocalIssuer() {
  const pairs = new Map<string, { pair: Pair; alg: string; jwk: JWK }>();
  const requests: string[] = [];
  const state: { answer?: Answer; extra: unknown[]; discovery: Record<string, unknown> } = { extra: [], discovery: {} };

  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (state.answer) return state.answer(response);
    if (request.url === '/jwks')
      return sendJson(response, { keys: [...[...pairs.values()].map(({ jwk }) => jwk), ...state.extra] });
    if (request.url === '/.well-known/openid-configuration')
      return sendJson(response, { issuer: url, jwks_uri: `${url}/jwks`, ...state.discovery });
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function addKey(kid: string, alg = 'RS256', inJwks: Partial<JWK> = {}) {
    return keep(kid, alg, await generateKeyPair(alg, { extractable: true }), inJwks);
  }

  async function keep(kid: string, alg: string, pair: Pair, inJwks: Partial<JWK>) {
    const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig', ...inJwks };
    pairs.set(kid, { pair, alg, jwk });
  }
  await keep('k1', 'RS256', await firstPair, {});

  function pairOf(kid: string) {
    const held = pairs.get(kid);
    if (held === undefined) throw new Error(`no key ${kid}`);
    return held;
  }

  return {
    url,
    requests,
    state,
    addKey,
    removeKey: (kid: string) => pairs.delete(kid),
    publicJwk: (kid: string) => pairOf(kid).jwk,
    privateKey: (kid: string) => pairOf(kid).pair.privateKey,
    /** Claims that are accepted, but for what the test changes. `undefined` leaves one out. */
    claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
      const claims = { iss: url, sub: 'alice', aud: audience, iat: noon, exp: noon + 600, ...changes };
      return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    },
    sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}, kid = 'k1') {
      const { pair, alg } = pairOf(kid);
      return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg, kid, ...header }).sign(pair.privateKey);
    },
    stop() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
export type LocalIssuer = Awaited<ReturnType<typeof startLocalIssuer>>;

/** The gate with this one issuer before it. */
export function identityFor(
  issuer: LocalIssuer,
  config: Record<string, unknown> = {},
  options: Partial<IdentityOptions> = {},
) {
  const clock = movableClock();
  const rules = { issuer: issuer.url, audience, jwks_uri: `${issuer.url}/jwks`, subject_kind: 'agent', ...config };
  const issuers = issuersSchema.parse([rules]);
  const { authenticate } = createIdentity({ issuers, clock, allowLoopback: true, ...options });
  return { authenticate: (bearer: string) => authenticate({ bearer }), present: authenticate, clock };
}
