import type { Limits } from '../model/documents.ts';
import { Problem } from '../model/problem.ts';
import type { Duplex, Message } from '../model/result.ts';
import type { ByteChannel } from './byte-channel.ts';
import { endOf } from './ended.ts';
import { leftBy } from './left-by.ts';

/** A connection whose bytes are counted and passed on as they are, both ways: neither read, nor masked, nor recorded. */
export function relayed(
  upstream: Pick<ByteChannel, 'messages' | 'send' | 'close'>,
  { signal, limits }: { signal: AbortSignal; limits: Limits },
  agreed: Pick<Duplex, 'protocol' | 'upgrade'>,
): Duplex {
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
    ...agreed,
    messages: leftBy(said, () => upstream.close()),
    async send(message) {
      if (problem === undefined && pass(message)) await upstream.send(message);
    },
    summary: () => ({ truncated }),
  };
}
