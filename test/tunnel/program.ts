import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { channels, frame, PROGRAM, type ProgramEnding, readSize, writeEnding } from '../../src/model/program.ts';
import type { Duplex, Message } from '../../src/model/result.ts';
import type { SshRequest } from '../../src/targets/ssh/request.ts';

/** A program of this machine, as a host's: what a target answers that runs it. Its own output waits until it is read. */
export function runHere(request: SshRequest, signal: AbortSignal): Duplex & { sizes: string[] } {
  const sizes: string[] = [];
  const isForward = 'forward' in request;
  const child = spawn(...commandOf(request), { env: { ...process.env, ...environmentOf(request) }, detached: true });
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  signal.addEventListener('abort', kill, { once: true });
  child.stdin.on('error', () => undefined);
  const inputClosed = once(child.stdin, 'close').catch(() => undefined);
  const ended = new Promise<ProgramEnding>((resolve) => {
    child.once('exit', (status, name) =>
      resolve(name === null ? { exit_status: status ?? 255 } : { signal: name.slice(3) }),
    );
  });

  async function* said(): AsyncGenerator<Message> {
    for await (const { channel, chunk } of merged(child.stdout, child.stderr))
      yield { bytes: isForward ? chunk : frame(channel, chunk) };
    if (!isForward) yield { bytes: writeEnding(await ended), last: true };
  }

  return {
    form: 'duplex',
    protocol: isForward ? '' : PROGRAM,
    sizes,
    messages: {
      [Symbol.asyncIterator]() {
        const messages = said();
        return {
          next: () => messages.next(),
          async return() {
            kill();
            return { done: true, value: undefined };
          },
        };
      },
    },
    async send(message) {
      if (isForward) return void (message.byteLength > 0 ? child.stdin.write(message) : child.stdin.end());
      const [channel] = message;
      if (channel === channels.resize) sizes.push(JSON.stringify(readSize(message.subarray(1))));
      if (channel === channels.close) child.stdin.end();
      if (channel !== channels.stdin || child.stdin.write(message.subarray(1)) || child.stdin.destroyed) return;
      await Promise.race([once(child.stdin, 'drain').catch(() => undefined), inputClosed]);
    },
    summary: () => ({ truncated: false }),
  };
}

/** What both say, in the order in which it comes; neither says more before it is read. */
function merged(stdout: Readable, stderr: Readable) {
  const all = new PassThrough({ objectMode: true, highWaterMark: 4 });
  const { stdout: one, stderr: other } = channels;
  const tagged = [
    [one, stdout],
    [other, stderr],
  ] as const;
  const ends = tagged.map(async ([channel, stream]) => {
    for await (const chunk of stream) if (!all.write({ channel, chunk })) await once(all, 'drain');
  });
  Promise.all(ends).then(
    () => all.end(),
    (error) => all.destroy(error),
  );
  return all as AsyncIterable<{ channel: number; chunk: Uint8Array }>;
}

function commandOf(request: SshRequest): [string, string[]] {
  if ('forward' in request) return ['sh', ['-c', 'cat']];
  if ('shell' in request) return ['script', ['-qefc', 'bash --norc -i', '/dev/null']];
  return ['bash', ['-c', typeof request.command === 'string' ? request.command : request.command.join(' ')]];
}

const environmentOf = (request: SshRequest) => ('environment' in request ? request.environment : {});
