import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./bigquery-program.ts', import.meta.url));

/** BigQuery in a process of its own. Rejects when it cannot start. */
export async function startBigQueryApart(port: number): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(program, [String(port)]);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { url: string }) => resolve(message.url));
    child.once('exit', () => reject(new Error('The BigQuery emulator could not start.')));
  });
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
