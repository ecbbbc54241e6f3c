import type { ServerChannel, Session } from 'ssh2';
import type { DuplexAnswer } from '../gateway.ts';
import type { Approval } from '../model/approval.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { channels, frame, PROGRAM, type ProgramEnding, writeSize } from '../model/program.ts';
import type { Ask } from './ask.ts';
import { createOutlet, type Link } from './outlet.ts';
import { relayProgram } from './relay.ts';
import { BROKEN, endingWords, exitOf, waitingWords, wordsOf } from './words.ts';

export type ChannelDeps = {
  ask: Ask;
  link: Link;
  /** Aborted with a Problem when the tunnel is over. */
  over: AbortSignal;
  approvalUrl: (approval: Approval) => string;
  /** Refuses what never becomes a call, in the trail, too. */
  refuse: (problem: Problem) => Promise<never>;
  onFault: (error: unknown) => void;
  /** To be told of all that runs. */
  during: (work: Promise<void>) => void;
};

type Size = { columns: number; rows: number };
type Asked = { command: string } | { shell: true };

/** Variables that clients send by themselves; any other is not set, as with sshd and its `AcceptEnv`. */
const settable = /^(LANG|LC_[A-Z]{1,30})$/;
const MOST_VALUE = 4096;
const MOST_SIDE = 1000;
/** What a human at a terminal means by it: bytes that the terminal of the other side turns into the signal (termios(3)). */
const keys: Readonly<Record<string, number>> = { INT: 0x03, QUIT: 0x1c, TSTP: 0x1a };
/** Signals that mean that a program shall end. */
const ends = new Set(['HUP', 'INT', 'QUIT', 'KILL', 'TERM']);

/** One session of a tunnel (RFC 4254, 6): a terminal, variables, then one command or shell, which is one call. */
export function serveSession(session: Session, deps: ChannelDeps): void {
  const { link } = deps;
  const left = new AbortController();
  const gone = AbortSignal.any([link.closed, left.signal]);
  const environment: Record<string, string> = {};
  let terminal: (Size & { term: string }) | undefined;
  let isBegun = false;
  let running: Running | undefined;

  session.on('close', () => left.abort());
  session.on('env', (_accept, reject, { key, val }) => {
    if (settable.test(key) && val.length <= MOST_VALUE) environment[key] = val;
    else reject?.();
  });
  session.on('pty', (accept, reject, { term, cols, rows }) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$/.test(term) || isBegun) return reject?.();
    terminal = { term, ...sizeOf(cols, rows) };
    accept?.();
  });
  session.on('window-change', (_accept, _reject, { cols, rows }) => {
    if (terminal === undefined) return;
    terminal = { ...terminal, ...sizeOf(cols, rows) };
    running?.resize(terminal);
  });
  session.on('signal', (_accept, _reject, { name }) => running?.signal(name));
  session.on('exec', (accept, reject, { command }) => begin(accept, reject, { command }));
  session.on('shell', (accept, reject) => begin(accept, reject, { shell: true }));
  session.on('subsystem', (accept, reject, { name }) => begin(accept, reject, { subsystem: name }));

  /** Accepted at once, then decided: an end of input that comes before would close the channel. */
  function begin(accept: () => ServerChannel, reject: (() => void) | undefined, asked: Asked | { subsystem: string }) {
    if (isBegun) return reject?.();
    isBegun = true;
    const channel = accept();
    channel.on('error', () => left.abort());
    if (!link.opened(channel)) return undefined;
    running = run(channel, { ...deps, asked, terminal, environment, gone });
  }
}

type Running = { resize(size: Size): void; signal(name: string): void };

type Run = ChannelDeps & {
  asked: Asked | { subsystem: string };
  terminal: (Size & { term: string }) | undefined;
  environment: Record<string, string>;
  /** The caller has left the session. */
  gone: AbortSignal;
};

function run(channel: ServerChannel, options: Run): Running {
  const { ask, link, asked, terminal, environment, gone, over, approvalUrl, refuse, onFault, during } = options;
  // While the tunnel is being ended, its users can still be told why.
  const outlet = createOutlet(channel, link, gone);
  const signal = AbortSignal.any([gone, over]);
  let answer: DuplexAnswer | undefined;
  let size: Size | undefined;
  let killed: string | undefined;

  const say = (words: string) =>
    outlet.write('stderr', Buffer.from(`${words}${terminal === undefined ? '\n' : '\r\n'}`));
  const send = (message: Uint8Array) => void answer?.send(message).catch(() => undefined);

  async function proceed() {
    answer = await ask(await requestOf(), {
      protocol: PROGRAM,
      signal,
      onWaiting: (approval, seconds) => void say(waitingWords(approval, approvalUrl(approval), seconds)),
    });
    if (size !== undefined) send(writeSize(size));
    return relayProgram(answer, { channel, outlet, gone: signal });
  }

  async function requestOf() {
    if ('subsystem' in asked) return refuse(new Problem('denied', { detail: unservable(asked.subsystem) }));
    if ('command' in asked && isCopying(asked.command)) return refuse(new Problem('denied', { detail: noFiles }));
    if ('command' in asked)
      return { ...asked, ...(terminal !== undefined && { terminal }), environment, attached: true };
    if (terminal === undefined) return refuse(new Problem('bad-request', { detail: noTerminal }));
    return { ...asked, terminal, environment, attached: true };
  }

  async function finish(ending: ProgramEnding | undefined) {
    if (killed !== undefined) return outlet.end({ signal: killed });
    if (over.aborted) return fail(over.reason, BROKEN);
    if (ending === undefined) return fail(new Problem('target-unavailable', { reason: 'broken-off' }));
    if ('exit_status' in ending) return outlet.end({ status: ending.exit_status });
    if ('signal' in ending) return outlet.end({ signal: ending.signal });
    await say(endingWords(ending.problem));
    return outlet.end({ status: exitOf(ending.problem.code) });
  }

  async function fail(thrown: unknown, status?: number) {
    const problem = asProblem(thrown);
    if (problem.code === 'internal') onFault(problem.cause);
    await say(wordsOf(problem));
    return outlet.end({ status: status ?? exitOf(problem.code) });
  }

  const ended = proceed()
    .then(finish, (thrown) => fail(over.aborted ? over.reason : thrown))
    .catch(onFault);
  during(ended);

  return {
    resize(wanted) {
      size = wanted;
      send(writeSize(wanted));
    },
    /** Where there is no terminal to type it on, a program can be ended and told nothing else. */
    signal(name) {
      const key = terminal === undefined ? undefined : keys[name];
      if (key !== undefined) return send(frame(channels.stdin, Uint8Array.of(key)));
      if (!ends.has(name) || answer === undefined) return;
      killed = name;
      answer.cancel().catch(onFault);
    },
  };
}

const noFiles =
  'scp and sftp are not offered here: files could be neither masked nor recorded on the way. Print what you need with a command, as in: ssh host cat file.';
const noTerminal =
  'A shell needs a terminal: leave out -T, or name a command. A script is read by one, as in: ssh host sh < script.';
const unservable = (subsystem: string) =>
  subsystem === 'sftp' ? noFiles : 'No subsystem is offered here, but commands and shells.';

/** What `scp -O` runs on the other side; any other way to write it is a command like all, for policy to judge. */
const isCopying = (command: string) => /^\s*(\S*\/)?scp\s+(-\S+\s+)*-[a-zA-Z]*[tf]\s/.test(command);

function sizeOf(columns: number, rows: number): Size {
  const side = (count: number, usual: number) => Math.min(count || usual, MOST_SIDE);
  return { columns: side(columns, 80), rows: side(rows, 24) };
}
