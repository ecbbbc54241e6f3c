import type { Operation } from '../../model/operation.ts';
import type { Context } from '../target.ts';
import type { Plan } from './plan.ts';
import { unreadable } from './refusal.ts';
import type { SshRequest } from './request.ts';
import { maySet, type Settings } from './settings.ts';

const bestEffort =
  'What a program prints is masked by detectors alone, as nothing says which of it is classified: best effort.';
const uncounted = 'What goes through a forwarded port is neither masked nor recorded: its bytes are counted, no more.';

/** What is asked of a host means: until it is declared, whatever runs there may be anything. Pure. */
export function understand(request: SshRequest, settings: Settings, { unmask, seal }: Context): Operation<Plan> {
  const common = { kind: 'ssh', classes: [], masks: [], estimates: {} } as const;
  if ('forward' in request) {
    const { forward } = request;
    const to = `${forward.host.includes(':') ? `[${forward.host}]` : forward.host}:${forward.port}`;
    return {
      ...common,
      verb: 'connect',
      risks: [],
      resources: [to],
      statement: `forward ${to}`,
      parameters: [],
      recorded: { statement: `forward ${to}`, parameters: [] },
      warnings: [uncounted],
      live: true,
      plan: { kind: 'forward', forward, attached: true, environment: [], unmask },
    };
  }
  const environment = Object.entries(request.environment).sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [name] of environment)
    if (!maySet(name, settings)) throw unreadable('environment', `The connection does not let ${name} be set.`);
  const { terminal } = request;
  const around = { ...(terminal !== undefined && { terminal }), environment };
  const opaque = { ...common, verb: 'execute', risks: ['opaque'], warnings: [bestEffort] } as const;
  if ('shell' in request) {
    const parameters = [around];
    const plan: Plan = { kind: 'shell', terminal: request.terminal, attached: true, environment, unmask };
    const recorded = { statement: 'shell', parameters: [] };
    return { ...opaque, resources: ['shell'], statement: 'shell', parameters, recorded, live: true, plan };
  }
  const text = typeof request.command === 'string' ? request.command : request.command.map(quoted).join(' ');
  const stdin = inputOf(request);
  const attached = request.attached === true;
  const recorded = seal('COMMAND', text);
  const input = stdin === undefined ? {} : { stdin: Buffer.from(stdin).toString('base64') };
  return {
    ...opaque,
    resources: ['command/*'],
    statement: text,
    parameters: [{ ...around, ...input, attached }],
    recorded: { statement: recorded, parameters: [] },
    ...(attached && { live: true }),
    plan: {
      kind: 'command',
      text,
      recorded,
      attached,
      environment,
      unmask,
      ...(terminal !== undefined && { terminal }),
      ...(stdin !== undefined && { stdin }),
    },
  };
}

/** A word that reaches the program as it is, whichever POSIX shell reads it. */
const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

function inputOf({ stdin, stdin_base64: encoded }: Extract<SshRequest, { command: unknown }>): Uint8Array | undefined {
  if (encoded !== undefined) return Buffer.from(encoded, 'base64');
  return stdin === undefined ? undefined : Buffer.from(stdin);
}
