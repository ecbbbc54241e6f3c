import { readFile } from 'node:fs/promises';
import { defineCommand } from 'citty';
import { ConsoleRefused, createConsoleClient } from './console-client.ts';
import { apply, plan, test } from './policy-commands.ts';
import { BadFiles } from './policy-files.ts';
import type { Terminal } from './terminal.ts';

/** What a command gets from outside: the terminal, the environment, and where to leave its exit status. */
export type Surroundings = {
  terminal: Terminal;
  environment: Readonly<Record<string, string | undefined>>;
  exit: (status: number) => void;
};

const folder = { type: 'positional', required: true, description: 'The folder that holds the documents.' } as const;
const guards = {
  type: 'boolean',
  default: true,
  description: 'With the built-in guards.',
  negativeDescription: 'Without the built-in guards.',
} as const;
const access = {
  console: { type: 'string', description: 'The console’s address; else SALLYPORT_CONSOLE.', valueHint: 'url' },
  'token-file': {
    type: 'string',
    description: 'A file that holds your token; else SALLYPORT_TOKEN.',
    valueHint: 'path',
  },
  prune: { type: 'boolean', default: false, description: 'Also remove documents that are in no file.' },
} as const;

/** `sallyport policy plan | apply | test`. */
export function createPolicyCommand({ terminal, environment, exit }: Surroundings) {
  /** Says what is wrong with the input in words; anything else is a fault of ours and is thrown on. */
  async function finish(known: readonly string[], args: Record<string, unknown>, work: () => Promise<number>) {
    try {
      refuseUnknown(known, args);
      exit(await work());
    } catch (error) {
      if (!(error instanceof BadFiles || error instanceof ConsoleRefused)) throw error;
      terminal.complain(`${error.message}\n`);
      exit(1);
    }
  }

  async function consoleOf(args: { console?: string | undefined; 'token-file'?: string | undefined }) {
    const address = args.console ?? environment['SALLYPORT_CONSOLE'];
    if (!address) throw new ConsoleRefused('Name the console with --console or SALLYPORT_CONSOLE.');
    const file = args['token-file'];
    const token = file === undefined ? environment['SALLYPORT_TOKEN'] : await readToken(file);
    if (!token?.trim()) throw new ConsoleRefused('Give a token with --token-file or SALLYPORT_TOKEN.');
    return createConsoleClient({ console: address, token: token.trim() });
  }

  const planArgs = {
    folder,
    guards,
    ...access,
    'detailed-exitcode': { type: 'boolean', default: false, description: 'Exit with 2 where something would change.' },
  } as const;
  const applyArgs = {
    folder,
    guards,
    ...access,
    yes: { type: 'boolean', default: false, description: 'Do not ask.' },
  } as const;
  const testArgs = { folder, guards } as const;

  return defineCommand({
    meta: {
      name: 'policy',
      description: 'Documents in files: connections, policies, groups, classifications, agents.',
    },
    subCommands: {
      plan: defineCommand({
        meta: { name: 'plan', description: 'Show what applying the files would change.' },
        args: planArgs,
        run: ({ args }) =>
          finish(Object.keys(planArgs), args, async () =>
            plan(terminal, { ...args, console: await consoleOf(args), detailedExitCode: args['detailed-exitcode'] }),
          ),
      }),
      apply: defineCommand({
        meta: { name: 'apply', description: 'Make what is in force match the files.' },
        args: applyArgs,
        run: ({ args }) =>
          finish(Object.keys(applyArgs), args, async () =>
            apply(terminal, { ...args, console: await consoleOf(args) }),
          ),
      }),
      test: defineCommand({
        meta: { name: 'test', description: 'Run the cases written beside the policies, offline.' },
        args: testArgs,
        run: ({ args }) =>
          finish(Object.keys(testArgs), args, async () =>
            test(terminal, { folder: args.folder, guards: args.guards, now: new Date() }),
          ),
      }),
    },
  });
}

/** A misspelt option must not be taken for one that was left out. */
function refuseUnknown(known: readonly string[], args: Record<string, unknown>) {
  const names = new Set(['_', ...known, ...known.map(camelCase)]);
  const unknown = Object.keys(args).find((name) => !names.has(name));
  if (unknown !== undefined) throw new BadFiles([`There is no option --${unknown}.`]);
  const { _: positionals } = args;
  if (Array.isArray(positionals) && positionals.length > 1) throw new BadFiles(['Name one folder.']);
}

const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConsoleRefused('The token file cannot be read.', { cause });
  }
}
