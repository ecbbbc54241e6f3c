/**
 * Runs a PostgreSQL server for as long as its holder holds on: the holder keeps this process's standard input open, and
 * when that ends, by `stop()` or because the holder was killed, the server is shut down and the given directories are
 * removed. Started as `node leash.ts <json>`; never imported.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

type Orders = { command: string; args: string[]; cwd: string; uid?: number; gid?: number; remove: string[] };

const { command, args, remove, ...options }: Orders = JSON.parse(process.argv[2] ?? '');
const server = spawn(command, args, { ...options, env: {}, stdio: ['ignore', 'inherit', 'inherit'] });

// Ctrl-C reaches the whole terminal group, but only the holder decides when the server stops.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing waits for clients.
process.stdin.on('end', () => server.kill('SIGINT')).resume();

server.on('error', (error) => finish(error.message, 1));
server.on('exit', (code, signal) => finish(`postgres ended: ${signal ?? code}`, code ?? 1));

function finish(reason: string, code: number): void {
  for (const directory of remove) rmSync(directory, { recursive: true, force: true });
  // The holder may be gone, and with it the reader of this line.
  process.stderr.on('error', () => process.exit(code));
  process.stderr.write(`${reason}\n`, () => process.exit(code));
}
