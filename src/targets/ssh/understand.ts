import type { Operation } from '../../model/operation.ts';
import { programsOf, quoteWords, risksOf, understandCommand } from '../../shell/shell.ts';
import type { Context } from '../target.ts';
import type { Meaning } from './commands.ts';
import { destinationOf } from './destination.ts';
import { type Accompanying, parametersOf, sealCommand, sealText } from './parameters.ts';
import type { Plan } from './plan.ts';
import { unreadable } from './refusal.ts';
import type { SshRequest } from './request.ts';
import { maySet, type Settings } from './settings.ts';

type Of<Key extends string> = Extract<SshRequest, Record<Key, unknown>>;
type CommandRequest = Of<'command'>;

const common = { kind: 'ssh', classes: [], masks: [], estimates: {} } as const;

const bestEffort =
  'What a program prints is masked by detectors alone, as nothing says which of it is classified: best effort.';
const uncounted = 'What goes through a forwarded port is neither masked nor recorded: its bytes are counted, no more.';
const undeclared =
  'This is none of the commands that the connection declares, so it counts as one that could do anything (opaque).';
const deaf = 'This command takes no input: it is run with its input closed, and what is sent to it goes nowhere.';

/**
 * What is asked of a host means. A command that the connection declares is what its declaration says, and is sent as the words that were
 * matched; whatever else runs there may do anything: `execute`, `opaque`. Pure. Refuses variables that the connection does not let callers set.
 */
export function understand(request: SshRequest, settings: Settings, context: Context): Operation<Plan> {
  if ('forward' in request) return understandForward(request, context);
  for (const name of Object.keys(request.environment))
    if (!maySet(name, settings)) throw unreadable('environment', `The connection does not let ${name} be set.`);
  return 'shell' in request ? understandShell(request, context) : understandProgram(request, settings, context);
}

function understandForward(request: Of<'forward'>, { unmask }: Context): Operation<Plan> {
  const { host, port, name } = destinationOf(request.forward);
  return {
    ...common,
    verb: 'connect',
    risks: [],
    resources: [name],
    statement: `forward ${name}`,
    parameters: [{ kind: 'forward' }],
    recorded: { statement: `forward ${name}`, parameters: [{ kind: 'forward' }] },
    warnings: [uncounted],
    live: true,
    plan: { kind: 'forward', forward: { host, port }, attached: true, environment: [], unmask },
  };
}

function understandShell(request: Of<'shell'>, { unmask, seal }: Context): Operation<Plan> {
  const { terminal } = request;
  const environment = sorted(request.environment);
  const { parameters, recorded } = parametersOf({ kind: 'shell', terminal, environment, input: 'live' }, seal);
  return {
    ...common,
    verb: 'execute',
    risks: ['opaque'],
    resources: ['shell'],
    statement: 'shell',
    parameters,
    recorded: { statement: 'shell', parameters: recorded },
    warnings: [bestEffort],
    live: true,
    plan: { kind: 'shell', terminal, attached: true, environment, unmask },
  };
}

function understandProgram(request: CommandRequest, settings: Settings, { unmask, seal }: Context): Operation<Plan> {
  const { terminal, attached = false } = request;
  const environment = sorted(request.environment);
  const stdin = inputOf(request);
  const declared = declaredAs(request, stdin, settings);
  const isDeaf = declared?.takesInput === false;
  const { verb, risks, resources, text, explained } = declared ?? anything(request.command);
  const input = isDeaf ? 'none' : attached ? 'live' : (stdin ?? 'none');
  const around: Accompanying = { kind: 'command', environment, input, ...(terminal !== undefined && { terminal }) };
  const { parameters, recorded } = parametersOf(around, seal);
  const sealed = sealCommand(declared?.words ?? request.command, seal);
  const sealedResources = resources.map((resource) => sealText(resource, seal));
  return {
    ...common,
    verb,
    risks,
    resources,
    statement: text,
    parameters,
    recorded: { statement: sealed, parameters: recorded, resources: sealedResources },
    estimates: explained === undefined ? {} : { plan: explained },
    warnings: [bestEffort, ...(declared === undefined ? [undeclared] : []), ...(isDeaf && attached ? [deaf] : [])],
    ...(attached && { live: true }),
    plan: {
      kind: 'command',
      text,
      recorded: sealed,
      attached,
      environment,
      unmask,
      ...(isDeaf && { deaf: true }),
      ...(terminal !== undefined && { terminal }),
      ...(stdin !== undefined && { stdin }),
    },
  };
}

/**
 * A terminal makes programs ask and page, so that what is typed may run; variables may make them do what no word says; input may be a script.
 * A command that is declared without input is none with one that is given; one that may come, as with any SSH client, is closed.
 */
function declaredAs(request: CommandRequest, stdin: Uint8Array | undefined, settings: Settings): Meaning | undefined {
  const isPlain = Object.values(request.environment).every((value) => /^[\w.@:+-]*$/.test(value));
  if (request.terminal !== undefined || !isPlain) return undefined;
  const meaning = settings.commands.meaningOf(request.command);
  return meaning?.takesInput === false && stdin !== undefined && stdin.byteLength > 0 ? undefined : meaning;
}

/** The names of the programs that can be read are for who looks; the star says that they may not be all. */
function anything(command: CommandRequest['command']) {
  const understood = understandCommand(command);
  const programs = programsOf(understood);
  const { opaque } = understood;
  const lines = [`Programs in it: ${programs.join(', ') || 'none that can be told'}`];
  if (opaque.length > 0) lines.push(`Not understood: ${opaque.join('; ')}`);
  return {
    verb: 'execute' as const,
    risks: [...new Set(['opaque' as const, ...risksOf(understood)])],
    resources: [
      ...programs
        .filter(isName)
        .sort()
        .map((name) => `command/${name}`),
      'command/*',
    ],
    text: typeof command === 'string' ? command : quoteWords(command),
    explained: lines.join('\n'),
  };
}

/** Nothing that would be read as a pattern, or as another resource. */
const isName = (name: string) => /^[\w.+-]{1,100}$/.test(name);

const sorted = (environment: Readonly<Record<string, string>>) =>
  Object.entries(environment).sort(([one], [other]) => (one < other ? -1 : 1));

function inputOf({ stdin, stdin_base64: encoded }: CommandRequest): Uint8Array | undefined {
  if (encoded !== undefined) return Buffer.from(encoded, 'base64');
  return stdin === undefined ? undefined : Buffer.from(stdin);
}
