import type { ClientChannel } from 'ssh2';
import type { Link } from './connect.ts';
import type { Incoming } from './incoming.ts';
import { sendSignal } from './internals.ts';

/** Milliseconds that a program has after each signal. */
const MILLISECONDS_TO_END = 1500;

/**
 * Ends a program and what it has begun: sshd goes on with it when its channel is closed, but for a terminal's, so it is told by a
 * signal first (RFC 4254, 6.9; OpenSSH since 7.9, and not for a login as root). Then the connection is ended. False where the
 * host has not said by then that the program is gone.
 */
export async function endProgram(link: Link, channel: ClientChannel, incoming: Incoming): Promise<boolean> {
  incoming.discard();
  for (const name of ['TERM', 'KILL'] as const) {
    if (link.gone.aborted) return false;
    sendSignal(link.client, channel, name);
    if (await incoming.closed(MILLISECONDS_TO_END)) return !link.gone.aborted;
  }
  channel.close();
  link.close();
  return false;
}
