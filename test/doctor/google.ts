import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Deployment, number, project, region } from './healthy.ts';

type Answer = { status?: number; body: unknown; headers?: Record<string, string> };

/** How an address answers instead of as it should. `hang`: not at all. */
export type Trouble = { status: number; body?: unknown } | 'hang' | 'huge' | 'garbage';

export type FakeGoogle = {
  /** Like `fetch`, but every https address is served here. */
  fetch: typeof globalThis.fetch;
  /** What was asked that no Google documents: a test that leaves some here has asked wrongly. */
  strange: string[];
  /** `<host><path>` of all that was asked. */
  asked: string[];
  stop(): Promise<void>;
};

/**
 * Google, and what else a deployment is looked at by, on loopback: it answers from the state it is handed, documented paths alone.
 * `troubles`: by the beginning of `<host><path>`.
 */
export async function startFakeGoogle(
  state: Deployment,
  troubles: Readonly<Record<string, Trouble>> = {},
): Promise<FakeGoogle> {
  const strange: string[] = [];
  const asked: string[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const host = String(request.headers['x-host']);
    const url = new URL(`https://${host}${request.url}`);
    const place = `${host}${url.pathname}`;
    asked.push(place);
    const trouble = Object.entries(troubles).find(([start]) => place.startsWith(start))?.[1];
    if (trouble === 'hang') return;
    if (trouble === 'huge') return void response.writeHead(200).end('x'.repeat(9 * 1024 * 1024));
    if (trouble === 'garbage') return void response.writeHead(200).end('<html>SECRET</html>');
    if (trouble) return reply(response, { status: trouble.status, body: trouble.body ?? {} });
    const answer = answerOf(state, request.method ?? '', url, await textOf(request));
    if (answer === undefined) strange.push(`${request.method} ${place}${url.search}`);
    reply(response, answer ?? { status: 404, body: {} });
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ strange, asked },
    fetch: (input, init) => {
      const url = new URL(String(input));
      const headers = new Headers(init?.headers);
      headers.set('x-host', url.host);
      return globalThis.fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, { ...init, headers });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(response: ServerResponse, { status = 200, body, headers = {} }: Answer) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

async function textOf(request: IncomingMessage) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

const absent: Answer = { status: 404, body: { error: { code: 404, status: 'NOT_FOUND' } } };
const found = (body: unknown): Answer => (body === undefined ? absent : { body });

type Route = (state: Deployment, match: RegExpExecArray, url: URL, body: string) => Answer | undefined;

const services = `projects/${project}/locations/${region}/services/sallyport-(gateway|console|keeper)`;

/** Method and address, as in Google's reference, with what is answered. */
const routes: readonly (readonly [pattern: string, route: Route])[] = [
  [
    `GET serviceusage.googleapis.com/v1/projects/${project}/services`,
    ({ apis }, _, { searchParams }) => {
      const start = Number(searchParams.get('pageToken') ?? 0);
      // Pages of ten, so that all of them must be read.
      const page = apis.slice(start, start + 10);
      return found({
        services: page.map((name) => ({ name: `projects/${number}/services/${name}`, state: 'ENABLED' })),
        ...(start + 10 < apis.length && { nextPageToken: String(start + 10) }),
      });
    },
  ],
  [`GET run.googleapis.com/v2/${services}`, (state, [, role]) => found(state.services[role as 'gateway']?.service)],
  [
    `GET run.googleapis.com/v2/${services}/revisions/sallyport-\\w+-\\d+`,
    (state, [, role]) => {
      const revision = state.services[role as 'gateway']?.revision;
      return found(
        revision && {
          ...revision,
          containers: revision.containers.map(({ env, ...container }) => ({
            ...container,
            env: Object.entries(env).map(([name, value]) => ({ name, value })),
          })),
        },
      );
    },
  ],
  [
    `GET run.googleapis.com/v2/${services}:getIamPolicy`,
    (state, [, role]) => found({ version: 3, bindings: state.services[role as 'gateway'].invokers }),
  ],
  [
    `POST iap.googleapis.com/v1/projects/${number}/iap_web/cloud_run-${region}/services/sallyport-console:getIamPolicy`,
    ({ passIap }) => found({ bindings: passIap }),
  ],
  [
    `GET cloudresourcemanager.googleapis.com/v3/projects/${project}`,
    () => found({ name: `projects/${number}`, projectId: project, state: 'ACTIVE' }),
  ],
];

function answerOf(state: Deployment, method: string, url: URL, body: string): Answer | undefined {
  for (const [pattern, route] of routes) {
    const match = new RegExp(`^${pattern}$`).exec(`${method} ${url.host}${url.pathname}`);
    if (match) return route(state, match, url, body);
  }
  return undefined;
}
