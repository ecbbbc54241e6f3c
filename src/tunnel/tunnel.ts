import type { IncomingMessage } from 'node:http';
import type { Lookups, Transport, UpgradeSocket } from '../api/api.ts';
import type { Gateway } from '../gateway.ts';
import type { Call } from '../model/call.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { createAsk } from './ask.ts';
import { createHostKey, type HostKey } from './host-key.ts';
import type { Messages } from './socket.ts';
import type { Patience, serveSsh as ServeSsh } from './ssh-end.ts';

export { createHostKey };

/** The subprotocol: SSH's own bytes, in binary messages that mean nothing by where they end. */
const PROTOCOL = 'ssh.sallyport';

/** Milliseconds between two looks at whether whoever opened a tunnel may still be there. */
const RECHECK = 60_000;
/** The longest that a timer can be set to. */
const MOST_TIMER = 2 ** 31 - 1;

const shape = /^\/v1\/connections\/([a-z0-9][a-z0-9_.-]{0,62})\/tunnel(?:\?.*)?$/;

type Upgrade<S extends UpgradeSocket> = { request: IncomingMessage; socket: S; head: Buffer };

export type TunnelDeps<S extends UpgradeSocket> = {
  gateway: Gateway;
  lookups: Lookups;
  transport: Pick<Transport, 'readUpgrade' | 'refuseUpgrade' | 'approvalUrl'>;
  accept: (upgrade: Upgrade<S>, protocol: string) => Promise<Messages>;
  hostKey: HostKey;
  consoleUrl: string;
  clock: { now(): Date };
  ids: (prefix: string) => string;
  onFault: (error: unknown, trace: string | undefined) => void;
  patience?: Patience;
};

/**
 * SSH for clients that know nothing of the gateway, over a WebSocket (`GET /v1/connections/{connection}/tunnel`). Who opens one is known
 * by a token before the handshake is answered; what is then asked for in it are calls like all others.
 */
export function createTunnels<S extends UpgradeSocket>(deps: TunnelDeps<S>) {
  const { lookups, transport, accept, clock, onFault } = deps;

  async function serve(upgrade: Upgrade<S>): Promise<void> {
    const { request, socket } = upgrade;
    const gone = new AbortController();
    socket.on('error', () => gone.abort());
    socket.once('close', () => gone.abort());
    try {
      const call = await read(request, gone.signal);
      const { found: place } = await lookups.hold(call);
      try {
        // With the first tunnel, as it is large; before the handshake is answered, as what the client then says must find a reader.
        const { serveSsh } = await import('./ssh-end.ts');
        await serveOne(serveSsh, call, place.until, await accept(upgrade, PROTOCOL));
      } finally {
        place.leave();
      }
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === 'internal') onFault(problem.cause, undefined);
      await transport.refuseUpgrade(socket, problem);
    }
  }

  /** All calls of a tunnel are of one session. */
  async function read(request: IncomingMessage, signal: AbortSignal): Promise<Call> {
    const [, connection = ''] = shape.exec(request.url ?? '') ?? [];
    const { call, problem, protocols } = transport.readUpgrade(request, signal);
    const tunnel: Call = { ...call, connection, kind: 'ssh' };
    if (problem !== undefined) return lookups.refuse(tunnel, problem);
    if (!protocols.includes(PROTOCOL)) {
      const detail = `A tunnel is asked for with an upgrade to a WebSocket, and the subprotocol ${PROTOCOL}.`;
      return lookups.refuse(tunnel, new Problem('bad-request', { detail }));
    }
    const isGrouped = call.session !== undefined || call.agent.conversation !== undefined;
    return isGrouped ? tunnel : { ...tunnel, session: deps.ids('tun') };
  }

  async function serveOne(serveSsh: typeof ServeSsh, call: Call, until: Date, messages: Messages): Promise<void> {
    const over = new AbortController();
    const stop = watch(call, until, (problem) => over.abort(problem));
    try {
      await serveSsh(messages, {
        over: over.signal,
        hostKey: deps.hostKey,
        ask: createAsk(deps.gateway, call),
        approvalUrl: ({ id }) => transport.approvalUrl(deps.consoleUrl, id),
        refuse: (problem) => lookups.refuse(call, problem),
        onFault: (error) => onFault(error, call.trace?.traceId),
        ...(deps.patience !== undefined && { patience: deps.patience }),
      });
    } finally {
      stop();
    }
  }

  /** A tunnel ends with its token, and when its caller may not reach the connection any more. */
  function watch(call: Call, until: Date, end: (problem: Problem) => void): () => void {
    const over = () =>
      end(new Problem('unauthenticated', { detail: 'The token of this tunnel has ended; open another.' }));
    const atEnd = setTimeout(over, Math.min(Math.max(0, until.getTime() - clock.now().getTime()), MOST_TIMER));
    const look = async () => {
      try {
        await lookups.connection(call);
      } catch (thrown) {
        const problem = asProblem(thrown);
        if (problem.code !== 'rate-limited') end(problem);
      }
    };
    const timer = setInterval(() => void look(), RECHECK);
    return () => {
      clearTimeout(atEnd);
      clearInterval(timer);
    };
  }

  return {
    accepts: ({ url = '' }: IncomingMessage) => shape.test(url),
    /** Never rejects: what goes wrong is told to the caller, or to the log. */
    take(upgrade: Upgrade<S>) {
      serve(upgrade).catch((error) => {
        onFault(error, undefined);
        upgrade.socket.destroy();
      });
    },
  };
}
