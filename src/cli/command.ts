import { readFile } from 'node:fs/promises';
import { ConsoleRefused } from './console-client.ts';
import { GatewayRefused, Waiting } from './gateway-client.ts';
import { BadFiles } from './policy-files.ts';
import type { Terminal } from './terminal.ts';

/** What a command gets from outside: the terminal, the environment, and where to leave its exit status. */
export type Surroundings = {
  terminal: Terminal;
  environment: Readonly<Record<string, string | undefined>>;
  exit: (status: number) => void;
  /** Sets a variable of the environment, for libraries that read it themselves. */
  set?: (name: string, value: string) => void;
};

/**
 * Says what is wrong with the input in words, with exit status 1 or another that the command has, or 3 where a human must decide
 * first; anything else is a fault of ours and is thrown on.
 */
export async function finish(
  { terminal, exit }: Surroundings,
  known: readonly string[],
  args: Record<string, unknown>,
  work: () => Promise<number>,
  failure: { status: number; isKnown: (error: unknown) => boolean } = { status: 1, isKnown: () => false },
): Promise<void> {
  try {
    refuseUnknown(known, args);
    exit(await work());
  } catch (error) {
    if (!(error instanceof Error && (isRefusal(error) || failure.isKnown(error)))) throw error;
    terminal.complain(`${error.message}\n`);
    exit(error instanceof Waiting ? 3 : failure.status);
  }
}

const isRefusal = (error: Error) =>
  error instanceof BadFiles || error instanceof ConsoleRefused || error instanceof GatewayRefused;

/** A misspelt option must not be taken for one that was left out. */
function refuseUnknown(known: readonly string[], args: Record<string, unknown>) {
  const names = new Set(['_', ...known, ...known.map(camelCase)]);
  const unknown = Object.keys(args).find((name) => !names.has(name));
  if (unknown !== undefined) throw new BadFiles([`There is no option --${unknown}.`]);
  const { _: positionals } = args;
  if (Array.isArray(positionals) && positionals.length > 1) throw new BadFiles(['Name one, and no more.']);
}

const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The caller's token, of a file or of the environment. */
export async function tokenOf(
  file: string | undefined,
  environment: Surroundings['environment'],
  variable = 'SALLYPORT_TOKEN',
): Promise<string> {
  const token = file === undefined ? environment[variable] : await readToken(file);
  if (!token?.trim()) throw new ConsoleRefused(`Give a token with --token-file or ${variable}.`);
  return token.trim();
}

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConsoleRefused('The token file cannot be read.', { cause });
  }
}
