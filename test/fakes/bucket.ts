import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type FakeBucket = {
  /** `host:port` */
  address: string;
  objects: Map<string, string>;
  /** What the next request answers instead. */
  failures: number[];
  stop(): Promise<void>;
};

/** The JSON API of Cloud Storage for one bucket with a locked retention policy: objects can be made and read, nothing else. */
export async function startFakeBucket(bucket: string): Promise<FakeBucket> {
  const objects = new Map<string, string>();
  const failures: number[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://bucket');
    const answer = (status: number, body: unknown) =>
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    const content = await text(request);
    const failure = failures.shift();
    if (failure !== undefined) return answer(failure, { error: { code: failure } });
    if (request.method === 'POST' && url.pathname === `/upload/storage/v1/b/${bucket}/o`) {
      const name = url.searchParams.get('name') ?? '';
      if (objects.has(name)) return answer(url.searchParams.get('ifGenerationMatch') === '0' ? 412 : 403, {});
      objects.set(name, content);
      return answer(200, { name, bucket, md5Hash: createHash('md5').update(content).digest('base64') });
    }
    const found = objects.get(decodeURIComponent(url.pathname.slice(`/storage/v1/b/${bucket}/o/`.length)));
    if (request.method === 'GET' && found !== undefined) return answer(200, found);
    return answer(404, { error: { code: 404 } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    objects,
    failures,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
