import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApi, createLookups, createUpgrades } from '../../src/api/api.ts';
import { createGateway, type Steps } from '../../src/gateway.ts';
import type { Call } from '../../src/model/call.ts';
import { connectionSchema } from '../../src/model/documents.ts';
import type { Operation } from '../../src/model/operation.ts';
import { Secret } from '../../src/model/secret.ts';
import { type RunningServer, serve, type Upgrade } from '../../src/platform/server.ts';
import { acceptWebSocket } from '../../src/platform/web-socket.ts';
import { createProxy, type Proxy as Way } from '../../src/proxy/proxy.ts';
import { createKubernetes } from '../../src/targets/kubernetes/kubernetes.ts';
import type { Plan } from '../../src/targets/kubernetes/plan.ts';
import { anAllow, fakeGateway } from '../fakes/gateway.ts';
import { mutations, type Raw, seeds, write } from './raw/requests.ts';
import { type Recorded, startUpstream, type Upstream } from './raw/upstream.ts';

/** Requests sent; by hand more: `SALLYPORT_RAW_RUNS=100000`, and `SALLYPORT_RAW_SEED` for others. */
const runs = Number(process.env['SALLYPORT_RAW_RUNS'] ?? 400);
const seed = Number(process.env['SALLYPORT_RAW_SEED'] ?? 20_261_122);

/** Turns without a byte after which no more is expected of a request that is not whole. */
const QUIET = 8;

const TOKEN = 'upstream-token';
/** What policy allows here. */
const may = /^(team-a\/(configmaps|pods)\/[a-z0-9*.-]+)$/;

describe('a request on a raw socket, however it is bent', () => {
  let upstream: Upstream;
  let server: RunningServer;
  let way: Way;
  /** What policy allowed, and what the trail was told would be run. */
  const allowed: Operation[] = [];
  const intended: Operation[] = [];

  beforeAll(async () => {
    upstream = await startUpstream();
    way = createProxy({ allowLoopback: true });
    const { steps } = fakeGateway({ kind: 'kubernetes' });
    const { handle } = createGateway({ ...steps, ...judged(steps) });
    const gateway = {
      async handle(call: Call) {
        busy += 1;
        return handle(call).finally(() => {
          busy -= 1;
        });
      },
    };
    const served = { gateway, lookups: createLookups(steps), consoleUrl: 'https://console.test', onFault: fault };
    const app = createApi({ ...served, ready: () => true });
    const upgrades = createUpgrades({
      ...served,
      accept: (caller: Upgrade, { protocol }) => acceptWebSocket(caller, protocol),
    });
    server = await serve({ fetch: app.fetch, upgrades, host: '127.0.0.1', port: 0 });
  });

  afterAll(async () => {
    await server.drain(50);
    await way.close();
    await upstream.stop();
  });

  beforeEach(forget);

  const faults: unknown[] = [];
  /** Calls that are being answered. */
  let busy = 0;
  const fault = (error: unknown) => void faults.push(error);

  function forget() {
    for (const list of [upstream.requests, upstream.malformed, allowed, intended, faults]) list.length = 0;
  }

  /** The real target, and a policy and a trail that remember. */
  function judged({ connections, policy, audit }: Steps): Partial<Steps> {
    const target = createKubernetes({ proxy: way });
    const document = connectionSchema.parse({
      kind: 'kubernetes',
      settings: { server: upstream.origin, networks: ['127.0.0.0/8'] },
      credential: { secret: 'projects/p/secrets/cluster' },
    });
    return {
      targets: { of: async () => target, close: async () => {} },
      connections: { ...connections, resolve: (name) => ({ ...connections.resolve(name), document }) },
      credentials: {
        use: async (_connection, work) => work(new Secret(JSON.stringify({ token: TOKEN }), 'versions/1')),
      },
      policy: {
        ...policy,
        decide({ operation }) {
          if (!operation.resources.every((one) => may.test(one))) return { ...anAllow, effect: 'deny' };
          allowed.push(operation);
          return anAllow;
        },
      },
      audit: {
        ...audit,
        async intend(passage, more) {
          if (passage.operation !== undefined) intended.push(passage.operation);
          return audit.intend(passage, more);
        },
      },
    };
  }

  /**
   * Sends bytes and half-closes once nothing is being answered: whatever is not whole by then never will be. Resolves with all that
   * came back.
   */
  async function send(text: string): Promise<string> {
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let received = '';
    let quiet = 0;
    socket.on('data', (data) => {
      received += data.toString('latin1');
      quiet = 0;
    });
    socket.on('error', () => undefined);
    socket.once('end', () => socket.destroy());
    socket.write(Buffer.from(text, 'latin1'));
    while (!socket.destroyed) {
      await pause(2);
      quiet = busy === 0 ? quiet + 1 : 0;
      if (quiet === QUIET) socket.end();
    }
    await closed;
    while (busy > 0) await pause(2);
    return received;
  }

  /** Throws unless all that reached the upstream is what was judged, each once, in order, and nothing else. */
  function insist(sent: string) {
    const at = `of ${JSON.stringify(sent.slice(0, 600))}`;
    expect(upstream.malformed, at).toEqual([]);
    expect(faults, at).toEqual([]);
    const before = allowed.flatMap(beforehandOf).map(asText);
    const run = upstream.requests.map(lineOf).filter((line) => !before.includes(asText(tried(line))));
    const told = intended.map(asSent);
    expect(run.length, at).toBeLessThanOrEqual(told.length);
    for (const line of run) expect(told, at).toContainEqual(line);
    for (const request of upstream.requests) expect(foreignTo(request), at).toEqual([]);
  }

  test.each(seeds.map((raw) => [`${raw.method} ${raw.target}`, raw] as const))(
    '%s as it should be reaches the upstream as it was judged',
    async (_name, raw) => {
      const answer = await send(write(raw));

      insist(write(raw));
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(upstream.requests.length).toBeGreaterThan(0);
      expect(intended).toHaveLength(1);
    },
  );

  test.each(mutations.map((mutate, at) => [at, mutate] as const))(
    'bent in way %i reaches the upstream as it was judged, or not at all',
    async (_at, mutate) => {
      for (const raw of seeds)
        for (const [a, b] of [
          [0, 31],
          [7, 63],
        ] as const) {
          forget();
          const text = write(mutate(raw, a, b));

          await send(text);

          insist(text);
        }
    },
  );

  test(`bent at random reaches the upstream as it was judged, or not at all (seed ${seed})`, {
    timeout: 3_600_000,
  }, async () => {
    const bends = fc.array(fc.tuple(fc.nat(mutations.length - 1), fc.nat(9999), fc.nat(9999)), {
      minLength: 1,
      maxLength: 4,
    });
    let reached = 0;

    await fc.assert(
      fc.asyncProperty(fc.nat(seeds.length - 1), bends, async (which, chosen) => {
        forget();
        const text = write(chosen.reduce((raw, [at, a, b]) => mutations[at]?.(raw, a, b) ?? raw, seeds[which] as Raw));
        await send(text);
        insist(text);
        reached += upstream.requests.length;
      }),
      { numRuns: runs, seed },
    );

    expect(reached).toBeGreaterThan(runs / 20);
  });
});

