import type { ClientChannel } from 'ssh2';
import { Problem } from '../../model/problem.ts';
import type { ProgramEnding } from '../../model/program.ts';
import { type Link, within } from './connect.ts';
import { type Incoming, incomingOf } from './incoming.ts';
import type { Plan } from './plan.ts';

export type ProgramPlan = Exclude<Plan, { kind: 'forward' }>;

/** A channel on which a program runs; how it ended, once the host has said so. */
export type ProgramChannel = { channel: ClientChannel; incoming: Incoming; ended: { how?: ProgramEnding } };

/** Has the host begun a program. Throws `target-rejected` where it does not; nothing has run then. */
export function openProgramChannel(link: Link, plan: ProgramPlan, signal: AbortSignal): Promise<ProgramChannel> {
  const { client } = link;
  const { terminal } = plan;
  const pty = terminal && { term: terminal.term, cols: terminal.columns, rows: terminal.rows };
  const env = Object.fromEntries(plan.environment);
  return opened(link, signal, (done) => {
    const begun = (error: Error | undefined, channel: ClientChannel) =>
      done(error, () => ({ channel, incoming: incomingOf(channel, link.gone), ended: endedBy(channel) }));
    if (plan.kind === 'shell') client.shell(pty ?? false, { env }, begun);
    else client.exec(plan.text, { env, ...(pty && { pty }) }, begun);
  });
}

/** A connection from the host to another place. Throws `target-rejected` where it makes none. */
export function openForward(link: Link, { host, port }: { host: string; port: number }, signal: AbortSignal) {
  return opened<{ channel: ClientChannel; incoming: Incoming }>(link, signal, (done) =>
    link.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) =>
      done(error, () => ({ channel, incoming: incomingOf(channel, link.gone) })),
    ),
  );
}

type Done<T> = (error: Error | undefined, take: () => T) => void;

function opened<T>(link: Link, signal: AbortSignal, begin: (done: Done<T>) => void): Promise<T> {
  return within(signal, (settle, fail) => {
    const gone = () => fail(new Problem('target-unavailable', { reason: 'ssh:broken-off' }));
    if (link.gone.aborted) return gone();
    link.gone.addEventListener('abort', gone, { once: true });
    begin((error, take) => {
      link.gone.removeEventListener('abort', gone);
      if (error === undefined) settle(take());
      else fail(new Problem('target-rejected', { detail: whyNot(error), reason: reasonOf(error), cause: error }));
    });
  });
}

/** RFC 4254, 5.1. */
function whyNot(error: Error): string {
  const reason = 'reason' in error ? Number(error.reason) : undefined;
  if (reason === 1) return 'The host does not allow it.';
  if (reason === 2) return 'The host cannot connect to there.';
  return 'The host did not begin it.';
}

const reasonOf = (error: Error) => ('reason' in error ? `ssh:channel-${Number(error.reason)}` : 'ssh:not-started');

/** The first status counts: the channel may be open for long after it. */
function endedBy(channel: ClientChannel): { how?: ProgramEnding } {
  const ended: { how?: ProgramEnding } = {};
  channel.once('exit', (status: number | null, signal?: string) => {
    ended.how = status === null ? { signal: nameOf(signal) } : { exit_status: Math.min(status, 255) };
  });
  return ended;
}

/** As hosts write it may be anything. */
const nameOf = (signal = '') => {
  const name = signal.replace(/^SIG/, '');
  return /^[A-Za-z0-9@.-]{1,40}$/.test(name) ? name : 'UNKNOWN';
};
