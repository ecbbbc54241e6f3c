import { startKubernetes } from '../../../emulators/kubernetes/kubernetes.ts';
import { maskResult } from '../../../src/masking/masking.ts';
import type { Connection, Limits } from '../../../src/model/connection.ts';
import { connectionSchema } from '../../../src/model/documents.ts';
import { createSeal, createTokenKey } from '../../../src/model/seal.ts';
import { Secret } from '../../../src/model/secret.ts';
import { createProxy } from '../../../src/proxy/proxy.ts';
import { createKubernetes } from '../../../src/targets/kubernetes/kubernetes.ts';
import type { Caller } from '../../../src/targets/target.ts';
import { aCaller } from '../../fakes/caller.ts';
import { unkeptTranscript } from '../../fakes/transcript.ts';
import { serverOfEnvironment } from '../../real/kubernetes/server.ts';

/** An API server, and a token that the gateway may use there. */
export type ApiServer = { url: string; ca?: string; token: string; stop(): Promise<void> };

const real = serverOfEnvironment();

/** Ours, and a real one where the environment says where it is. */
export const apiServers: readonly { name: string; start: () => Promise<ApiServer> }[] = [
  { name: 'the emulator', start: () => startKubernetes() },
  ...(real === undefined
    ? []
    : [
        {
          name: 'a real API server',
          start: async () => ({ url: real.url.origin, ca: real.ca, token: real.token, stop: async () => {} }),
        },
      ]),
];

type Asked = {
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
  limits?: Limits;
  signal?: AbortSignal;
  unmask?: readonly string[];
  caller?: Caller;
  /** What Secret Manager holds; the server's token unless given. */
  secret?: object;
  /** Between what is judged and what is run. */
  meanwhile?: () => Promise<unknown>;
};

/** Somebody who uses an API server through the target alone, without policy. */
export function anAgent(server: ApiServer, settings: Record<string, unknown> = {}) {
  const proxy = createProxy({ allowLoopback: true });
  const target = createKubernetes({ proxy });
  const { url, ca } = server;
  const given = { server: url, ...(ca !== undefined && { ca }), ...settings };
  const parsed = target.settings.parse(given);
  const connection: Connection = {
    name: 'cluster',
    version: 'v1',
    document: connectionSchema.parse({
      kind: 'kubernetes',
      settings: given,
      credential: { secret: 'projects/p/secrets/k' },
    }),
    classification: new Map(),
    transforms: new Map(),
  };
  const seal = createSeal('a key for tests');
  const tokenKey = createTokenKey('a key for tests');
  const never = new AbortController().signal;
  const access = ({
    signal = never,
    limits = {},
    caller = aCaller(),
    secret = { token: server.token },
  }: Asked = {}) => ({
    ...{ connection, settings: parsed, signal, limits, caller, transcript: unkeptTranscript },
    secret: new Secret(JSON.stringify(secret), 'k/1'),
  });

  async function understand(method: string, path: string, { body, type, headers = {}, unmask = [] }: Asked = {}) {
    const request = target.request.parse({
      ...{ method, path, headers: { ...headers, ...(type !== undefined && { 'content-type': type }) } },
      ...(body !== undefined && { body }),
    });
    return target.understand(request, await target.inspect(access()), { connection, unmask, seal, tokenKey });
  }

  async function judge(method: string, path: string, asked: Asked = {}) {
    const operation = await understand(method, path, asked);
    const estimate =
      operation.verb === 'read' ? { risks: [], estimates: {} } : await target.estimate?.(operation, access(asked));
    const { replan, ...known } = estimate ?? { risks: [], estimates: {} };
    return { ...operation, ...known, plan: replan?.(operation.plan) ?? operation.plan };
  }

  async function open(method: string, path: string, asked: Asked = {}) {
    const operation = await judge(method, path, asked);
    await asked.meanwhile?.();
    const result = await target.execute(operation, access(asked));
    if (result.form !== 'body') throw new Error('A body was expected.');
    return {
      operation,
      answer: { ...result, ...maskResult(result, { unmask: asked.unmask ?? [] }), form: 'body' as const },
    };
  }

  return {
    target,
    connection,
    settings: parsed,
    access,
    understand,
    judge,
    open,
    /** Runs to the end. Throws what the gateway would answer with. */
    async call(method: string, path: string, asked: Asked = {}) {
      const { operation, answer } = await open(method, path, asked);
      let text = '';
      for await (const piece of answer.pieces as AsyncIterable<Uint8Array>) text += Buffer.from(piece).toString('utf8');
      return {
        operation,
        status: answer.status,
        headers: new Headers(answer.headers.map(([name, value]) => [name, value])),
        text,
        json: parsedJson(text),
        ...answer.summary(),
      };
    },
    async stop() {
      await target.close();
      await proxy.close();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server answers.
function parsedJson(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A Kubernetes object in protobuf, as kubectl 1.32 sends what it creates. */
export function inProtobuf(apiVersion: string, kind: string, message: Uint8Array): Uint8Array {
  const meta = Buffer.concat([lengthed(1, Buffer.from(apiVersion)), lengthed(2, Buffer.from(kind))]);
  return Buffer.concat([Buffer.from('k8s\0'), lengthed(1, meta), lengthed(2, message)]);
}

export function lengthed(field: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
}
