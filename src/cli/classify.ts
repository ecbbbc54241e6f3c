import { writeFile } from 'node:fs/promises';
import { defineCommand } from 'citty';
import { consoleArgs } from './address.ts';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { type ConsoleClient, ConsoleRefused, createConsoleClient } from './console-client.ts';
import { createGatewayClient, type GatewayClient, GatewayRefused } from './gateway-client.ts';
import { planOf } from './plan.ts';
import { planText } from './plan-text.ts';
import { type Proposal, proposedDocument, proposedYaml, readProposal } from './proposal.ts';
import { proposalTable } from './proposal-table.ts';
import { plain, printable, type Terminal } from './terminal.ts';

const args = {
  connection: { type: 'positional', required: true, description: 'The connection.' },
  sample: {
    type: 'string',
    default: '200',
    description: 'Values of each column that are looked at; 0 for names alone.',
    valueHint: 'n',
  },
  tables: { type: 'string', description: 'Only these, as globs: "sales.*,public.users".', valueHint: 'globs' },
  out: {
    type: 'string',
    description: 'Write the proposal to this file; nothing else is ever written.',
    valueHint: 'path',
  },
  gateway: { type: 'string', description: 'The gateway’s address; else SALLYPORT_GATEWAY.', valueHint: 'url' },
  ...consoleArgs,
  'detailed-exitcode': { type: 'boolean', default: false, description: 'Exit with 2 where something would change.' },
} as const;

/** `sallyport classify <connection>`. */
export function createClassifyCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: {
      name: 'classify',
      description:
        'Propose which columns hold what: as YAML, with the reasons and what would change. Exits with 3 where a human must approve it first.',
    },
    args,
    run: ({ args: given }) =>
      finish(surroundings, Object.keys(args), given, async () => {
        const gateway = given.gateway ?? environment['SALLYPORT_GATEWAY'];
        const console = given.console ?? environment['SALLYPORT_CONSOLE'];
        if (!gateway) throw new GatewayRefused('Name the gateway with --gateway or SALLYPORT_GATEWAY.');
        if (!console) throw new ConsoleRefused('Name the console with --console or SALLYPORT_CONSOLE.');
        const token = await tokenOf(given['token-file'], environment);
        const consoleToken = environment['SALLYPORT_CONSOLE_TOKEN']?.trim() || token;
        return classify(terminal, {
          connection: given.connection,
          request: { task: 'classify', sample: numberOf(given.sample), tables: listOf(given.tables) },
          out: given.out,
          detailedExitCode: given['detailed-exitcode'],
          gateway: createGatewayClient({ gateway, token }),
          console: createConsoleClient({
            console,
            token: consoleToken,
            throughIap: environment['SALLYPORT_THROUGH_IAP'] === 'true',
          }),
        });
      }),
  });
}

function numberOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new GatewayRefused('--sample is a number from 0 to 1000.');
}

const listOf = (text: string | undefined) =>
  text
    ?.split(',')
    .map((glob) => glob.trim())
    .filter(Boolean) ?? [];

export type ClassifyOptions = {
  connection: string;
  request: { task: 'classify'; sample: number; tables: readonly string[] };
  out: string | undefined;
  detailedExitCode: boolean;
  gateway: GatewayClient;
  console: ConsoleClient;
};

/**
 * Shows what the gateway proposes and how it differs from what is in force. To a pipe it writes one YAML document, with the
 * difference as comments. Exit status 0; with `detailedExitCode` 2 where something would change.
 */
export async function classify(terminal: Terminal, options: ClassifyOptions): Promise<number> {
  const { connection, console, out } = options;
  const inForce = (await console.documents()).filter(
    ({ kind, name }) => kind === 'classifications' && name === connection,
  );
  const proposals = await proposed(terminal, options);

  const document = proposedDocument(inForce[0]?.document ?? {}, proposals);
  const plan = planOf([{ kind: 'classifications', name: connection, document }], inForce, { prune: false });
  const yaml = proposedYaml(document, proposals);
  if (out !== undefined) await writeFile(out, yaml, { mode: 0o600 });

  const { width } = terminal;
  if (width === undefined && out === undefined) {
    terminal.write(`${commented(planText(plan, { paint: plain, prune: false }))}${yaml}`);
  } else {
    const { paint } = terminal;
    terminal.write(`${proposalTable(proposals, { paint, width: width ?? Number.POSITIVE_INFINITY })}\n`);
    if (out === undefined) terminal.write(`${yaml}\n`);
    terminal.write(planText(plan, { paint, prune: false }));
    if (out !== undefined)
      terminal.write(`Written to ${printable(out)}. Nothing is in force of it until you apply it.\n`);
  }
  return options.detailedExitCode && plan.changes.length > 0 ? 2 : 0;
}

const commented = (text: string) => text.trimEnd().replace(/^/gm, '# ').replace(/^# +$/gm, '#').concat('\n');

async function proposed(terminal: Terminal, { gateway, connection, request }: ClassifyOptions): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  const { progress } = terminal;
  progress?.('Reading the catalog …');
  try {
    const { truncated } = await gateway.run(connection, request, (row) => {
      const proposal = readProposal(row);
      proposals.push(proposal);
      progress?.(bar(proposals.length, proposal));
    });
    if (!truncated) return proposals;
  } finally {
    progress?.('');
  }
  const [first] = proposals;
  throw new GatewayRefused(
    `The limits of this connection cut the answer after ${proposals.length} of ${first?.total ?? 'more'} columns. Name fewer tables with --tables.`,
  );
}

const cells = 24;

/** `█████───────────────────  45 of 123 columns  public.orders` */
function bar(done: number, { total, table }: Proposal): string {
  const full = Math.round((cells * done) / Math.max(total, 1));
  return `${'█'.repeat(full)}${'─'.repeat(cells - full)}  ${done} of ${total} columns  ${printable(table)}`;
}
