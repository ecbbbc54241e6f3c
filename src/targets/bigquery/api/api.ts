import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { asProblem, Problem } from '../../../model/problem.ts';
import { CredentialRejected } from '../../../model/secret.ts';
import { endOf, type Proxy as HttpProxy, type UpstreamAnswer } from '../../../proxy/proxy.ts';
import type { Access } from '../../target.ts';
import { tokenOf } from '../credential.ts';
import type { Settings } from '../settings.ts';
import { failureIn, isPassing, problemOf } from './failure.ts';
import { withheld } from './refused.ts';

type Asked = {
  method: 'GET' | 'POST';
  /** Segments below `/bigquery/v2`. */
  path: readonly string[];
  query?: Readonly<Record<string, string | undefined>>;
  body?: object;
  /** Asking twice is as good as once: it is asked again where BigQuery failed for a moment. A GET always is. */
  repeatable?: boolean;
  /** What the caller wrote, where it is only read and not run: failures may point into it. */
  statement?: string;
};

/** BigQuery's REST API v2, for one access. What it answers is checked; failures are told in our words. */
export type Api = { ask<T>(asked: Asked, schema: z.ZodType<T>): Promise<T> };

/** Bytes of an answer: BigQuery itself keeps pages below 20 MB. */
const MOST = 64 * 1024 * 1024;
const TRIES = 4;
const PAUSE = 150;

export function apiFor(access: Pick<Access<Settings>, 'settings' | 'secret' | 'signal'>, proxy: HttpProxy): Api {
  const { settings, secret, signal } = access;

  async function once({ method, path, query = {}, body, statement }: Asked): Promise<unknown> {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as [string, string]],
    );
    const search = pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
    const answer = await proxy.request(
      { origin: settings.endpoint, networks: settings.networks },
      {
        method,
        path: `/bigquery/v2/${path.map(encodeURIComponent).join('/')}${search}`,
        headers: [
          ['authorization', `Bearer ${tokenOf(secret)}`],
          ['accept', 'application/json'],
          ['accept-encoding', 'identity'],
          ['user-agent', 'sallyport'],
          ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
        ],
        body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
        signal,
      },
    );
    if (answer.status === 401) {
      await leave(answer);
      throw new CredentialRejected();
    }
    const read = parsed(await readWhole(answer));
    if (answer.status >= 200 && answer.status < 300) return read;
    throw problemOf(failureIn(answer.status, read), statement);
  }

  async function ask<T>(asked: Asked, schema: z.ZodType<T>): Promise<T> {
    const tries = asked.method === 'GET' || asked.repeatable === true ? TRIES : 1;
    const answer = schema.safeParse(await persistently(() => once(asked), tries, signal));
    if (answer.success) return answer.data;
    throw withheld('answer', 'BigQuery answered something that cannot be read.');
  }

  return { ask };
}

/** What fails for a moment is asked again, a little later each time. */
async function persistently<T>(work: () => Promise<T>, tries: number, signal: AbortSignal): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await work();
    } catch (thrown) {
      if (left === 0 || thrown instanceof CredentialRejected || !isTransient(asProblem(thrown))) throw thrown;
      await sleep(PAUSE * 2 ** (tries - left), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw endOf(signal);
    }
  }
}

const isTransient = (problem: Problem) =>
  isPassing(problem) || (problem.code === 'target-unavailable' && !/CERT|address/.test(problem.reason ?? ''));

async function leave({ body }: UpstreamAnswer): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

async function readWhole({ body }: UpstreamAnswer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MOST) throw new Problem('too-large', { detail: 'BigQuery answered more than can be held.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function parsed(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
