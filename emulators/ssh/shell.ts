import type { ServerChannel } from 'ssh2';
import { type HostContents, run } from './programs.ts';

const RETURN = '\r';
const END = '\x04';
const INTERRUPT = '\x03';
const ERASE = '\x7f';

/** A shell in a terminal: what is typed comes back, a line is run, until `exit` or the end of input. The status is that of the last command. */
export async function interact(
  channel: ServerChannel,
  { user, contents, signal }: { user: string; contents: HostContents; signal: AbortSignal },
): Promise<number> {
  const say = (text: string) => void channel.write(text.replaceAll('\n', '\r\n'));
  const prompt = () => say(`${user}@${contents.name}:~$ `);
  const input = async () => Buffer.alloc(0);
  let line = '';
  let status = 0;
  prompt();
  for await (const character of typed(channel, signal)) {
    if (character === RETURN || character === '\n') {
      say('\n');
      status = await run(line, { user, out: say, err: say, input, signal }, contents);
      if (/^\s*exit\b/.test(line)) return status;
      line = '';
      prompt();
    } else if (character === END && line === '') {
      say('logout\n');
      return status;
    } else if (character === INTERRUPT) {
      line = '';
      say('^C\n');
      prompt();
    } else if (character === ERASE) {
      if (line !== '') say('\b \b');
      line = line.slice(0, -1);
    } else if (character >= ' ') {
      line += character;
      say(character);
    }
  }
  return status;
}

/** Character by character. Throws when it was aborted meanwhile. */
async function* typed(channel: ServerChannel, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const waiting: string[] = [];
  let isOver = false;
  let wake = () => {};
  const end = () => {
    isOver = true;
    wake();
  };
  channel.on('data', (chunk: Buffer) => {
    waiting.push(...decoder.decode(chunk, { stream: true }));
    wake();
  });
  channel.once('end', end).once('close', end);
  signal.addEventListener('abort', end, { once: true });
  for (;;) {
    signal.throwIfAborted();
    const character = waiting.shift();
    if (character !== undefined) yield character;
    else if (isOver) return;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}
