import { type ServerType, serve } from '@hono/node-server';
import { onTestFinished } from 'vitest';
import { aConsole } from '../console/fixture.ts';

/** The console itself, over HTTP on the loopback, until the test is finished. Its tokens are the names of its people. */
export async function servedConsole(changes: Parameters<typeof aConsole>[0] = {}) {
  const { app, policies: store, store: runtime, operations } = aConsole(changes);
  let server: ServerType | undefined;
  onTestFinished(() => void server?.close());
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (bound) => resolve(bound.port));
  });
  return {
    store,
    /** The runtime database. */
    runtime,
    operations,
    url: `http://127.0.0.1:${port}`,
    token: 'admin',
    /** The paths that were written, in order. */
    written: () => store.commits.flat().map(({ path }) => path),
  };
}
