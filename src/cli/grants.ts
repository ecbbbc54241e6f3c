import { defineCommand } from 'citty';
import { tokenArgs } from './address.ts';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { createGatewayClient, type GatewayClient, GatewayRefused } from './gateway-client.ts';
import { printable, type Terminal } from './terminal.ts';

const args = {
  connection: { type: 'positional', required: true, description: 'The connection.' },
  role: { type: 'string', description: 'The role’s name; else sallyport_ and the connection’s.', valueHint: 'name' },
  write: { type: 'boolean', default: false, description: 'With the rights to insert, update and delete.' },
  create: {
    type: 'boolean',
    default: true,
    description: 'Make the role.',
    negativeDescription: 'The role is there already.',
  },
  gateway: { type: 'string', description: 'The gateway’s address; else SALLYPORT_GATEWAY.', valueHint: 'url' },
  ...tokenArgs,
} as const;

/** `sallyport postgres grants <connection>`. */
export function createPostgresCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: { name: 'postgres', description: 'What only PostgreSQL has.' },
    subCommands: {
      grants: defineCommand({
        meta: {
          name: 'grants',
          description:
            'Print the least privileges for the classification in force, as SQL. Exits with 3 where a human must approve it first.',
        },
        args,
        run: ({ args: given }) =>
          finish(surroundings, Object.keys(args), given, async () => {
            const address = given.gateway ?? environment['SALLYPORT_GATEWAY'];
            if (!address) throw new GatewayRefused('Name the gateway with --gateway or SALLYPORT_GATEWAY.');
            const token = await tokenOf(given['token-file'], environment);
            const { connection, write, create } = given;
            const role = given.role ?? `sallyport_${connection.replaceAll(/[^a-z0-9]/g, '_')}`;
            const gateway = createGatewayClient({ gateway: address, token });
            return grants(terminal, { connection, request: { task: 'grants', role, write, create }, gateway });
          }),
      }),
    },
  });
}

export type GrantsOptions = {
  connection: string;
  request: { task: 'grants'; role: string; write: boolean; create: boolean };
  gateway: GatewayClient;
};

/** Prints the SQL once it is there as a whole: half of it would leave a role with too little or too much. */
export async function grants(terminal: Terminal, { connection, request, gateway }: GrantsOptions): Promise<number> {
  const lines: string[] = [];
  const { truncated } = await gateway.run(connection, request, ([line]) => lines.push(printable(String(line))));
  if (truncated) {
    throw new GatewayRefused(
      'The limits of this connection cut the answer, so nothing is printed. Raise its limit of rows.',
    );
  }
  for (const line of lines) terminal.write(`${line.startsWith('--') ? terminal.paint('dim', line) : line}\n`);
  return 0;
}
