import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineCommand } from 'citty';
import { gatewayArgs, safeAddress } from './address.ts';
import { finish, type Surroundings } from './command.ts';
import { GatewayRefused } from './gateway-client.ts';
import { type Entry, mergeKubeconfig } from './kubeconfig-text.ts';
import { readIfThere, readOwn, replaceOwn } from './own-file.ts';
import { printable } from './terminal.ts';

const args = {
  connection: { type: 'positional', required: true, description: 'The connection.' },
  ...gatewayArgs,
  name: { type: 'string', description: 'Of the entries; else sallyport- and the connection’s.', valueHint: 'name' },
  namespace: { type: 'string', description: 'The namespace to begin in.', valueHint: 'name' },
  'token-file': { type: 'string', description: 'A file that will hold your token.', valueHint: 'path' },
  command: { type: 'string', description: 'How kubectl is to call this program.', valueHint: 'path' },
  file: { type: 'string', description: 'Where to write; else KUBECONFIG, else ~/.kube/config.', valueHint: 'path' },
  print: { type: 'boolean', default: false, description: 'Print it, write nothing.' },
  use: {
    type: 'boolean',
    default: true,
    description: 'Make it the current context.',
    negativeDescription: 'Leave the current context as it is.',
  },
} as const;

/** `sallyport kubeconfig <connection>`. */
export function createKubeconfigCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: {
      name: 'kubeconfig',
      description: 'Write how kubectl reaches a cluster through the gateway. It holds no token.',
    },
    args,
    run: ({ args: given }) =>
      finish(surroundings, Object.keys(args), given, async () => {
        const entry = await entryOf(given, environment);
        const { print, use } = given;
        if (print) {
          terminal.write(mergeKubeconfig(undefined, entry, { use }));
          return 0;
        }
        const file = resolve(given.file ?? fileOf(environment));
        await replaceOwn(file, mergeKubeconfig(await readIfThere(file), entry, { use }));
        terminal.write(`${printable(file)}: ${printable(entry.name)}\n`);
        return 0;
      }),
  });
}

type Given = {
  connection: string;
  gateway?: string | undefined;
  name?: string | undefined;
  namespace?: string | undefined;
  'certificate-authority'?: string | undefined;
  audience?: string | undefined;
  'token-file'?: string | undefined;
  command?: string | undefined;
};

async function entryOf(given: Given, environment: Surroundings['environment']): Promise<Entry> {
  const { connection, namespace, audience, command } = given;
  if (!/^[a-z0-9][a-z0-9_.-]{0,62}$/.test(connection)) throw new GatewayRefused('That is no name of a connection.');
  const address = given.gateway ?? environment['SALLYPORT_GATEWAY'];
  if (!address) throw new GatewayRefused('Name the gateway with --gateway or SALLYPORT_GATEWAY.');
  const base = safeAddress(address);
  if (base?.protocol !== 'https:') {
    throw new GatewayRefused('The gateway must be reached over https: kubectl sends no token without it.');
  }
  const ca = given['certificate-authority'];
  const tokenFile = given['token-file'];
  return {
    name: given.name ?? `sallyport-${connection}`,
    server: new URL(`k8s/${connection}`, base).href,
    ...(ca !== undefined && { authority: await readOwn(ca) }),
    ...(namespace !== undefined && { namespace }),
    // By its full path: whatever stands first in PATH is not asked for tokens.
    command: command ?? process.execPath,
    args: [
      ...(command === undefined ? [fileURLToPath(new URL('./cli.ts', import.meta.url))] : []),
      ...['token', '--audience', audience ?? base.origin],
      ...(tokenFile === undefined ? [] : ['--token-file', resolve(tokenFile)]),
    ],
  };
}

function fileOf(environment: Surroundings['environment']): string {
  const [first] = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return first ?? join(homedir(), '.kube', 'config');
}
