import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { mint, stand, trail } from './stand.ts';

/** The smoke test of a release, as its job runs it: text given to Node, a metadata server, the real gateway, and gateways that are broken. */

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const smoke = { sub: '9001', email: `sallyport-smoke@${stand.project}.iam.gserviceaccount.com`, email_verified: true };

/** Gives ID tokens for whatever audience they are asked for, as Cloud Run's own does. */
const metadata = await listen(async (request, response) => {
  const url = new URL(request.url ?? '', 'http://metadata');
  const isAsked = request.headers['metadata-flavor'] === 'Google' && url.pathname.endsWith('/default/identity');
  response.writeHead(isAsked ? 200 : 403);
  response.end(isAsked && (await mint({ ...smoke, kind: 'agent', aud: url.searchParams.get('audience') })));
});

const source = await readFile(new URL('../../release/smoke.ts', import.meta.url), 'utf8');

type Ended = { code: number; out: string; wrong: string };

function trySmoke(url: string, audience = stand.audience): Promise<Ended> {
  const env = { SMOKE_URL: url, SMOKE_AUDIENCE: audience, SMOKE_INVOKER: '', GCE_METADATA_HOST: metadata };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module-typescript', '--eval', source], { env }, (error, out, wrong) =>
      resolve({ code: Number(error?.code ?? 0), out, wrong }),
    );
  });
}

type Answer = { status: number; headers: Record<string, string>; body: string };
type Breaks = (path: string, token: string | undefined, answer: Answer) => Partial<Answer>;

/** The real gateway, of whose answers some are changed on the way. */
const broken = (breaks: Breaks) =>
  listen(async ({ url = '', method = 'GET', headers }, response) => {
    const answered = await fetch(`${stand.gateway}${url}`, {
      method,
      headers: {
        ...(headers.authorization && { authorization: headers.authorization }),
        'content-type': 'application/json',
      },
      body: method === 'POST' ? '{"statement":"select 1"}' : null,
    });
    const operation = answered.headers.get('sallyport-operation');
    const answer = {
      status: answered.status,
      headers: operation === null ? {} : { 'sallyport-operation': operation },
      body: await answered.text(),
    };
    const { status, headers: sent, body } = { ...answer, ...breaks(url, headers.authorization, answer) };
    response.writeHead(status, sent).end(body);
  });

test('the gateway passes, and its trail holds the calls that were refused', async () => {
  const ended = await trySmoke(stand.gateway);

  expect(ended).toMatchObject({ code: 0, wrong: '' });
  expect(ended.out.match(/^ok /gm)).toHaveLength(6);
  const [row] = await trail(
    `SELECT COUNT(*) AS refused FROM \`sallyport_evidence.events\` WHERE type = 'refused' AND principal.email = '${smoke.email}'`,
    ([found]) => Number(found?.['refused']) > 0,
  );
  expect(row?.['refused']).toBe(1);
});

const kinds: Record<string, [Breaks, RegExp]> = {
  'is not ready': [(path) => (path === '/ready' ? { status: 503 } : {}), /It is ready/],
  'answers everybody': [
    (_path, token) => (token === undefined ? { status: 200, body: '{"connections":[]}' } : {}),
    /Who shows no token is refused/,
  ],
  'takes any token': [
    (_path, token) => (token === undefined ? {} : { status: 200, body: '{"connections":[]}' }),
    /A token that nobody signed is refused[\s\S]*A token for somebody else is refused/,
  ],
  'knows nobody': [
    (_path, token) => (token === undefined ? {} : { status: 401, body: '{"code":"unauthenticated"}' }),
    /A real ID token is accepted/,
  ],
  'refuses without a record': [() => ({ headers: {} }), /Who shows no token is refused, and recorded/],
  'cannot write its trail': [
    (_path, _token, { status }) => (status === 404 ? { status: 503, body: '{"code":"audit-unavailable"}' } : {}),
    /A call of no connection is refused, and recorded: 503 audit-unavailable/,
  ],
  'is another program': [() => ({ status: 200, headers: {}, body: '<html>Welcome</html>' }), /It is ready/],
  'leads elsewhere': [() => ({ status: 302, headers: { location: stand.gateway } }), /It is ready: .*302/],
};

test.each(Object.entries(kinds))('a gateway that %s fails', async (_kind, [breaks, says]) => {
  const ended = await trySmoke(`http://${await broken(breaks)}`);

  expect(ended.code).toBe(1);
  expect(ended.wrong).toMatch(says);
});

test('a gateway that is not there fails', async () => {
  expect(await trySmoke('http://127.0.0.1:1')).toMatchObject({ code: 1 });
});

test('a gateway that takes other audiences than it was told fails', async () => {
  const ended = await trySmoke(stand.gateway, 'https://sallyport.example.com');

  expect(ended.wrong).toContain('A real ID token is accepted: 401 unauthenticated');
});
