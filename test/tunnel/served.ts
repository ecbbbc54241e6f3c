import { createApi, createLookups, createUpgrades, transport } from '../../src/api/api.ts';
import type { Duplex } from '../../src/model/result.ts';
import { serve, type Upgrade } from '../../src/platform/server.ts';
import { acceptWebSocket } from '../../src/platform/web-socket.ts';
import type { SshRequest } from '../../src/targets/ssh/request.ts';
import { createHostKey, createTunnels, type TunnelDeps } from '../../src/tunnel/tunnel.ts';
import { anAllow, type FakeOptions, fakeGateway } from '../fakes/gateway.ts';
import { runHere } from './program.ts';

export const hostKey = createHostKey('a-seal-key');

export const guarded = {
  ...anAllow,
  approvals: [{ policy: 'guard', approvers: ['group:dba'], count: 1, expires: 1800 }],
};

/** The real server and adaptors over a flow whose target runs programs of this machine. */
export async function serveTunnels(
  options: FakeOptions &
    Pick<Partial<TunnelDeps<Upgrade['socket']>>, 'patience'> & {
      /** Instead of programs of this machine. */
      open?: (request: SshRequest, signal: AbortSignal) => Promise<Duplex>;
    } = {},
) {
  const { patience, open, ...faked } = options;
  const asked: SshRequest[] = [];
  const programs: ReturnType<typeof runHere>[] = [];
  const fake = fakeGateway({
    kind: 'ssh',
    operation: { live: true },
    async execute({ signal }) {
      const request = fake.executed.at(-1)?.plan as SshRequest;
      asked.push(request);
      if (open !== undefined) return open(request, signal);
      const program = runHere(request, signal);
      programs.push(program);
      return program;
    },
    ...faked,
  });
  const faults: unknown[] = [];
  const { clock } = fake.steps;
  const ids = (prefix: string) => `${prefix}_fresh`;
  const served = {
    gateway: fake,
    lookups: createLookups(fake.steps),
    consoleUrl: 'https://console.test',
    onFault: (error: unknown) => faults.push(error),
  };
  const app = createApi({ ...served, tunnelKey: hostKey.public, ready: () => true });
  const proxied = createUpgrades({
    ...served,
    accept: (caller: Upgrade, { protocol }) => acceptWebSocket(caller, protocol),
  });
  const tunnels = createTunnels({
    ...served,
    ...{ transport, hostKey, clock, ids },
    accept: (caller: Upgrade, protocol) => acceptWebSocket(caller, protocol),
    ...(patience !== undefined && { patience }),
  });
  const upgrades = {
    accepts: (request: Upgrade['request']) => tunnels.accepts(request) || proxied.accepts(request),
    take: (upgrade: Upgrade) => (tunnels.accepts(upgrade.request) ? tunnels : proxied).take(upgrade),
  };
  const server = await serve({ fetch: app.fetch, upgrades, host: '127.0.0.1', port: 0 });
  return { ...fake, faults, asked, programs, at: `http://127.0.0.1:${server.port}`, close: () => server.drain(50) };
}
