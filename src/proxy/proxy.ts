import type { ByteChannel } from '../platform/byte-channel.ts';
import type { WebSocketChannel } from '../platform/web-socket.ts';
import { type DialRequest, dial } from './dial.ts';
import type { Headers } from './headers.ts';
import { createPools } from './pools.ts';
import { request, type UpstreamAnswer, type UpstreamRequest } from './request.ts';
import { type UpgradeRequest, upgrade } from './upgrade.ts';

export { endOf } from '../platform/ended.ts';
export { networkSchema } from '../platform/vetting.ts';
export { Refused } from './dial.ts';
export { type Headers, pick } from './headers.ts';
export type { UpstreamAnswer } from './request.ts';
export type { ByteChannel, WebSocketChannel };

/** Where a target is reached over HTTP/1.1, and who it must be. */
export type Place = {
  /** Scheme, host and port; its path is not looked at. */
  origin: URL;
  /** PEM of the authorities that may vouch for it; the system's where unset. */
  ca?: string | undefined;
  /** The name in its certificate, where that is not the origin's host. */
  serverName?: string | undefined;
  /** What the gateway proves itself with, where the target asks for a certificate (PEM). */
  client?: { certificate: string; key: string } | undefined;
  /** Private ranges (CIDR) that its name may lead to. */
  networks: readonly string[];
};

/**
 * The way to targets that speak HTTP. A name is resolved once for each connection, and the address that was vetted is the one that is
 * connected to. Nothing is added to a request, followed or repeated.
 */
export type Proxy = {
  /** One request, sent as it is; a redirect is an answer like any other. Throws a `Problem`. */
  request(place: Place, request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** A WebSocket with one of these subprotocols. Throws `Refused` where the target answers otherwise, else a `Problem`. */
  dial(place: Place, request: DialRequest): Promise<WebSocketChannel>;
  /** A connection that becomes something else than a WebSocket. Throws as `dial`. */
  upgrade(place: Place, request: UpgradeRequest): Promise<{ headers: Headers; channel: ByteChannel }>;
  close(): Promise<void>;
};

/** `allowLoopback`: on a laptop, where targets are on the machine itself and may speak plain http. */
export function createProxy({ allowLoopback }: { allowLoopback: boolean }): Proxy {
  const pools = createPools({ allowLoopback });
  return {
    request: (place, given) => request(pools.of(place), given),
    dial: (place, given) => dial(place, given, { allowLoopback }),
    upgrade: (place, given) => upgrade(place, given, { allowLoopback }),
    close: pools.close,
  };
}
