import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { acceptWebSocket, type WebSocketChannel } from '../../src/platform/web-socket.ts';
import type { Cluster } from './cluster.ts';
import { runOf, runOn } from './exec.ts';
import { type Pods, podOf } from './pods.ts';
import { forward, portsOf } from './port-forward.ts';
import { admit } from './server.ts';
import { FRAMED, forwardFramed, TUNNEL } from './spdy-forward.ts';
import { badRequest, noSuchPath, Refused } from './status.ts';

type Handle = (channel: WebSocketChannel) => Promise<void>;

/** Takes WebSockets on exec, attach and portforward; anything else is refused with a `Status` before the handshake. */
export function createUpgrades(cluster: Cluster, pods: Pods) {
  const open = new Set<WebSocketChannel>();

  async function answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A caller may go away at any moment.
    socket.on('error', () => {});
    let accepted: WebSocketChannel | undefined;
    try {
      if (isFramed(request)) return await framed(request, socket, head);
      const { protocol, handle } = judge(request);
      accepted = await acceptWebSocket({ request, socket, head }, protocol);
      open.add(accepted);
      await handle(accepted);
    } catch (error) {
      if (accepted === undefined) refuse(socket, error);
    } finally {
      if (accepted !== undefined) open.delete(accepted);
      accepted?.close();
    }
  }

  /** Port-forward over SPDY itself, as kubectl before 1.31 and gateways ask for it. */
  async function framed(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { info } = admit(cluster, request);
    if (info.group !== '' || info.resource !== 'pods' || info.subresource !== 'portforward') throw noSuchPath();
    podOf(cluster, info.namespace, info.name);
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
    socket.write(`${[...lines, `X-Stream-Protocol-Version: ${FRAMED}`].join('\r\n')}\r\n\r\n`);
    if (head.byteLength > 0) socket.unshift(head);
    const send = (bytes: Uint8Array) =>
      new Promise<void>((resolve) => (socket.writable ? socket.write(bytes, () => resolve()) : resolve()));
    await forwardFramed(socket, send);
    socket.end();
  }

  function judge(request: IncomingMessage): { protocol: string; handle: Handle } {
    const { info, query } = admit(cluster, request);
    const { resource, subresource, namespace, name, group } = info;
    if (group !== '' || resource !== 'pods') throw noSuchPath();
    const pod = podOf(cluster, namespace, name);
    switch (subresource) {
      case 'exec':
      case 'attach': {
        const run = runOf(subresource, pod, query, pods);
        return { protocol: protocolOf(request, session), handle: (channel) => runOn(channel, run) };
      }
      case 'portforward': {
        const protocol = protocolOf(request, tunnel);
        const handle: Handle =
          protocol === TUNNEL
            ? (channel) => forwardFramed(channel.messages, channel.send)
            : (channel) => forward(channel, portsOf(query));
        return { protocol, handle };
      }
      default:
        throw noSuchPath();
    }
  }

  return {
    answer: (request: IncomingMessage, socket: Duplex, head: Buffer) => void answer(request, socket, head),
    close() {
      for (const channel of open) channel.close();
    },
  };
}

const session = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const tunnel = [TUNNEL, 'v4.channel.k8s.io', FRAMED];

function isFramed({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'spdy/3.1' && headers['x-stream-protocol-version'] === FRAMED;
}

/** The first of the caller's that is spoken here. Throws a 400 for SPDY, which is not. */
function protocolOf({ headers }: IncomingMessage, spoken: readonly string[]): string {
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    throw badRequest(`unable to upgrade: this server speaks WebSocket alone, not ${headers.upgrade}`);
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const found = offered.find((one) => spoken.includes(one));
  if (found !== undefined) return found;
  throw badRequest(
    `unable to upgrade: none of the protocols ${offered.join(', ')} is spoken here: ${spoken.join(', ')}`,
  );
}

function refuse(socket: Duplex, error: unknown) {
  const { code, status } = error instanceof Refused ? error : new Refused(500, 'InternalError', String(error));
  const body = `${JSON.stringify(status)}\n`;
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
