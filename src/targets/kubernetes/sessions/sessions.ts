import type { Limits } from '../../../model/connection.ts';
import type { Duplex } from '../../../model/result.ts';
import type { OpenTranscript } from '../../../model/transcript.ts';
import type { ByteChannel, WebSocketChannel } from '../../../proxy/proxy.ts';
import { unreadable } from '../refusal.ts';
import { openPortForward } from './port-forward.ts';
import { openRemoteCommand } from './remote-command.ts';
import { openOverSpdy } from './spdy/served.ts';

export { understandSession } from './understand-session.ts';

const kinds = ['exec', 'attach', 'portforward'] as const;
export type SessionKind = (typeof kinds)[number];

/** Of the subresources of Pods. */
export const isSession = (asked: string): asked is SessionKind => kinds.some((kind) => kind === asked);

/** A connection into a Pod, as it was understood. */
export type SessionPlan = {
  kind: SessionKind;
  /** The protocol asked for, in lower case, and the subprotocols that the caller offers. */
  to: string;
  protocols: readonly string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  terminal: boolean;
  /** What runs, as it may be recorded. */
  command?: string;
};

/** What a session runs with. */
export type Way = {
  /** Both to the path of the plan, with the credential and what else the API server must be told. */
  webSocket(protocols: readonly string[]): Promise<WebSocketChannel>;
  spdy(version: string): Promise<ByteChannel>;
  transcript: OpenTranscript;
  signal: AbortSignal;
  limits: Limits;
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
};

/** What Kubernetes spoke before it knew WebSockets, and kubectl up to 1.30 still does. */
export const SPDY = 'spdy/3.1';

/** How a caller that speaks it is told of the version that was agreed on. */
export const handshake = (version: string) => ({
  to: 'SPDY/3.1',
  headers: [['X-Stream-Protocol-Version', version]] as const,
});

/** Opens it. Throws `CredentialRejected`, or a Problem, before anything ran. */
export async function openSession(plan: SessionPlan, way: Way): Promise<Duplex> {
  if (plan.to !== 'websocket' && plan.to !== SPDY)
    throw unreadable('upgrade', 'Ask for an upgrade to a WebSocket, or to SPDY/3.1.');
  if (plan.kind === 'portforward') return openPortForward(plan, way);
  return plan.to === SPDY ? openOverSpdy(plan, way) : openRemoteCommand(plan, way);
}
