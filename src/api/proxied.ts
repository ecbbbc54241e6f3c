import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyAnswer, Gateway, Reply } from '../gateway.ts';
import type { Call } from '../model/call.ts';
import type { TargetKind } from '../model/documents.ts';
import { asProblem, Problem } from '../model/problem.ts';
import { readAgent, readBearer, readReason, readSession, readTrace, refuseTokenInUrl } from './agent-context.ts';
import { googleErrorOf } from './google-error.ts';
import type { Lookups } from './lookups.ts';
import { type RawTarget, readBody, readHeaders, readTarget, refuseBody, withoutOurs } from './raw-request.ts';
import { approvalUrl, approversOf, renderProblem, retryAfterOf } from './reply.ts';
import { statusOf } from './status.ts';

/** The protocols that are spoken as they are, by the first segment of their path. */
const kinds: Readonly<Record<string, TargetKind>> = { k8s: 'kubernetes', http: 'http', bigquery: 'bigquery' };

/** Seconds between two tries of a client that waits for a human: kubectl tries ten times. One that was held while it waited comes at once. */
const RETRY_SECONDS = 30;
const RETRY_SECONDS_HELD = 1;
/** Milliseconds from which a request counts as held. */
const HELD = 5000;

export type ProxiedDeps = {
  gateway: Gateway;
  lookups: Lookups;
  consoleUrl: string;
  onFault: (error: unknown, trace: string | undefined) => void;
};

/** Requests in a target's own protocol: kubectl and any HTTP client use it as they are, and problems are told as the protocol tells them. */
export function createProxied({ gateway, lookups, consoleUrl, onFault }: ProxiedDeps) {
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Response> {
    const target = readTarget(incoming);
    const begun = performance.now();
    const gone = new AbortController();
    // One that was told all is not gone; an abort makes an error, and wakes whoever listens.
    outgoing.once('close', () => !outgoing.writableFinished && gone.abort());
    try {
      const call = await readCall(incoming, target, gone.signal).catch((thrown) =>
        lookups.refuse(bareCall(incoming, target, gone.signal), asProblem(thrown)),
      );
      const reply = await gateway.handle(call);
      if (reply.state === 'waiting') throw pending(reply, consoleUrl, performance.now() - begun > HELD);
      return await renderReply(reply, outgoing, incoming.method === 'HEAD');
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === 'internal') onFault(problem.cause, undefined);
      return renderIn(target, problem);
    }
  }

  async function renderReply(
    reply: Exclude<Reply, { state: 'waiting' }>,
    outgoing: ServerResponse,
    isHead: boolean,
  ): Promise<Response> {
    if (reply.state === 'simulated') throw new Problem('internal');
    const { answer: answered, operation } = reply;
    if (answered.form === 'body') return bodyOf(answered, operation, outgoing, isHead);
    await answered.cancel();
    throw new Problem('bad-request', { detail: 'This is asked for with an upgrade to a WebSocket.', operation });
  }

  return { answer };
}

/** What both kinds of proxied requests, those that end and those that stay open, are read into. */
export async function readCall(
  incoming: IncomingMessage,
  target: RawTarget | undefined,
  signal: AbortSignal,
): Promise<Call> {
  if (target === undefined)
    throw new Problem('bad-request', {
      detail: 'The path must be /k8s/<connection>/…, /http/<connection>/… or /bigquery/<connection>/….',
    });
  const headers = readHeaders(incoming);
  const ours = new Headers([...headers].filter(([name]) => !name.startsWith(':')));
  refuseTokenInUrl(new URL(target.path, 'http://target'), { byName: false });
  const body = headers.has('upgrade') ? refuseBody(headers) : await readBody(incoming, headers);
  return {
    ...bareCall(incoming, target, signal),
    ...readContext(ours),
    request: {
      method: incoming.method ?? '',
      path: target.path,
      headers: withoutOurs(headers),
      ...(body.byteLength > 0 && { body }),
    },
  };
}

/** What a caller tells of itself in headers alone. */
export function readContext(headers: Headers): Pick<Call, 'agent' | 'reason' | 'session'> {
  const reason = readReason(headers, undefined);
  const session = readSession(headers);
  return {
    agent: readAgent(headers),
    ...(reason !== undefined && { reason }),
    ...(session !== undefined && { session }),
  };
}

/** The call as far as its caller is known by: for a request that cannot be read further. */
export function bareCall({ headers }: IncomingMessage, target: RawTarget | undefined, signal: AbortSignal): Call {
  const { authorization, traceparent } = headers;
  const trace = readTrace(new Headers(typeof traceparent === 'string' ? { traceparent } : {}));
  const kind = kinds[target?.prefix ?? ''];
  return {
    presented: readBearer(new Headers(authorization === undefined ? {} : { authorization })),
    connection: target?.connection ?? '',
    request: {},
    agent: {},
    limits: {},
    dryRun: false,
    wait: 'approval_wait',
    signal,
    ...(kind !== undefined && { kind }),
    ...(trace !== undefined && { trace }),
  };
}

