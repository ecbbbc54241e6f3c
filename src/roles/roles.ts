import type { ApplyConfig, Config, InstallConfig, Role } from '../config.ts';
import { type Listening, listen } from '../platform/server.ts';
import type { Running } from './parts.ts';

type Served = Exclude<Role, 'all'>;

/** Each role loads what it needs and nothing of the others. */
const starts: Record<Served, (config: Config, server: Listening) => Promise<Running>> = {
  gateway: async (...given) => (await import('./gateway.ts')).startGateway(...given),
  console: async (...given) => (await import('./console.ts')).startConsole(...given),
  keeper: async (...given) => (await import('./keeper.ts')).startKeeper(...given),
};

/** Starts a role, or all three in one process, and resolves once they serve. Each is heard from at once, before anything of it is loaded. */
export async function start(config: Config): Promise<Running> {
  const served: Served[] = config.role === 'all' ? ['keeper', 'gateway', 'console'] : [config.role];
  const running = await Promise.all(
    served.map(async (name) => starts[name](config, await listen({ host: config.host, port: config.ports[name] }))),
  );
  return {
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

export const install = async (config: InstallConfig) => (await import('./install.ts')).install(config);

export const apply = async (config: ApplyConfig) => (await import('./apply.ts')).apply(config);
