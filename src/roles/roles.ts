import type { ApplyConfig, Config, InstallConfig, Role } from '../config.ts';
import type { Running } from './parts.ts';

type Served = Exclude<Role, 'all'>;

/** Each role loads what it needs and nothing of the others. */
const starts: Record<Served, (config: Config) => Promise<Running>> = {
  gateway: async (config) => (await import('./gateway.ts')).startGateway(config),
  console: async (config) => (await import('./console.ts')).startConsole(config),
  keeper: async (config) => (await import('./keeper.ts')).startKeeper(config),
};

/** Starts a role, or all three in one process, and resolves once they serve. */
export async function start(config: Config): Promise<Running> {
  const served: Served[] = config.role === 'all' ? ['keeper', 'gateway', 'console'] : [config.role];
  const running = await Promise.all(served.map((name) => starts[name](config)));
  return {
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

export const install = async (config: InstallConfig) => (await import('./install.ts')).install(config);

export const apply = async (config: ApplyConfig) => (await import('./apply.ts')).apply(config);
