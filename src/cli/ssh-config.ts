import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineCommand } from 'citty';
import { z } from 'zod';
import type { FetchIdToken } from '../platform/google-id-token.ts';
import { gatewayArgs, safeAddress, tokenArgs, wordsOf } from './address.ts';
import { finish, type Surroundings } from './command.ts';
import { GatewayRefused } from './gateway-client.ts';
import { getJson } from './get-json.ts';
import { readIfThere, readOwn, replaceOwn } from './own-file.ts';
import { knownHosts, type SshHost, sshConfig } from './ssh-config-text.ts';
import { printable } from './terminal.ts';
import { ownToken } from './token.ts';

const args = {
  connection: { type: 'positional', required: false, description: 'A connection; else all that you can reach.' },
  ...gatewayArgs,
  prefix: { type: 'string', default: 'sallyport-', description: 'What stands before a connection’s name.' },
  command: { type: 'string', description: 'How ssh is to call this program.', valueHint: 'path' },
  write: { type: 'boolean', default: false, description: 'Write it, and have ~/.ssh/config include it.' },
  folder: { type: 'string', description: 'Of ssh’s files, with --write; else ~/.ssh.', valueHint: 'path' },
  ...tokenArgs,
} as const;

/** `sallyport ssh-config [connection]`. */
export function createSshConfigCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: { name: 'ssh-config', description: 'Tell ssh how it reaches hosts through the gateway. It holds no token.' },
    args,
    run: ({ args: given }) =>
      finish(surroundings, Object.keys(args), given, async () => {
        const hosts = await hostsOf(given, environment);
        if (!given.write) {
          terminal.write(sshConfig(hosts, 'within'));
          return 0;
        }
        const folder = resolve(given.folder ?? join(homedir(), '.ssh'));
        await writeAll(hosts, folder);
        terminal.write(hosts.map(({ name }) => `ssh ${printable(name)}\n`).join(''));
        return 0;
      }),
  });
}

type Given = {
  connection?: string | undefined;
  gateway?: string | undefined;
  prefix: string;
  audience?: string | undefined;
  'certificate-authority'?: string | undefined;
  'token-file'?: string | undefined;
  command?: string | undefined;
};

const connectionName = /^[a-z0-9][a-z0-9_.-]{0,62}$/;
const found = z.object({
  connections: z.array(
    z.object({
      name: z.string().regex(connectionName),
      kind: z.string(),
      tunnel: z.object({ host_key: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]{68}={0,2}$/) }).optional(),
    }),
  ),
});

async function hostsOf(given: Given, environment: Surroundings['environment']): Promise<SshHost[]> {
  const { connection, prefix, audience, command } = given;
  if (!/^[A-Za-z0-9_.-]*$/.test(prefix)) throw new GatewayRefused('A prefix holds letters, digits, dots and dashes.');
  const address = given.gateway ?? environment['SALLYPORT_GATEWAY'];
  if (!address) throw new GatewayRefused('Name the gateway with --gateway or SALLYPORT_GATEWAY.');
  const base = safeAddress(address);
  if (base === undefined) {
    throw new GatewayRefused('The token is sent to a gateway over https alone, or to this machine.');
  }
  const ca = given['certificate-authority'];
  const tokenFile = given['token-file'] ?? environment['SALLYPORT_TOKEN_FILE'];
  const known = await ask(base, given, environment);
  const wanted = known.filter(({ kind, name }) => kind === 'ssh' && (connection === undefined || name === connection));
  if (wanted.length === 0) {
    const which = connection === undefined ? 'No connection' : `No connection ${printable(connection)}`;
    throw new GatewayRefused(`${which} that you can reach leads to a host by SSH.`);
  }
  return wanted.map(({ name, tunnel }) => {
    if (tunnel === undefined) throw new GatewayRefused('This gateway offers no tunnels.');
    return {
      name: `${prefix}${name}`,
      hostKey: tunnel.host_key,
      // By its full path: whatever stands first in PATH is not asked to carry the bytes.
      proxy: [
        ...(command === undefined
          ? [process.execPath, fileURLToPath(new URL('./cli.ts', import.meta.url))]
          : [command]),
        ...['tunnel', name, '--gateway', base.href, '--audience', audience ?? base.origin],
        ...(ca === undefined ? [] : ['--certificate-authority', resolve(ca)]),
        ...(tokenFile === undefined ? [] : ['--token-file', resolve(tokenFile)]),
      ],
    };
  });
}

async function ask(base: URL, given: Given, environment: Surroundings['environment']) {
  const fetchIdToken: FetchIdToken = async (audience) =>
    (await import('../platform/google-id-token.ts')).fetchGoogleIdToken(audience);
  const token = await ownToken({
    file: given['token-file'] ?? environment['SALLYPORT_TOKEN_FILE'],
    environment,
    audience: given.audience ?? environment['SALLYPORT_AUDIENCE'] ?? base.origin,
    fetchIdToken,
  });
  const path = given['certificate-authority'];
  const ca = path === undefined ? {} : { ca: await readOwn(path) };
  const { status, body } = await getJson(new URL('v1/connections', base), { token, ...ca }).catch((cause: unknown) => {
    throw new GatewayRefused(`The gateway at ${base.origin} cannot be reached.`, { cause });
  });
  if (status !== 200) throw new GatewayRefused(wordsOf(body) ?? `The gateway answered ${status}.`);
  const read = found.safeParse(body);
  if (read.success) return read.data.connections;
  throw new GatewayRefused('The gateway answered with something that is no list of connections.');
}

/** Beside what is in ssh's own file, which is told once where to read on: at its beginning, as ssh takes what it reads first. */
async function writeAll(hosts: readonly SshHost[], folder: string): Promise<void> {
  const file = join(folder, 'sallyport_known_hosts');
  await replaceOwn(file, knownHosts(hosts));
  await replaceOwn(join(folder, 'sallyport_config'), sshConfig(hosts, { file }));
  const main = join(folder, 'config');
  const before = (await readIfThere(main)) ?? '';
  const line = `Include ${/\s/.test(folder) ? `"${join(folder, 'sallyport_config')}"` : join(folder, 'sallyport_config')}`;
  if (!before.split('\n').includes(line)) await replaceOwn(main, `${line}\n\n${before}`);
}
