import type { Limits } from '../../../model/connection.ts';
import type { Duplex } from '../../../model/result.ts';
import type { OpenTranscript } from '../../../model/transcript.ts';
import type { WebSocketChannel } from '../../../proxy/proxy.ts';
import { unreadable } from '../refusal.ts';
import { openPortForward } from './port-forward.ts';
import { openRemoteCommand } from './remote-command.ts';

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
  terminal: boolean;
  /** What runs, as it may be recorded. */
  command?: string;
};

/** What a session runs with. */
export type Way = {
  /** A WebSocket to the path of the plan, with the credential and what else the API server must be told. */
  dial(protocols: readonly string[]): Promise<WebSocketChannel>;
  transcript: OpenTranscript;
  signal: AbortSignal;
  limits: Limits;
  /** Classes that stay in the clear for this identity. */
  unmask: readonly string[];
};

const withKubectl =
  'kubectl speaks it from 1.31 on by itself, and 1.29 and 1.30 with KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true (for port-forward: 1.31 on, 1.30 with KUBECTL_PORT_FORWARD_WEBSOCKETS=true).';

/** Opens it. Throws `CredentialRejected`, or a Problem, before anything ran. */
export async function openSession(plan: SessionPlan, way: Way): Promise<Duplex> {
  if (plan.to !== 'websocket') throw unreadable('upgrade', `Ask for an upgrade to a WebSocket: ${withKubectl}`);
  return plan.kind === 'portforward' ? openPortForward(plan, way) : openRemoteCommand(plan, way);
}
