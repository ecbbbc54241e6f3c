import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { maskResult } from '../../../src/masking/masking.ts';
import { check } from '../../../src/model/check.ts';
import type { Connection, Limits } from '../../../src/model/connection.ts';
import { type ConnectionDocument, connectionSchema, type Transform } from '../../../src/model/documents.ts';
import { Problem } from '../../../src/model/problem.ts';
import type { Body } from '../../../src/model/result.ts';
import { createTokenKey } from '../../../src/model/seal.ts';
import { Secret } from '../../../src/model/secret.ts';
import { createProxy } from '../../../src/proxy/proxy.ts';
import { createHttp } from '../../../src/targets/http/http.ts';
import { aCaller } from '../../fakes/caller.ts';
import { unkeptTranscript } from '../../fakes/transcript.ts';

export const TOKEN = 'tk-4f9A0c77Zq81-secret';

/** What a test's end undoes. */
export type Closing = (() => unknown)[];

export type AgentOptions = {
  settings?: Record<string, unknown>;
  classification?: Record<string, Record<string, string>>;
  transforms?: Record<string, Transform>;
  unclassified?: ConnectionDocument['unclassified'];
  unmask?: readonly string[];
  secret?: unknown;
  stall?: number;
  allowLoopback?: boolean;
};

export type Asked = {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
};

/** An agent at one service, as the gateway would serve it: understand, refuse what is unprovable, execute, mask. */
export function agentAt(origin: string, closing: Closing, options: AgentOptions = {}) {
  const {
    classification = {},
    transforms = {},
    unclassified = 'allow',
    unmask = [],
    stall,
    allowLoopback = true,
  } = options;
  const proxy = createProxy({ allowLoopback });
  closing.push(proxy.close);
  const target = createHttp({ proxy, ...(stall !== undefined && { stall }) });
  const given = { origin, inject: 'bearer', ...options.settings };
  const document = connectionSchema.parse({
    ...{ kind: 'http', settings: given, credential: { secret: 'projects/p/secrets/s' }, unclassified },
  });
  const connection: Connection = {
    name: 'shop',
    version: JSON.stringify([classification, transforms, unclassified]),
    document,
    classification: new Map(
      Object.entries(classification).map(([name, paths]) => [name, new Map(Object.entries(paths))]),
    ),
    transforms: new Map(Object.entries(transforms)),
  };
  const settings = check(given, target.settings, 'policy-unavailable');
  const secret = new Secret(JSON.stringify(options.secret ?? { token: TOKEN }), 'secret/1');
  const seal = (className: string, text: string) => `«${className}:${Buffer.from(text).toString('hex')}»`;
  const never = new AbortController().signal;
  const access = (signal = never, limits: Limits = {}) => ({
    ...{ connection, settings, secret, signal, limits, operation: 'op_1' },
    ...{ caller: aCaller(), transcript: unkeptTranscript },
  });
  const understand = async ({ method = 'GET', ...request }: Asked) =>
    target.understand(check({ method, ...request }, target.request), settings, {
      ...{ connection, unmask, seal, tokenKey: createTokenKey('a key for tests') },
    });

  async function send(asked: Asked, limits: Limits = {}, signal = never) {
    const operation = await understand(asked);
    if (operation.unprovable !== undefined)
      throw new Problem('masking-unprovable', { detail: operation.unprovable.detail });
    const body = (await target.execute(operation, access(signal, limits))) as Body;
    const masked = maskResult(body, { unmask });
    if (masked.form !== 'body') throw new Error('A service answers a body.');
    return masked;
  }

  return {
    ...{ target, connection, settings, access, understand, send },
    /** Runs to the end. Throws what the gateway would answer with. */
    async ask(asked: Asked, limits: Limits = {}, signal = never) {
      const { status, headers, live, pieces, summary, findings } = await send(asked, limits, signal);
      const chunks: string[] = [];
      for await (const bytes of pieces) chunks.push(Buffer.from(bytes).toString());
      const text = chunks.join('');
      return { status, headers: Object.fromEntries(headers), live, chunks, text, ...summary(), findings: findings() };
    },
  };
}

/** A service that keeps the requests that it was sent. */
export async function serviceWith(closing: Closing, answer: RequestListener) {
  const requests: (Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'> & { body: string })[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, rawHeaders } = request;
    requests.push({ method, url, rawHeaders, body: Buffer.concat(chunks).toString() });
    answer(request, response);
  });
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: await listen(server), requests };
}

/** A service that says, byte for byte, what it is told to. */
export async function rawService(
  closing: Closing,
  reply: string | Buffer | ((socket: Socket, request: string) => void),
) {
  const requests: string[] = [];
  const server = createTcpServer((socket) => {
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      requests.push(data.toString('latin1'));
      if (typeof reply === 'function') reply(socket, data.toString('latin1'));
      else socket.end(reply);
    });
  });
  closing.push(() => server.close());
  return { origin: await listen(server), requests };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
