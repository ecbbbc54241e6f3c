import { defineCommand } from 'citty';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { ConsoleRefused, createConsoleClient } from './console-client.ts';
import { apply, plan, test } from './policy-commands.ts';

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
export function createPolicyCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;

  async function consoleOf(args: { console?: string | undefined; 'token-file'?: string | undefined }) {
    const address = args.console ?? environment['SALLYPORT_CONSOLE'];
    if (!address) throw new ConsoleRefused('Name the console with --console or SALLYPORT_CONSOLE.');
    return createConsoleClient({ console: address, token: await tokenOf(args['token-file'], environment) });
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
          finish(surroundings, Object.keys(planArgs), args, async () =>
            plan(terminal, { ...args, console: await consoleOf(args), detailedExitCode: args['detailed-exitcode'] }),
          ),
      }),
      apply: defineCommand({
        meta: { name: 'apply', description: 'Make what is in force match the files.' },
        args: applyArgs,
        run: ({ args }) =>
          finish(surroundings, Object.keys(applyArgs), args, async () =>
            apply(terminal, { ...args, console: await consoleOf(args) }),
          ),
      }),
      test: defineCommand({
        meta: { name: 'test', description: 'Run the cases written beside the policies, offline.' },
        args: testArgs,
        run: ({ args }) =>
          finish(surroundings, Object.keys(testArgs), args, async () =>
            test(terminal, { folder: args.folder, guards: args.guards, now: new Date() }),
          ),
      }),
    },
  });
}
