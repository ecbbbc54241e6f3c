import type { ServerChannel, TcpipRequestInfo } from 'ssh2';
import { asProblem } from '../model/problem.ts';
import { createOutlet } from './outlet.ts';
import { relayBytes } from './relay.ts';
import type { ChannelDeps } from './session.ts';

/**
 * A connection from the target to another place (`direct-tcpip`, RFC 4254, 7.2): one call, and open once that was decided. SSH has no
 * words for why one is not opened that `ssh2` would send; the trail has.
 */
export async function serveForward(
  { accept, reject, to }: { accept: () => ServerChannel; reject: () => void; to: TcpipRequestInfo },
  { ask, link, over, onFault }: Pick<ChannelDeps, 'ask' | 'link' | 'over' | 'onFault'>,
): Promise<void> {
  const left = new AbortController();
  const gone = AbortSignal.any([link.closed, left.signal]);
  const signal = AbortSignal.any([gone, over]);
  try {
    const request = { forward: { host: to.destIP, port: to.destPort }, attached: true };
    const answer = await ask(request, { protocol: '', signal, onWaiting: () => undefined });
    if (signal.aborted) return await answer.cancel();
    const channel = accept();
    channel.on('error', () => left.abort());
    // It is ended by nobody but `ssh2`, when the caller has closed the channel: also while nothing is read of it.
    channel.stderr.once('finish', () => left.abort());
    if (!link.opened(channel)) return await answer.cancel();
    const outlet = createOutlet(channel, link, gone);
    await relayBytes(answer, { channel, outlet, gone: signal }).finally(() => outlet.end());
  } catch (thrown) {
    const problem = asProblem(thrown);
    if (problem.code === 'internal') onFault(problem.cause);
    if (!link.closed.aborted) reject();
  }
}
