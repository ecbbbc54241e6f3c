import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { type ByteChannel, byteChannel } from '../platform/byte-channel.ts';
import { endOf } from '../platform/ended.ts';
import { createLookup } from '../platform/lookup.ts';
import { grouped, Refused, refusalOf } from './dial.ts';
import { type Headers, pairsOf } from './headers.ts';
import { tlsOf, vetPlace } from './pools.ts';
import { problemOf } from './problems.ts';
import type { Place } from './proxy.ts';

export type UpgradeRequest = {
  method: string;
  /** In origin form; sent as it is. */
  path: string;
  headers: Headers;
  /** The protocol that the connection is to become. */
  to: string;
  signal: AbortSignal;
};

const HANDSHAKE = 15_000;

/**
 * A connection to a target that leaves HTTP for something else than a WebSocket. Throws `Refused` where the target answers otherwise, or
 * becomes something else, and a `Problem` where it does not answer.
 */
export function upgrade(
  place: Place,
  { method, path, headers, to, signal }: UpgradeRequest,
  options: { allowLoopback: boolean },
): Promise<{ headers: Headers; channel: ByteChannel }> {
  vetPlace(place, options);
  if (signal.aborted) return Promise.reject(endOf(signal));
  const { protocol, hostname, port, host } = place.origin;
  const send = protocol === 'https:' ? secure : plain;
  return new Promise((resolve, reject) => {
    const outgoing = send({
      ...tlsOf(place),
      host: hostname.replace(/^\[|\]$/g, ''),
      ...(port !== '' && { port }),
      method,
      path,
      headers: { host, ...grouped(headers), connection: 'Upgrade', upgrade: to, 'content-length': '0' },
      agent: false,
      lookup: createLookup({ networks: place.networks, ...options }),
      timeout: HANDSHAKE,
    });
    const fail = (thrown: unknown) => {
      reject(thrown instanceof Refused ? thrown : problemOf(thrown, signal));
      outgoing.destroy();
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', abort));
    outgoing.on('error', fail);
    outgoing.once('timeout', () => fail(Object.assign(new Error('No answer.'), { code: 'target-slow' })));
    outgoing.once('response', (answer: IncomingMessage) => refusalOf(answer).then(fail, fail));
    outgoing.once('upgrade', (answer: IncomingMessage, socket, head) => {
      socket.setTimeout(0);
      if (answer.headers.upgrade?.toLowerCase() !== to.toLowerCase())
        return fail(new Error('It became something else.'));
      resolve({ headers: pairsOf(answer.headers), channel: byteChannel(socket, head, to) });
    });
    outgoing.end();
  });
}
