import { ConfigError, readApplyConfig, readConfig, readInstallConfig } from './config.ts';
import { apply, install, start } from './roles/roles.ts';

/**
 * Reads the configuration and serves a role until it is told to stop; `install` makes the datasets and ends, `apply` writes documents and
 * ends.
 */
async function main(role: string | undefined) {
  if (role === 'install') return install(readInstallConfig());
  if (role === 'apply') return apply(readApplyConfig());
  const config = readConfig(role);
  const running = await start(config);
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tell());
  await told;
  await running.stop();
  process.exit(0);
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(
    error instanceof ConfigError
      ? `${error.message}\n`
      : `Sallyport could not start: ${error instanceof Error ? error.stack : error}\n`,
  );
  process.exit(1);
});
