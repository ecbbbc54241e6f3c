import { setImmediate as comeIn } from 'node:timers/promises';
import type { Dispatcher, Pool } from 'undici';
import { endOf } from '../platform/ended.ts';
import { type Headers, pairsOf } from './headers.ts';
import { problemOf } from './problems.ts';

export type UpstreamRequest = {
  method: string;
  /** In origin form; sent byte for byte. */
  path: string;
  /** Exactly these are sent, with what HTTP/1.1 itself needs. */
  headers: Headers;
  body: Uint8Array;
  signal: AbortSignal;
};

export type UpstreamAnswer = {
  status: number;
  headers: Headers;
  /** To be read to its end or left: it holds a connection until then. Throws a `Problem`, also when it breaks off. */
  body: AsyncIterable<Uint8Array>;
};

/** One request and its answer. Throws a `Problem`. */
export async function request(
  pool: Pool,
  { method, path, headers, body, signal }: UpstreamRequest,
): Promise<UpstreamAnswer> {
  if (signal.aborted) throw endOf(signal);
  try {
    const answer = await pool.request({
      path,
      method: method as Dispatcher.HttpMethod,
      headers: headers.flat(),
      body: body.byteLength > 0 ? body : null,
      signal,
    });
    return { status: answer.statusCode, headers: pairsOf(answer.headers), body: bodyOf(answer.body, signal) };
  } catch (thrown) {
    throw problemOf(thrown, signal);
  }
}

/** Bytes from which more are likely to be there already: those of a record of TLS, with which a large answer comes. */
const plenty = 12 * 1024;

/** In pieces of what has come: where that is plenty, what else has come with it is waited for. */
function bodyOf(body: Dispatcher.ResponseData['body'], signal: AbortSignal): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const source = body[Symbol.asyncIterator]();
      let came = 0;
      return {
        async next() {
          try {
            if (came >= plenty) await comeIn();
            const step = await source.next();
            came = step.done === true ? 0 : step.value.byteLength;
            return step;
          } catch (thrown) {
            throw problemOf(thrown, signal);
          }
        },
        async return() {
          // Not read to its end: the connection cannot be used for another request.
          body.on('error', () => undefined).destroy();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
