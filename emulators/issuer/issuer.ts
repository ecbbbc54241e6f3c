import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { ZodError, z } from 'zod';
import { createKeys, type Keys } from './keys.ts';
import { type Issuance, mintToken, type TokenRequest } from './token.ts';

export type IssuerOptions = {
  /** 0 takes a free port. */
  port?: number;
  /** A loopback name or address; any other is refused. */
  host?: string;
  /** The `aud` of tokens that ask for none. */
  audience?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

export type Issuer = {
  /** The `iss` of its tokens; discovery is below it. */
  url: string;
  mint(request: TokenRequest): Promise<string>;
  rotate(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Resolves with an OpenID Connect issuer that mints whatever token it is asked for, without asking who asks. Therefore
 * it serves on loopback only, and throws for any other host.
 */
export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const { port = 0, host = '127.0.0.1', audience = 'http://127.0.0.1:8080', now = Date.now } = options;
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
    throw new Error(`The token issuer mints any token for anyone: it serves on loopback only, not on ${host}.`);
  }

  const keys = await createKeys();
  const issuance: Issuance = { issuer: '', audience, now };
  const server = createAdaptorServer({ fetch: routes(keys, issuance).fetch });
  const bound = await listen(server, port, host);
  issuance.issuer = `http://${host === '::1' ? '[::1]' : host}:${bound}`;

  return {
    url: issuance.issuer,
    mint: (request) => mintToken(request, keys, issuance),
    rotate: keys.rotate,
    stop: () => close(server),
  };
}

function routes(keys: Keys, issuance: Issuance): Hono {
  const app = new Hono();
  app.get('/.well-known/openid-configuration', (c) =>
    c.json({
      issuer: issuance.issuer,
      jwks_uri: `${issuance.issuer}/.well-known/jwks.json`,
      token_endpoint: `${issuance.issuer}/token`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    }),
  );
  app.get('/.well-known/jwks.json', (c) => c.json(keys.jwks(), 200, { 'Cache-Control': 'public, max-age=60' }));
  app.post('/token', async (c) => c.json({ token: await mintToken(JSON.parse(await c.req.text()), keys, issuance) }));
  app.post('/rotate', async (c) => {
    await keys.rotate();
    return c.json(keys.jwks());
  });
  app.notFound((c) => c.json({ error: 'not_found' }, 404));
  app.onError((error, c) => {
    const description = badRequest(error);
    if (description !== undefined) return c.json({ error: 'invalid_request', error_description: description }, 400);
    return c.json({ error: 'server_error', error_description: error.message }, 500);
  });
  return app;
}

function badRequest(error: Error): string | undefined {
  if (error instanceof SyntaxError) return 'The body is not JSON.';
  return error instanceof ZodError ? z.prettifyError(error) : undefined;
}

function listen(server: ServerType, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
