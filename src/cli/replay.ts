import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand } from 'citty';
import { consoleArgs } from './address.ts';
import { finish, type Surroundings, tokenOf } from './command.ts';
import { ConsoleRefused } from './console-client.ts';
import { type Pace, play, playLive } from './play.ts';
import { createReplayClient, type ReplayClient } from './replay-client.ts';
import { operationText, sessionText } from './replay-text.ts';
import type { Terminal } from './terminal.ts';

const args = {
  id: { type: 'positional', required: true, description: 'An operation (op_…) or the name of a session.' },
  json: { type: 'boolean', default: false, description: 'As the console’s API gives it.' },
  principal: { type: 'string', description: 'Of a session: only what this identity asked for.', valueHint: 'member' },
  from: {
    type: 'string',
    description: 'Of a session: from this time or day; else seven days back.',
    valueHint: 'time',
  },
  to: { type: 'string', description: 'Of a session: before this time or day; else now.', valueHint: 'time' },
  rows: { type: 'string', default: '20', description: 'Rows of each answer that are shown.', valueHint: 'n' },
  speed: { type: 'string', default: '1', description: 'Of a session: how many times faster.', valueHint: 'times' },
  'idle-limit': { type: 'string', default: '2', description: 'Of a session: the longest pause.', valueHint: 'seconds' },
  wait: {
    type: 'boolean',
    default: true,
    description: 'Of a session: in its own time.',
    negativeDescription: 'At once.',
  },
  follow: {
    type: 'boolean',
    default: false,
    description: 'Of a session that runs: as it goes on, until it ends. It is played at once.',
  },
  ...consoleArgs,
} as const;

/** `sallyport replay <operation|session>`. */
export function createReplayCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: {
      name: 'replay',
      description:
        'Show what an agent asked, what was decided and what it was sent. Exits with 1 where a recording is not what it was.',
    },
    args,
    run: ({ args: given }) =>
      finish(surroundings, Object.keys(args), given, async () => {
        const console = given.console ?? environment['SALLYPORT_CONSOLE'];
        if (!console) throw new ConsoleRefused('Name the console with --console or SALLYPORT_CONSOLE.');
        const client = createReplayClient({
          console,
          token: await tokenOf(given['token-file'], environment),
          throughIap: environment['SALLYPORT_THROUGH_IAP'] === 'true',
        });
        const { id, json, follow, principal, from, to } = given;
        if (follow) return followOperation(terminal, id, client);
        const pace = { speed: numberOf(given.speed, '--speed'), idle: numberOf(given['idle-limit'], '--idle-limit') };
        const pause = given.wait ? (seconds: number) => sleep(seconds * 1000) : undefined;
        const period = { principal, from, to };
        return replay(terminal, { id, json, rows: rowsOf(given.rows), period, client, pace: { ...pace, pause } });
      }),
  });
}

function rowsOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ConsoleRefused('--rows is a number.');
}

function numberOf(text: string, name: string): number {
  const number = Number(text);
  if (/^[\d.]{1,10}$/.test(text) && number > 0) return number;
  throw new ConsoleRefused(`${name} is a number above 0.`);
}

const operationId = /^op_[0-9a-z]{26}$/;

export type ReplayOptions = {
  id: string;
  json: boolean;
  rows: number;
  period: { principal?: string | undefined; from?: string | undefined; to?: string | undefined };
  client: ReplayClient;
  pace: Pace;
};

/** Exit status 0; 1 where a recording was changed or is missing. */
export async function replay(
  terminal: Terminal,
  { id, json, rows, period, client, pace }: ReplayOptions,
): Promise<number> {
  if (!operationId.test(id)) return replaySession(terminal, await client.session(id, period), json);
  const { text, told } = await client.recording(id);
  const { paint, width = Number.POSITIVE_INFINITY } = terminal;
  terminal.write(json ? `${text}\n` : operationText(told, { paint, width, rows }));
  if (!json && told.recording.cast !== undefined) await play(terminal, told.recording.cast, pace);
  return ['changed', 'missing'].includes(told.recording.state) ? 1 : 0;
}

/** Exit status 0 once it has ended. */
async function followOperation(terminal: Terminal, id: string, client: ReplayClient): Promise<number> {
  if (!operationId.test(id)) throw new ConsoleRefused('Name the operation (op_…) that is to be followed.');
  await playLive(terminal, client.follow(id));
  return 0;
}

function replaySession(terminal: Terminal, session: Awaited<ReturnType<ReplayClient['session']>>, json: boolean) {
  const { paint, width = Number.POSITIVE_INFINITY } = terminal;
  terminal.write(json ? `${JSON.stringify(session)}\n` : sessionText(session, { paint, width }));
  return 0;
}
