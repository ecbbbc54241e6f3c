import type { AddressInfo } from 'node:net';
import { openCatalog } from './catalog.ts';
import { openEngine } from './engine.ts';
import { createRecentInserts } from './insert-all.ts';
import { createJobs } from './jobs.ts';
import { createApiServer } from './server.ts';
import type { Service } from './service.ts';

interface BigQueryOptions {
  /** 0 for any free port. */
  port?: number;
  /** A DuckDB file that keeps datasets and rows, or `:memory:`. */
  file?: string;
  /** Milliseconds since 1970. */
  clock?: () => number;
  /** Counts the bytes of the texts that a query reads, as the service does, instead of estimating all: it takes a plan more for each query. */
  measured?: boolean;
}

export interface BigQueryEmulator {
  url: string;
  stop(): Promise<void>;
}

/** Serves BigQuery REST v2 on the loopback address, for Google's unmodified clients. One process per file. */
export async function startBigQuery({
  port = 0,
  file = ':memory:',
  clock = Date.now,
  measured = false,
}: BigQueryOptions = {}): Promise<BigQueryEmulator> {
  const engine = await openEngine(file);
  const catalog = await engine.exclusive(openCatalog);
  const service: Service = {
    engine,
    catalog,
    jobs: createJobs(),
    recentInserts: createRecentInserts(),
    clock,
    measured,
    url: '',
  };
  const server = createApiServer(service);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  service.url = `http://127.0.0.1:${portOf(server.address())}`;
  return {
    url: service.url,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}
