import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that Linux (from 32768 on), macOS and Windows (from 49152 on) give to whoever asks for any, outgoing connections among
 * them: a port found free up there may be gone before a program that is still starting has taken it.
 */
const FIRST = 20_000;
const LAST = 32_767;

/** A port of the loopback that is free now and that no system gives to others: for a program that cannot choose one itself. */
export async function freePort(): Promise<number> {
  const port = randomInt(FIRST, LAST + 1);
  return (await isFree(port)) ? port : freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
