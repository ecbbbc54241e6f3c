import { type ChildProcess, spawn } from 'node:child_process';
import type { WebSocketChannel } from '../../src/platform/web-socket.ts';
import { type JsonObject, listAt } from './json.ts';
import { containerOf, type Pods } from './pods.ts';
import { isTrue } from './request-info.ts';
import { badRequest } from './status.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

export type Run = {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  tty: boolean;
  stdin: boolean;
};

/** What an exec or attach is to run. Throws a 400 for an exec without a command. */
export function runOf(kind: 'exec' | 'attach', pod: JsonObject, query: URLSearchParams, pods: Pods): Run {
  const name = query.get('container') ?? '';
  const container = containerOf(pod, name);
  const own = [...listAt(container, 'command'), ...listAt(container, 'args')].map(String);
  const command = kind === 'exec' ? query.getAll('command') : own.length > 0 ? own : ['sh'];
  if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
  const [tty, stdin] = [isTrue(query, 'tty'), isTrue(query, 'stdin')];
  return { command, folder: pods.folderOf(pod), environment: pods.environmentOf(pod, name), tty, stdin };
}

/**
 * Runs a program of this machine in the Pod's folder, with a bare environment and no isolation; what it says goes out by channel, and
 * at last how it ended. A terminal is made by `script`, where it is asked for; its size is not told.
 */
export async function runOn(channel: WebSocketChannel, run: Run): Promise<void> {
  const send = (to: number, bytes: Uint8Array) => channel.send(Buffer.concat([Buffer.from([to]), bytes]));
  const child = start(run);
  const ended = endOf(child);
  const leave = () => stop(child);
  await send(channels.stdout, Buffer.alloc(0));
  const spoken = Promise.all([pump(child.stdout, channels.stdout, send), pump(child.stderr, channels.stderr, send)]);
  const heard = listen(channel, child, run.stdin).finally(leave);
  const status = await ended;
  await spoken;
  await send(channels.status, Buffer.from(JSON.stringify(status)));
  channel.close();
  await heard;
}

function start({ command, folder, environment, tty }: Run): ChildProcess {
  const words = tty ? ['script', '-qec', command.map(quoted).join(' '), '/dev/null'] : command;
  const [program = '', ...rest] = words;
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder, ...(tty && { TERM: 'xterm' }), ...environment };
  // A group of its own, so that whatever it starts ends with it.
  return spawn(program, rest, { cwd: folder, env, stdio: 'pipe', detached: true });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function stop({ pid }: ChildProcess) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** How it ended, as a `Status`. */
function endOf(child: ChildProcess): Promise<JsonObject> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => {
      resolve({
        ...failure,
        reason: 'InternalError',
        code: 500,
        message: `error executing command in container: ${message}`,
      });
    });
    child.once('close', (code, signal) => {
      const exit = code ?? (signal === null ? 1 : 137);
      if (exit === 0) return resolve({ metadata: {}, status: 'Success' });
      const causes = [{ reason: 'ExitCode', message: String(exit) }];
      const message = `command terminated with non-zero exit code: command terminated with exit code ${exit}`;
      resolve({ ...failure, message, reason: 'NonZeroExitCode', details: { causes } });
    });
  });
}

const failure: JsonObject = { metadata: {}, status: 'Failure' };

async function pump(
  stream: ChildProcess['stdout'],
  to: number,
  send: (to: number, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  if (stream !== null) for await (const piece of stream) await send(to, piece);
}

/** Until the caller leaves. The end of its input is told in v5 alone: the byte 255, then the channel. */
async function listen(channel: WebSocketChannel, child: ChildProcess, takesInput: boolean): Promise<void> {
  const { stdin } = child;
  // It may end before all was written to it.
  stdin?.on('error', () => {});
  if (!takesInput) stdin?.end();
  try {
    for await (const message of channel.messages) {
      if (message[0] === channels.close && message[1] === channels.stdin) stdin?.end();
      else if (message[0] === channels.stdin && takesInput && message.length > 1)
        await written(stdin, message.subarray(1));
    }
  } catch {
    // A connection that breaks is one that ends.
  }
}

function written(stdin: ChildProcess['stdin'], bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (stdin === null || !stdin.writable) resolve();
    else stdin.write(bytes, () => resolve());
  });
}
