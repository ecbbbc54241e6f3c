import { createServer, type IncomingMessage } from 'node:http';
import { createDocuments } from '../../src/connections/connections.ts';
import { documentKinds } from '../../src/model/documents.ts';
import { asProblem, Problem, problemBody } from '../../src/model/problem.ts';
import { createFakeStore } from '../fakes/store.ts';

/** The documents part of the console's HTTP contract over a store in memory. */
export async function startFakeConsole({ token = 'a-token' } = {}) {
  const store = createFakeStore();
  const documents = createDocuments({ store });
  const calls: string[] = [];

  async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    if (request.headers.authorization !== `Bearer ${token}`) throw new Problem('unauthenticated');
    const [, , path, name = ''] = (request.url ?? '').split('/');
    const kind = documentKinds.find((each) => each === path);
    if (kind === undefined) throw new Problem('not-found');
    const ifMatch = request.headers['if-none-match'] === '*' ? null : request.headers['if-match'];
    if (request.method === 'GET') return { status: 200, body: { documents: await documents.list(kind) } };
    calls.push(`${request.method} ${kind}/${name}`);
    if (ifMatch === undefined) throw new Problem('bad-request', { detail: 'Send If-Match.' });
    if (request.method === 'DELETE') {
      await documents.remove(kind, name, { ifMatch: ifMatch ?? '' });
      return { status: 204 };
    }
    const { etag } = await documents.put(kind, name, JSON.parse(await textOf(request)), { ifMatch });
    return { status: 200, body: { name, etag } };
  }

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) => {
        const problem = asProblem(error);
        return { status: problem.status, body: problemBody(problem) };
      })
      .then(({ status, body }) =>
        response.writeHead(status).end(body === undefined ? undefined : JSON.stringify(body)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    store,
    calls,
    token,
    url: `http://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function textOf(request: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
