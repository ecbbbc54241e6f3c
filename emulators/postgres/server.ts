import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import type { Account } from './account.ts';

export type ServerOptions = {
  program: string;
  account: Account;
  data: string;
  port: number;
  /** Directories to remove once the server has ended, however it ends. */
  remove: string[];
  log?: ((line: string) => void) | undefined;
};

export type Server = { port: number; stop(): Promise<void> };

/** Everything here is thrown away or made anew, so durability is given up for speed. Only loopback TCP is served. */
const settings = [
  ['listen_addresses', '127.0.0.1'],
  ['unix_socket_directories', ''],
  ['fsync', 'off'],
  ['synchronous_commit', 'off'],
  ['full_page_writes', 'off'],
  ['shared_buffers', '32MB'],
  ['max_connections', '100'],
  ['io_method', 'sync'],
  ['jit', 'off'],
  ['lc_messages', 'C'],
  ['timezone', 'UTC'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Resolves once the server accepts connections; otherwise throws with the server's own log. */
export async function runServer(options: ServerOptions): Promise<Server> {
  const port = options.port || (await freePort());
  const args = ['-D', options.data, '-p', String(port), ...settings];
  const { log: tell } = options;
  const orders = { command: options.program, args, cwd: options.data, ...options.account, remove: options.remove };
  const leash = spawn(
    process.execPath,
    [fileURLToPath(new URL('./leash.ts', import.meta.url)), JSON.stringify(orders)],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
      env: {},
    },
  );
  const ended = new Promise<void>((resolve) => leash.on('exit', () => resolve()));

  await new Promise<void>((resolve, reject) => {
    const log: string[] = [];
    // Reading goes on for as long as the server runs: a full pipe would block it.
    createInterface({ input: leash.stderr }).on('line', (line) => {
      tell?.(line);
      if (log.push(line) > 50) log.shift();
      if (line.includes('ready to accept connections')) resolve();
    });
    leash.on('error', reject);
    leash.on('close', () => reject(new Error(`PostgreSQL did not start on port ${port}:\n${log.join('\n')}`)));
  });

  return {
    port,
    async stop() {
      leash.stdin.end();
      await ended;
    },
  };
}