type Line = { method: string; target: string; body: string };

const lineOf = ({ method, target, body }: Recorded): Line => ({ method, target, body });

const asText = (line: object) => JSON.stringify(line);

/**
 * What was judged, as it would be sent: for one version of the object alone, once that is known. The statement that is hashed and
 * approved says the same.
 */
function asSent({ plan, statement }: Operation): Line {
  const { method, path, body, judged } = plan as Plan;
  const [said, sent] = [body, judged?.body ?? body].map((bytes) => Buffer.from(bytes).toString('latin1'));
  expect(statement.split('\n')[0]).toBe(`${method} ${path}`);
  if (sent !== said) expect(unpinned(sent)).toEqual(said === '' ? optionsIn(path) : unpinned(said));
  return { method, target: path, body: sent ?? '' };
}

/** A deletion that is pinned is told in a body, of which the server then reads all; without one it would read the query. */
function optionsIn(path: string): unknown {
  const query = new URL(path, 'http://upstream').searchParams;
  const [grace, policy] = [query.get('gracePeriodSeconds'), query.get('propagationPolicy')];
  return {
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy !== null && { propagationPolicy: policy }),
  };
}

/** A body without what makes it hold for one version only. */
function unpinned(body = ''): unknown {
  if (body === '') return {};
  const read = JSON.parse(body);
  const { kind, apiVersion: _, preconditions: __, ...options } = read;
  if (kind === 'DeleteOptions') return options;
  if (read.metadata !== undefined) delete read.metadata.resourceVersion;
  if (Object.keys(read.metadata ?? { some: '' }).length === 0) delete read.metadata;
  return read;
}

type Tried = { method: string; target: string; means: unknown };

/** What is only tried or looked at, by what it means: it may be for one version of the object, and have no effect. */
function tried({ method, target, body }: Line): Tried {
  return { method, target, means: unpinned(body) };
}

/** A write is tried before it is judged for good, and what it changes is looked at. */
function beforehandOf(operation: Operation): Tried[] {
  const { method, target, body } = asSent(operation);
  if (method === 'GET') return [];
  const [path = ''] = target.split('?');
  const means = unpinned(body) as object;
  const look = { method: 'GET', target: path, means: {} };
  if (method === 'DELETE') return [look, { method, target, means: { ...means, dryRun: ['All'] } }];
  return [look, { method, target: `${target}${target.includes('?') ? '&' : '?'}dryRun=All`, means }];
}

/** What no request may carry to the upstream: somebody else's name or token, and ways around what was judged. */
function foreignTo({ target, headers }: Recorded): string[] {
  const never =
    /^(impersonate|x-remote|x-forwarded|forwarded|cookie|x-http-method|x-original|x-rewrite|proxy-|te$|trailer|expect|upgrade|sallyport|prefer)/;
  const tokens = headers.filter(([name]) => name === 'authorization').map(([, value]) => value);
  return [
    ...headers.filter(([name]) => never.test(name) || name.includes('_')).map(([name]) => name),
    ...(tokens.length === 1 && tokens[0] === `Bearer ${TOKEN}` ? [] : tokens.concat('token')),
    ...(/namespaces\/team-b|team-a\/secrets|\/nodes|\/proxy(\/|$)/i.test(liberally(target.split('?')[0] ?? ''))
      ? [target]
      : []),
  ];
}

/** A path as the most forgiving server would read it. */
function liberally(path: string): string {
  const next = path.replace(/%([0-9a-f]{2})/gi, (_all, code) => String.fromCharCode(Number.parseInt(code, 16)));
  return next === path ? path : liberally(next);
}
