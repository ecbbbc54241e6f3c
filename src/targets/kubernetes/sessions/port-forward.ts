import { Problem } from '../../../model/problem.ts';
import type { Duplex, Message } from '../../../model/result.ts';
import { endOf } from '../../../proxy/proxy.ts';
import { unreadable } from '../refusal.ts';
import { V4 } from './channels.ts';
import { refusalOf } from './refused.ts';
import { leftBy } from './remote-command.ts';
import type { SessionPlan, Way } from './sessions.ts';

/** kubectl's own framing, sent through a WebSocket as it is. */
export const TUNNEL = 'SPDY/3.1+portforward.k8s.io';

/**
 * A connection to ports of a Pod. What goes through it is counted and passed on as it is: it is neither read, nor masked, nor recorded,
 * and the operation says so.
 */
export async function openPortForward({ protocols }: SessionPlan, way: Way): Promise<Duplex> {
  const wanted = [TUNNEL, V4].find((known) => protocols.includes(known));
  if (wanted === undefined) throw unreadable('upgrade', `Offer the WebSocket subprotocol ${TUNNEL} or ${V4}.`);
  const upstream = await way.dial([wanted]).catch((thrown) => {
    throw refusalOf(thrown);
  });
  const { signal, limits } = way;
  let size = 0;
  let problem: Problem | undefined;
  let truncated = false;

  function pass(bytes: Uint8Array): boolean {
    size += bytes.byteLength;
    truncated ||= limits.bytes !== undefined && size > limits.bytes;
    if (truncated) upstream.close();
    return !truncated;
  }

  const abort = () => {
    problem = endOf(signal);
    upstream.close();
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();

  async function* said(): AsyncGenerator<Message, undefined> {
    try {
      for await (const bytes of upstream.messages) {
        if (problem !== undefined || !pass(bytes)) break;
        yield { bytes };
      }
    } catch (thrown) {
      problem ??= new Problem('target-unavailable', { reason: 'broken-off', cause: thrown });
    } finally {
      signal.removeEventListener('abort', abort);
    }
    if (problem !== undefined) throw problem;
  }

  return {
    form: 'duplex',
    protocol: wanted,
    messages: leftBy(said, upstream),
    async send(message) {
      if (problem === undefined && pass(message)) await upstream.send(message);
    },
    summary: () => ({ truncated }),
  };
}
