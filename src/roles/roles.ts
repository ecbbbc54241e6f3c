import { setImmediate as turn } from 'node:timers/promises';
import type { ApplyConfig, Config, InstallConfig, Role } from '../config.ts';
import { type Listening, listen } from '../platform/server.ts';
import type { Running } from './parts.ts';

type Served = Exclude<Role, 'all'>;

/** Each role loads what it needs and nothing of the others. */
const roles: Record<Served, () => Promise<(config: Config, server: Listening) => Promise<Running>>> = {
  gateway: async () => (await import('./gateway.ts')).startGateway,
  console: async () => (await import('./console.ts')).startConsole,
  keeper: async () => (await import('./keeper.ts')).startKeeper,
};

/** In pieces, as nobody is answered while one is loaded: whoever looks whether the process lives is heard between them. */
async function load(name: Served) {
  await import('./parts.ts');
  await turn();
  const startRole = await roles[name]();
  await turn();
  return startRole;
}

/** Starts a role, or all three in one process, and resolves once they serve. Each is heard from at once, before anything of it is loaded. */
export async function start(config: Config): Promise<Running> {
  const served: Served[] = config.role === 'all' ? ['keeper', 'gateway', 'console'] : [config.role];
  const running = await Promise.all(
    served.map(async (name) => {
      const server = await listen({ host: config.host, port: config.ports[name] });
      const startRole = await load(name);
      return startRole(config, server);
    }),
  );
  return {
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

export const install = async (config: InstallConfig) => (await import('./install.ts')).install(config);

export const apply = async (config: ApplyConfig) => (await import('./apply.ts')).apply(config);
