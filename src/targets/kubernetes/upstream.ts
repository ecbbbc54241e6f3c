import { Problem } from '../../model/problem.ts';
import { CredentialRejected } from '../../model/secret.ts';
import type { ByteChannel, Headers, Proxy as Upstream, UpstreamAnswer, WebSocketChannel } from '../../proxy/proxy.ts';
import type { Asking } from '../target.ts';
import { wayTo } from './credential.ts';
import type { Settings } from './settings.ts';

type Sent = { method: string; path: string; accept: string; headers?: Headers; body?: Uint8Array };

/** One request to the API server, as the gateway and, where the connection says so, as the agent. */
export type Send = (sent: Sent, signal?: AbortSignal) => Promise<UpstreamAnswer>;

export type Dial = {
  webSocket(path: string, protocols: readonly string[]): Promise<WebSocketChannel>;
  /** By what Kubernetes spoke before it knew WebSockets. `versions` of what is spoken in it. */
  spdy(path: string, version: string): Promise<ByteChannel>;
};

/**
 * How an API server is asked for somebody. Nothing of the caller's headers is passed on but what the plan holds. Throws `CredentialRejected`
 * where the server does not know the gateway, and refuses redirects, as where they lead was not judged.
 */
export function createSend(proxy: Upstream, access: Asking<Settings>): Send {
  const { settings, secret } = access;
  const way = wayTo(settings, secret);
  return async ({ method, path, accept, headers = [], body = new Uint8Array() }, signal = access.signal) => {
    const answer = await proxy.request(way.place, {
      ...{ method, path, body, signal },
      headers: [...way.headers, ...impersonation(access), ['accept', accept], ['user-agent', agent], ...headers],
    });
    if (answer.status === 401) {
      await leave(answer);
      throw new CredentialRejected();
    }
    if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
      await leave(answer);
      throw new Problem('target-rejected', {
        detail: 'The API server answered with a redirect, which is not followed.',
      });
    }
    return answer;
  };
}

/** A connection to the API server, in the same way. */
export function createDial(proxy: Upstream, access: Asking<Settings>): Dial {
  const { settings, secret, signal } = access;
  const way = wayTo(settings, secret);
  const headers = [...way.headers, ...impersonation(access), ['user-agent', agent] as const];
  return {
    webSocket: (path, protocols) => proxy.dial(way.place, { path, protocols, headers, signal }),
    async spdy(path, version) {
      const asked = [...headers, ['x-stream-protocol-version', version] as const];
      const sent = { method: 'POST', path, headers: asked, to: 'SPDY/3.1', signal };
      const { channel } = await proxy.upgrade(way.place, sent);
      return channel;
    },
  };
}

const agent = 'sallyport';

/** The cluster's own RBAC then holds for the agent as well; the gateway's account needs the right to impersonate and no other. */
function impersonation({ settings, caller }: Asking<Settings>): Headers {
  if (settings.impersonate === 'none') return [];
  const user = `agent:${caller.member}`;
  if (!/^[\x21-\x7e]+$/.test(user))
    throw new Problem('policy-unavailable', { detail: 'This identity has a name that no header can hold.' });
  return [['impersonate-user', user], ...settings.groups.map((group) => ['impersonate-group', group] as const)];
}

/** The connection is not held for an answer that nobody reads. */
export async function leave({ body }: Pick<UpstreamAnswer, 'body'>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

/** The whole of a body. Throws `too-large` beyond so many bytes. */
export async function readWhole({ body }: Pick<UpstreamAnswer, 'body'>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > most) throw new Problem('too-large', { detail: 'The object is larger than can be judged.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
