import { defineCommand } from 'citty';
import { consoleArgs } from './address.ts';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { ConsoleRefused, createConsoleClient } from './console-client.ts';
import { apply, plan, test } from './policy-commands.ts';
import { BadFiles } from './policy-files.ts';
import { history } from './policy-history.ts';
import { simulate } from './policy-simulate.ts';

const folder = { type: 'positional', required: true, description: 'The folder that holds the documents.' } as const;
const guards = {
  type: 'boolean',
  default: true,
  description: 'With the built-in guards.',
  negativeDescription: 'Without the built-in guards.',
} as const;
const access = {
  ...consoleArgs,
  prune: { type: 'boolean', default: false, description: 'Also remove documents that are in no file.' },
} as const;

/** `sallyport policy plan | apply | test | simulate | history`. */
export function createPolicyCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;

  async function consoleOf(args: { console?: string | undefined; 'token-file'?: string | undefined }) {
    const address = args.console ?? environment['SALLYPORT_CONSOLE'];
    if (!address) throw new ConsoleRefused('Name the console with --console or SALLYPORT_CONSOLE.');
    const token = await tokenOf(args['token-file'], environment);
    return createConsoleClient({
      console: address,
      token,
      throughIap: environment['SALLYPORT_THROUGH_IAP'] === 'true',
    });
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
  const period = {
    from: { type: 'string', description: 'From this day or time (UTC) on.', valueHint: '2026-01-31' },
    to: {
      type: 'string',
      description: 'Up to this day or time (UTC), which is not included.',
      valueHint: '2026-02-28',
    },
  } as const;
  const simulateArgs = {
    folder,
    guards,
    ...access,
    ...period,
    limit: { type: 'string', description: 'So many operations at most, the newest; 100000 otherwise.', valueHint: 'n' },
  } as const;
  const historyArgs = {
    document: { type: 'positional', required: false, description: 'A kind, or one document as kind/name.' },
    console: access.console,
    'token-file': access['token-file'],
    ...period,
    limit: { type: 'string', description: 'So many changes at most; 100 otherwise.', valueHint: 'n' },
  } as const;

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
      simulate: defineCommand({
        meta: {
          name: 'simulate',
          description:
            'Show what recorded operations would have come to, had the files been in force; the last 30 days otherwise. Exit ' +
            'status 0: nothing would change; 1: something would, or cannot be told; 2: it could not be tried.',
        },
        args: simulateArgs,
        run: ({ args }) =>
          finish(
            surroundings,
            Object.keys(simulateArgs),
            args,
            async () => simulate(terminal, { ...args, limit: wholeNumber(args.limit), console: await consoleOf(args) }),
            { status: 2, isKnown: () => false },
          ),
      }),
      history: defineCommand({
        meta: {
          name: 'history',
          description: 'Show who changed the documents, how, and when each change was in force; the newest first.',
        },
        args: historyArgs,
        run: ({ args }) =>
          finish(surroundings, Object.keys(historyArgs), args, async () => {
            const { document: place, from, to, limit } = args;
            return history(terminal, { place, from, to, limit, console: await consoleOf(args) });
          }),
      }),
    },
  });
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new BadFiles(['--limit is a whole number.']);
  return Number(text);
}
