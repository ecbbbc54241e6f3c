import { setTimeout as pause } from 'node:timers/promises';
import { sha256 } from '../model/canonical.ts';
import { asProblem } from '../model/problem.ts';
import type { BigQueryClient, QueryParameters } from '../platform/bigquery.ts';
import { type BundleFile, bytesOf, fileOf } from './bundle/file.ts';
import { type Asked, type BundleKeys, type Prepared, type Progress, prepare } from './bundle/prepare.ts';
import { comment, endOfArchive, fileHeader, padding } from './bundle/tar.ts';
import { type Manifest, signedText } from './manifest.ts';
import { type Datasets, qualify } from './qualify.ts';

type BundleDeps = {
  bigquery: Pick<BigQueryClient, 'query' | 'open' | 'projectId'>;
  datasets: Datasets;
  /** With the key that signs approvals. */
  signer: { keyVersion: string; sign(text: string): Promise<string> };
  keys: () => Promise<BundleKeys>;
  now: () => Date;
};

type BundleRequest = Asked & {
  /** Told of the bundle before any evidence leaves; if this fails, none does. */
  onReady: (made: { manifest: Manifest; sha256: string }) => Promise<void>;
};

export type Bundles = {
  /**
   * The bundle as a tape archive, piece by piece, in flat memory: first only remarks that tell how far it is, then the files, the
   * manifest and its signature last, so that what broke off has none. Throws where it cannot be made as it should be.
   */
  export(request: BundleRequest): AsyncGenerator<Uint8Array>;
};

/** Milliseconds between two remarks: whoever waits sees that it goes on, and no proxy takes the connection for dead. */
const TELL = 1000;

/** Milliseconds that a remark has to arrive before the connection is cut behind it. */
const ARRIVE = 250;

export function createBundles({ bigquery, datasets, signer, keys, now }: BundleDeps): Bundles {
  const named = (sql: string) => qualify(sql, bigquery.projectId, datasets);
  const query = (sql: string, parameters: QueryParameters) => bigquery.query(named(sql), parameters);
  const open = (sql: string, parameters: QueryParameters) => bigquery.open(named(sql), parameters);

  async function* prepared(request: BundleRequest): AsyncGenerator<Uint8Array, Prepared> {
    const stopping = new AbortController();
    let progress: Progress = { step: 'looking for checkpoints', done: 0, total: 1 };
    const work = keys().then((pems) =>
      prepare(
        request,
        { project: bigquery.projectId, query, open, keys: pems, now },
        { onProgress: (now) => (progress = now), signal: stopping.signal },
      ),
    );
    try {
      for (;;) {
        yield remark(progress);
        const ready = await Promise.race([work, pause(TELL, undefined, { signal: stopping.signal })]);
        if (ready !== undefined) return ready;
      }
    } finally {
      stopping.abort();
      work.catch(() => undefined);
    }
  }

  async function* ready(request: BundleRequest): AsyncGenerator<Uint8Array, BundleFile[]> {
    try {
      const { files, manifest } = yield* prepared(request);
      const text = `${JSON.stringify(manifest, null, 1)}\n`;
      const signed = signedText(text, now().toISOString());
      const signature = { signed, signature: await signer.sign(signed), key: signer.keyVersion };
      await request.onReady({ manifest, sha256: sha256(text) });
      const seal = fileOf('manifest.sig', `${JSON.stringify(signature, null, 1)}\n`);
      return [...files, fileOf('manifest.json', text), seal];
    } catch (error) {
      yield remark({ failed: asProblem(error).message });
      await pause(ARRIVE);
      throw error;
    }
  }

  return {
    async *export(request) {
      const all = yield* ready(request);
      yield remark({ step: 'writing', done: 0, total: all.reduce((sum, { bytes }) => sum + bytes, 0) });
      for (const file of all) {
        yield fileHeader(file.path, file.bytes);
        yield* bytesOf(file);
        yield padding(file.bytes);
      }
      yield endOfArchive;
    },
  };
}

const remark = (progress: Progress | { failed: string }) => comment(`sallyport ${JSON.stringify(progress)}`);
