import type { Catalog } from './catalog.ts';
import type { Engine } from './engine.ts';
import type { RecentInserts } from './insert-all.ts';
import type { Jobs } from './jobs.ts';

/** What every route works with. */
export interface Service {
  engine: Engine;
  catalog: Catalog;
  jobs: Jobs;
  recentInserts: RecentInserts;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** The bytes of queries are counted, not estimated. */
  measured: boolean;
  /** The server's own address, `http://127.0.0.1:PORT`. */
  url: string;
}

/** One request, its path's variables decoded. */
export interface ApiRequest {
  path: Readonly<Record<string, string>>;
  query: URLSearchParams;
  body: unknown;
  /** Bytes of the body, unzipped. */
  size: number;
}

/** A route's work; `undefined` answers 204 without a body. */
export type Handler = (service: Service, request: ApiRequest) => Promise<object | undefined>;
