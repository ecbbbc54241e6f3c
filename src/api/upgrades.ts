import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { DuplexAnswer } from '../gateway.ts';
import type { Call } from '../model/call.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { refuseTokenInUrl } from './agent-context.ts';
import { bareCall, type ProxiedDeps, pending, readCall, readContext, renderIn } from './proxied.ts';
import { readHeaders, readTarget, refuseBody } from './raw-request.ts';
import { renderProblem } from './reply.ts';

/** A caller's connection once its handshake is answered. */
type Channel = {
  messages: AsyncIterable<Uint8Array>;
  send(message: Uint8Array): Promise<void>;
  close(code?: number): void;
};

/** What an upgrade is answered on, until it is something else. */
export type UpgradeSocket = {
  once(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: () => void): unknown;
  end(text: string): unknown;
  destroy(): unknown;
};

type Upgrade<S extends UpgradeSocket> = { request: IncomingMessage; socket: S; head: Buffer };

/** What the connection becomes: a WebSocket, where nothing else is said. */
export type Agreed = Pick<DuplexAnswer, 'protocol' | 'upgrade'>;

/** Seconds for which a handshake is held while a human decides: clients that stay connected do not try again by themselves. */
const HELD_SECONDS = 240;

/** Requests to stay connected: what runs in a container, tunnels. They go through the same flow, and their answer is a connection. */
export function createUpgrades<S extends UpgradeSocket>(
  deps: ProxiedDeps & { accept: (upgrade: Upgrade<S>, agreed: Agreed) => Promise<Channel> },
) {
  const { gateway, lookups, consoleUrl, onFault, accept } = deps;

  async function serve(upgrade: Upgrade<S>): Promise<void> {
    const { request, socket } = upgrade;
    const target = readTarget(request);
    const gone = new AbortController();
    socket.on('error', () => gone.abort());
    socket.once('close', () => gone.abort());
    try {
      const answer = await open(request, gone.signal);
      await relay(answer, await accept(upgrade, answer).catch((thrown) => leave(answer, thrown)));
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === 'internal') onFault(problem.cause, undefined);
      await refuse(socket, renderIn(target, problem));
    }
  }

  async function open(request: IncomingMessage, signal: AbortSignal): Promise<DuplexAnswer> {
    const target = readTarget(request);
    const call = await readCall(request, target, signal).catch((thrown) =>
      lookups.refuse(bareCall(request, target, signal), asProblem(thrown)),
    );
    const upgrade = { to: (request.headers.upgrade ?? '').toLowerCase(), protocols: protocolsOf(request) };
    const reply = await gateway.handle({
      ...call,
      request: { ...(call.request as object), upgrade },
      wait: HELD_SECONDS,
    });
    if (reply.state === 'waiting') throw pending(reply, consoleUrl);
    if (reply.state !== 'done' || reply.answer.form === 'rows') throw new Problem('internal');
    if (reply.answer.form === 'duplex') return reply.answer;
    await reply.answer.cancel();
    throw new Problem('bad-request', { detail: 'This is answered without an upgrade.', operation: reply.operation });
  }

  return {
    accepts: (request: IncomingMessage) => readTarget(request) !== undefined,
    /** Never rejects: what goes wrong is told to the caller, or to the log. */
    take(upgrade: Upgrade<S>) {
      serve(upgrade).catch((error) => {
        onFault(error, undefined);
        upgrade.socket.destroy();
      });
    },
  };
}

/** Both ways until one side ends. What is recorded last leaves last. */
async function relay(answer: DuplexAnswer, client: Channel): Promise<void> {
  const sending = (async () => {
    for await (const message of client.messages) await answer.send(message);
    await answer.cancel();
  })();
  sending.catch(() => answer.cancel()).catch(() => undefined);
  try {
    for await (const message of answer.messages) await client.send(message);
    client.close();
  } catch {
    // Told in the trail; a connection has no place for a problem but its end.
    client.close(1011);
  }
}

/** What a request to upgrade says of its caller, for adaptors of protocols that are no target's own. `problem`: it is no request that can be read. */
export function readUpgrade(
  request: IncomingMessage,
  signal: AbortSignal,
): { call: Call; protocols: readonly string[]; problem?: Problem } {
  const bare = bareCall(request, undefined, signal);
  try {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://gateway');
    refuseTokenInUrl(new URL(request.url ?? '', 'http://gateway'));
    if (searchParams.size > 0) throw new Problem('bad-request', { detail: `Nothing may stand behind ${pathname}.` });
    const headers = readHeaders(request);
    refuseBody(headers);
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      throw new Problem('bad-request', { detail: 'This becomes a WebSocket, and nothing else.' });
    }
    return { call: { ...bare, ...readContext(new Headers([...headers])) }, protocols: protocolsOf(request) };
  } catch (thrown) {
    return { call: bare, protocols: [], problem: asProblem(thrown) };
  }
}

/** A problem in the place of a handshake's answer. */
export const refuseUpgrade = (socket: UpgradeSocket, problem: Problem) => refuse(socket, renderProblem(problem));

async function leave(answer: DuplexAnswer, thrown: unknown): Promise<never> {
  await answer.cancel();
  throw thrown;
}

function protocolsOf({ headers }: IncomingMessage): string[] {
  const given = headers['sec-websocket-protocol'] ?? '';
  return given
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** A response on a connection that was to become another. */
async function refuse(socket: UpgradeSocket, response: Response): Promise<void> {
  const body = await response.text();
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const head = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}`,
    ...headers,
    length,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
