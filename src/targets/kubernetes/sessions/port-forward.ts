import type { Duplex } from '../../../model/result.ts';
import { relayed } from '../../../platform/relayed.ts';
import type { ByteChannel, WebSocketChannel } from '../../../proxy/proxy.ts';
import { unreadable } from '../refusal.ts';
import { V4 } from './channels.ts';
import { refusalOf } from './refused.ts';
import { handshake, type SessionPlan, SPDY, type Way } from './sessions.ts';

/** kubectl's own framing, and the same sent through a WebSocket. */
const FRAMED = 'portforward.k8s.io';
const TUNNEL = `SPDY/3.1+${FRAMED}`;

/**
 * A connection to ports of a Pod. What goes through it is counted and passed on as it is: it is neither read, nor masked, nor recorded,
 * and the operation says so.
 */
export async function openPortForward(plan: SessionPlan, way: Way): Promise<Duplex> {
  const { protocol, isFramed } = agreeOn(plan);
  const opening: Promise<ByteChannel | WebSocketChannel> = isFramed ? way.spdy(FRAMED) : way.webSocket([V4]);
  const upstream = await opening.catch((thrown) => {
    throw refusalOf(thrown);
  });
  return relayed(upstream, way, { protocol, ...(plan.to === SPDY && { upgrade: handshake(protocol) }) });
}

/** Old and new kubectl say the same, in two wrappings; client libraries speak of channels. */
function agreeOn({ to, protocols }: SessionPlan): { protocol: string; isFramed: boolean } {
  if (to === SPDY && protocols.includes(FRAMED)) return { protocol: FRAMED, isFramed: true };
  if (to !== SPDY && protocols.includes(TUNNEL)) return { protocol: TUNNEL, isFramed: true };
  if (to !== SPDY && protocols.includes(V4)) return { protocol: V4, isFramed: false };
  throw unreadable('upgrade', `Offer the WebSocket subprotocol ${TUNNEL} or ${V4}, or ${FRAMED} over SPDY/3.1.`);
}
