import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Deployment, number, project, region } from './healthy.ts';

type Answer = { status?: number; body: unknown };

/** How an address answers instead of as it should. `hang`: not at all. */
export type Trouble = { status: number; body?: unknown } | 'hang' | 'huge' | 'garbage';

/** By the beginning of `<host><path>`. */
export type Troubles = Readonly<Record<string, Trouble>>;

const troubleOf = (troubles: Troubles, { host, pathname }: URL) =>
  Object.entries(troubles).find(([start]) => `${host}${pathname}`.startsWith(start))?.[1];

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
 * Google, and what else a deployment is looked at by: it answers from the state it is handed, documented paths alone. Without a server of
 * its own, so that a hundred deployments can be looked at in no time.
 */
export function createFakeGoogle(state: Deployment, troubles: Troubles = {}): FakeGoogle {
  const strange: string[] = [];
  const asked: string[] = [];
  return {
    ...{ strange, asked },
    async fetch(input, init) {
      const url = new URL(String(input));
      asked.push(`${url.host}${url.pathname}`);
      const trouble = troubleOf(troubles, url);
      if (typeof trouble === 'object') return Response.json(trouble.body ?? {}, { status: trouble.status });
      const answer = answerOf(state, init?.method ?? 'GET', url, String(init?.body ?? ''));
      if (answer === undefined) strange.push(`${init?.method} ${url}`);
      const { status = 200, body } = answer ?? absent;
      const ahead = url.host.includes('-gateway-') ? state.ahead.gateway : state.ahead.google;
      const date = new Date(Date.now() + (url.host.endsWith('example.com') ? 0 : ahead * 1000)).toUTCString();
      return new Response(JSON.stringify(body), { status, headers: { date } });
    },
    stop: async () => {},
  };
}