/** While a human must decide, a client is told to come back: with 202 it would take the request for done. */
export function pending(
  { operation, approval }: Extract<Reply, { state: 'waiting' }>,
  consoleUrl: string,
  held = false,
): Problem {
  const { id } = approval;
  const approvers = approversOf(approval).join(', ');
  const detail = `${approvers} must approve it at ${approvalUrl(consoleUrl, id)}; then send the same request again.`;
  return new Problem('approval-pending', {
    operation,
    approval: id,
    detail,
    retryAfter: held ? RETRY_SECONDS_HELD : RETRY_SECONDS,
  });
}

/** A problem in the words of the protocol that was spoken. */
export function renderIn(target: RawTarget | undefined, problem: Problem): Response {
  const rendered = renderProblem(problem);
  if (target === undefined || target.prefix === 'http') return rendered;
  rendered.headers.set('Content-Type', 'application/json');
  if (target.prefix === 'bigquery') {
    const { status, body } = googleErrorOf(problem);
    return new Response(JSON.stringify(body), { status, headers: rendered.headers });
  }
  const own = statusOf(problem, retryAfterOf(problem));
  const { status, body } = problem.answered ?? { status: own.code, body: own };
  return new Response(JSON.stringify(body), { status, headers: rendered.headers });
}

/** Answers that have no body, whatever is said of one (RFC 9110, 6.4.1). */
const bodiless = new Set([204, 205, 304]);

/** What was answered; a failure before its first byte is still a problem of its own. */
async function bodyOf(
  answer: BodyAnswer,
  operation: string,
  outgoing: ServerResponse,
  isHead: boolean,
): Promise<Response> {
  const { status, live } = answer;
  const headers = new Headers([...answer.headers.map(([name, value]): [string, string] => [name, value])]);
  headers.set('Sallyport-Operation', operation);
  const pieces = answer.pieces[Symbol.asyncIterator]();
  if (isHead || bodiless.has(status)) {
    while ((await pieces.next()).done !== true);
    return new Response(null, { status, headers });
  }
  if (live) return written(outgoing, { status, headers, before: [], pieces, cancel: answer.cancel });
  const first = await pieces.next();
  if (first.done === true) return new Response(null, { status, headers });
  const second = await pieces.next();
  if (second.done === true) return new Response(bufferOf(first.value), { status, headers });
  return written(outgoing, { status, headers, before: [first.value, second.value], pieces, cancel: answer.cancel });
}

const bufferOf = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;

type Writing = {
  status: number;
  headers: Headers;
  /** What was read of the pieces already. */
  before: readonly Uint8Array[];
  pieces: AsyncIterator<Uint8Array>;
  cancel: () => Promise<void>;
};

/** What the adaptor of the server (`@hono/node-server`) leaves alone. A copy: it would take its own kind of an answer without a body for one to send. */
const alreadySent = () => new Response(null, { headers: { 'X-Hono-Already-Sent': 'true' } }).clone();
/** What the same adaptor says where a target does not say what it answers. */
const unnamed = 'text/plain; charset=UTF-8';

/** Piece by piece, as fast as the caller reads, and straight to it: a stream of the web platform between costs as much again. Cancels when it leaves. */
function written(outgoing: ServerResponse, { status, headers, before, pieces, cancel }: Writing): Response {
  const leave = () => {
    if (!outgoing.writableFinished) cancel().catch(() => undefined);
  };
  const write = async () => {
    for (const bytes of before) outgoing.write(bytes);
    for (let step = await pieces.next(); step.done !== true; step = await pieces.next()) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(step.value)) await roomIn(outgoing);
    }
    if (!outgoing.destroyed) outgoing.end();
  };
  outgoing.once('close', leave);
  outgoing.on('error', leave);
  if (outgoing.destroyed) {
    leave();
    return alreadySent();
  }
  if (!headers.has('content-type')) headers.set('Content-Type', unnamed);
  outgoing.statusCode = status;
  outgoing.setHeaders(headers);
  outgoing.flushHeaders();
  write().catch(() => outgoing.destroy());
  return alreadySent();
}

/** Throws when the caller leaves before. */
async function roomIn(outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  outgoing.once('close', leave);
  try {
    if (outgoing.writableNeedDrain) await once(outgoing, 'drain', { signal: gone.signal });
  } finally {
    outgoing.off('close', leave);
  }
}
