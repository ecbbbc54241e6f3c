import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fillWarehouse, SSN_POLICY_TAG } from '../../../demo/warehouse/warehouse.ts';
import { startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { maskResult } from '../../../src/masking/masking.ts';
import { check } from '../../../src/model/check.ts';
import type { Connection, Limits } from '../../../src/model/connection.ts';
import { type ConnectionDocument, connectionSchema } from '../../../src/model/documents.ts';
import { Problem } from '../../../src/model/problem.ts';
import { createTokenKey } from '../../../src/model/seal.ts';
import { Secret } from '../../../src/model/secret.ts';
import { createProxy } from '../../../src/proxy/proxy.ts';
import { createBigQuery } from '../../../src/targets/bigquery/bigquery.ts';
import type { Caller } from '../../../src/targets/target.ts';
import { aCaller } from '../../fakes/caller.ts';
import { unkeptTranscript } from '../../fakes/transcript.ts';

export const TOKEN = 'ya29.tk-4f9A0c77Zq81-secret';
export const PROJECT = 'sallyport-demo';

/** What a test's end undoes. */
export type Closing = (() => unknown)[];

type Intercept = (request: IncomingMessage, body: string, response: ServerResponse) => boolean;

/**
 * The emulator with the demo's warehouse, behind a front that asks for the token and keeps a job whose statement speaks of `slow_job` running until
 * it is cancelled: the emulator itself runs each at once.
 */
export async function aWarehouse(closing: Closing) {
  const emulator = await startBigQuery();
  closing.push(() => emulator.stop());
  await fillWarehouse(emulator.url, PROJECT);
  const running = new Set<string>();
  const seen: { method: string; url: string; body: string }[] = [];
  const intercepts: Intercept[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { method = '', url = '' } = request;
    seen.push({ method, url, body });
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void answer(401, {});
    if (intercepts.some((intercept) => intercept(request, body, response))) return;
    const slow = slowJob(method, url, body, running);
    if (slow !== undefined) return void answer(200, slow);
    const passed = await fetch(`${emulator.url}${url}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== '' && { body }),
    });
    response
      .writeHead(passed.status, { 'content-type': 'application/json' })
      .end(Buffer.from(await passed.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, direct: emulator.url, running, seen, intercepts };
}

/** What a job that goes on until it is cancelled answers; undefined for all else. */
function slowJob(method: string, url: string, body: string, running: Set<string>): object | undefined {
  const given = body === '' ? {} : JSON.parse(body);
  const asked: string | undefined = given.jobReference?.jobId;
  if (method === 'POST' && asked !== undefined && given.configuration?.query?.query.includes('slow_job')) {
    running.add(asked);
    return { jobReference: given.jobReference, configuration: given.configuration, status: { state: 'RUNNING' } };
  }
  const [, jobId = '', isCancel] = /\/(?:jobs|queries)\/([\w-]+)(\/cancel)?/.exec(url) ?? [];
  const jobReference = { projectId: PROJECT, jobId };
  if (isCancel !== undefined) {
    running.delete(jobId);
    const errorResult = { reason: 'stopped', message: 'cancelled' };
    return { job: { jobReference, status: { state: 'DONE', errorResult } } };
  }
  return running.has(jobId) ? { jobReference, jobComplete: false, status: { state: 'RUNNING' } } : undefined;
}

export type AgentOptions = {
  settings?: Record<string, unknown>;
  classification?: Record<string, Record<string, string>>;
  unclassified?: ConnectionDocument['unclassified'];
  unmask?: readonly string[];
  caller?: Caller;
};

/** An agent at the warehouse, as the gateway would serve it: inspect, understand, refuse what is unprovable, execute, mask. */
export function agentAt(url: string, closing: Closing, options: AgentOptions = {}) {
  const { classification = {}, unclassified = 'allow', unmask = [], caller = aCaller() } = options;
  const proxy = createProxy({ allowLoopback: true });
  closing.push(proxy.close);
  const target = createBigQuery({ proxy });
  const given = {
    project: PROJECT,
    endpoint: url,
    policy_tags: { [SSN_POLICY_TAG]: 'US_SOCIAL_SECURITY_NUMBER' },
    ...options.settings,
  };
  const document = connectionSchema.parse({
    ...{ kind: 'bigquery', settings: given, credential: { secret: 'projects/p/secrets/s' }, unclassified },
  });
  const connection: Connection = {
    name: 'warehouse',
    version: JSON.stringify([classification, unclassified]),
    document,
    classification: new Map(
      Object.entries(classification).map(([name, columns]) => [name, new Map(Object.entries(columns))]),
    ),
    transforms: new Map(),
  };
  const settings = check(given, target.settings, 'policy-unavailable');
  const secret = new Secret(JSON.stringify({ token: TOKEN }), 'secret/1');
  const seal = (className: string, text: string) => `«${className}:${Buffer.from(text).toString('hex')}»`;
  const never = new AbortController().signal;
  let made = 0;
  const nextOperation = () => {
    made += 1;
    return `op_${String(made).padStart(2, '0')}`;
  };
  const access = (signal = never, limits: Limits = {}, as = caller) => ({
    ...{ connection, settings, secret, signal, limits, operation: nextOperation(), session: 'ses-1' },
    ...{ caller: as, transcript: unkeptTranscript },
  });
  const understand = async (asked: unknown) => {
    const request = check(asked, target.request);
    const facts = await target.inspect(access(), request);
    return target.understand(request, facts, { connection, unmask, seal, tokenKey: createTokenKey('a key for tests') });
  };

  async function send(asked: unknown, limits: Limits = {}, as = caller) {
    const operation = await understand(asked);
    if (operation.unprovable !== undefined) {
      const { rule, detail } = operation.unprovable;
      throw new Problem('masking-unprovable', { detail: `${rule}: ${detail}`, reason: rule });
    }
    const masked = maskResult(await target.execute(operation, access(never, limits, as)), { unmask });
    if (masked.form === 'duplex') throw new Error('BigQuery answers no connection.');
    const bytes: Uint8Array[] = [];
    for await (const piece of masked.form === 'rows' ? masked.batches : masked.pieces)
      bytes.push(piece instanceof Uint8Array ? piece : piece.bytes);
    return { masked, operation, text: Buffer.concat(bytes).toString() };
  }

  return {
    ...{ target, connection, settings, access, understand },
    /** The rows of a statement. */
    async rows(statement: string, more: object = {}, limits: Limits = {}) {
      const { masked, operation, text } = await send({ statement, ...more }, limits);
      const rows: unknown[] = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
      return { rows, operation, ...masked.summary(), columns: masked.form === 'rows' ? masked.columns : [] };
    },
    /** What the REST API answers. */
    async rest(method: string, path: string, body?: object, { limits, as }: { limits?: Limits; as?: Caller } = {}) {
      const asked = {
        method,
        path,
        headers: {},
        ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
      };
      const { masked, operation, text } = await send(asked, limits, as);
      const answer = text === '' ? undefined : JSON.parse(text);
      return { status: masked.form === 'body' ? masked.status : 0, answer, operation, ...masked.summary() };
    },
  };
}