/** The same on a loopback port, where answers can be slow, huge or garbled. */
export async function startFakeGoogle(state: Deployment, troubles: Troubles): Promise<FakeGoogle> {
  const google = createFakeGoogle(state, troubles);

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const host = String(request.headers['x-host']);
    const url = `https://${host}${request.url}`;
    const trouble = troubleOf(troubles, new URL(url));
    if (trouble === 'hang') return;
    if (trouble === 'huge') return void response.writeHead(200).end('x'.repeat(9 * 1024 * 1024));
    if (trouble === 'garbage') return void response.writeHead(200).end('<html>SECRET-OF-THE-ANSWER</html>');
    const { method = 'GET' } = request;
    const body = method === 'POST' ? { body: await textOf(request) } : {};
    const answer = await google.fetch(url, { method, ...body });
    response.writeHead(answer.status, { date: answer.headers.get('date') ?? '' }).end(await answer.text());
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...google,
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

async function textOf(request: IncomingMessage) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

const absent: Answer = { status: 404, body: { error: { code: 404, status: 'NOT_FOUND' } } };
const found = (body: unknown): Answer => (body === undefined ? absent : { body });

type Route = (state: Deployment, match: RegExpExecArray, url: URL, body: string) => Answer | undefined;

const ring = `projects/${project}/locations/${region}/keyRings/sallyport`;
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
  [
    `POST cloudresourcemanager.googleapis.com/v3/projects/${project}:getIamPolicy`,
    ({ projectPolicy }) => found(projectPolicy),
  ],
  [
    `POST cloudresourcemanager.googleapis.com/v3/projects/${project}:testIamPermissions`,
    ({ lacking }, _, __, body) => {
      const { permissions } = JSON.parse(body) as { permissions: string[] };
      return found({ permissions: permissions.filter((one) => !lacking.includes(one)) });
    },
  ],
  [
    'GET iam.googleapis.com/v1/projects/-/serviceAccounts/([^/:]+)',
    ({ accounts }, [, email = '']) => found(accounts[email] && { email, disabled: accounts[email].disabled }),
  ],
  [
    'GET iam.googleapis.com/v1/projects/-/serviceAccounts/([^/:]+)/keys',
    ({ accounts }, [, email = '']) => found({ keys: accounts[email]?.keys.map((name) => ({ name })) }),
  ],
  [
    'POST iam.googleapis.com/v1/projects/-/serviceAccounts/([^/:]+):getIamPolicy',
    ({ accounts, actors }, [, email = '']) => {
      const bindings = accounts[email]?.policy ?? (actors as Record<string, unknown>)[email];
      return bindings === undefined ? absent : found({ bindings });
    },
  ],
  [`GET iam.googleapis.com/v1/projects/${project}/roles/sallyport_append`, ({ appendRole }) => found(appendRole)],
  [
    `GET iam.googleapis.com/v1/((?:projects/${project}/)?roles/[\\w.]+)`,
    ({ roles }, [, name = '']) =>
      roles[name] === undefined ? undefined : found({ name, includedPermissions: roles[name] }),
  ],
  [
    `GET secretmanager.googleapis.com/v1/projects/${project}/secrets`,
    ({ secrets }) =>
      found({ secrets: Object.keys(secrets).map((name) => ({ name: `projects/${number}/secrets/${name}` })) }),
  ],
  [
    `GET secretmanager.googleapis.com/v1/projects/${project}/secrets/([^/:]+)/versions/latest`,
    ({ secrets }, [, name = '']) =>
      secrets[name]?.state === undefined ? absent : found({ state: secrets[name].state }),
  ],
  [
    `GET secretmanager.googleapis.com/v1/projects/${project}/secrets/([^/:]+):getIamPolicy`,
    ({ secrets }, [, name = '']) => (secrets[name] === undefined ? absent : found({ bindings: secrets[name].policy })),
  ],
  [
    `GET cloudkms.googleapis.com/v1/${ring}/cryptoKeys/(approvals|checkpoints)/cryptoKeyVersions/1`,
    ({ keys }, [, name]) => found(keys[name as 'approvals']?.version),
  ],
  [
    `GET cloudkms.googleapis.com/v1/${ring}/cryptoKeys/(approvals|checkpoints):getIamPolicy`,
    ({ keys }, [, name]) => found({ bindings: keys[name as 'approvals']?.policy }),
  ],
  [`GET cloudkms.googleapis.com/v1/${ring}:getIamPolicy`, ({ keyRing }) => found({ bindings: keyRing })],
  [
    `GET firestore.googleapis.com/v1/projects/${project}/databases/([a-z-]+)`,
    ({ databases }, [, name = '']) => found(databases[name]),
  ],
  [
    `GET firestore.googleapis.com/v1/projects/${project}/databases/([a-z-]+)/backupSchedules`,
    ({ backups }, [, name = '']) => found(backups[name] && { backupSchedules: backups[name] }),
  ],
  [
    `GET firestore.googleapis.com/v1/projects/${project}/databases/sallyport-runtime/collectionGroups/-/indexes`,
    ({ indexes }) => found({ indexes }),
  ],
  [
    `GET firestore.googleapis.com/v1/projects/${project}/databases/sallyport-runtime/collectionGroups/-/fields`,
    ({ fields }, _, { searchParams }) =>
      searchParams.get('filter')?.includes('indexConfig.usesAncestorConfig:false') ? found({ fields }) : undefined,
  ],
  [
    `GET bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/(\\w+)`,
    ({ access }, [, name = '']) => found(access[name] && { access: access[name] }),
  ],
  [
    `GET bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/(\\w+)/tables/(\\w+)`,
    ({ tables, views }, [, dataset, name = '']) => {
      const view = views[`${dataset}.${name}`];
      return found(
        view === undefined
          ? dataset === 'sallyport_audit' && tables[name]
            ? tables[name]
            : undefined
          : { view: { query: view } },
      );
    },
  ],
  [
    `POST bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/sallyport_audit/tables/(\\w+):getIamPolicy`,
    ({ tablePolicies }, [, name = '']) => found({ bindings: tablePolicies[name] }),
  ],
  [
    `GET bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/sallyport_evidence/routines/(\\w+)`,
    ({ functions }, [, name = '']) =>
      found(functions[name] === undefined ? undefined : { definitionBody: functions[name] }),
  ],
  [
    `POST bigquery.googleapis.com/bigquery/v2/projects/${project}/queries`,
    ({ rows }, _, __, body) => {
      const { query, maximumBytesBilled } = JSON.parse(body) as Record<string, string>;
      const [, table = ''] = /sallyport_audit\.(\w+)`/.exec(query ?? '') ?? [];
      const minutes = rows[table];
      if (maximumBytesBilled === undefined || minutes === undefined) return undefined;
      return found({
        jobComplete: true,
        rows: [{ f: [{ v: minutes === null ? null : String(Date.now() - minutes * 60_000) }] }],
      });
    },
  ],
  [
    `GET cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs/([a-z-]+)`,
    ({ jobs }, [, name = '']) => found(jobs[name]),
  ],
  [
    `GET monitoring.googleapis.com/v3/projects/${project}/alertPolicies`,
    ({ alerts }) => found({ alertPolicies: alerts }),
  ],
  ['GET storage.googleapis.com/storage/v1/b/acme-checkpoints', ({ bucket }) => found(bucket)],

  // What is no API of Google Cloud: issuers, and the services themselves.
  ['GET www.googleapis.com/oauth2/v3/certs', ({ jwks }) => found(jwks)],
  ['GET container.example.com/cluster/.well-known/openid-configuration', ({ discovery }) => found(discovery)],
  ['GET container.example.com/cluster/jwks', ({ jwks }) => found(jwks)],
  [
    'GET sallyport-(gateway|console)-abc-ew.a.run.app/openapi.json',
    ({ reach }, [, role]) => ({ status: reach[role as 'gateway'], body: { openapi: '3.1.0' } }),
  ],
  ['GET sallyport-gateway-abc-ew.a.run.app/ready', ({ reach }) => ({ status: reach.ready, body: {} })],
  ['GET sallyport-console-abc-ew.a.run.app/', ({ reach }) => ({ status: reach.console, body: {} })],
  ['GET sallyport-keeper-abc-ew.a.run.app/readyz', ({ reach }) => ({ status: reach.keeper, body: {} })],
];

const compiled = routes.map(([pattern, route]) => ({ pattern: new RegExp(`^${pattern}$`), route }));

function answerOf(state: Deployment, method: string, url: URL, body: string): Answer | undefined {
  const place = `${method} ${url.host}${url.pathname}`;
  for (const { pattern, route } of compiled) {
    const match = pattern.exec(place);
    if (match) return route(state, match, url, body);
  }
  return undefined;
}
