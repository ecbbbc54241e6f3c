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
      return await renderReply(reply, incoming.method === 'HEAD');
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === 'internal') onFault(problem.cause, undefined);
      return renderIn(target, problem);
    }
  }

  async function renderReply(reply: Exclude<Reply, { state: 'waiting' }>, isHead: boolean): Promise<Response> {
    if (reply.state === 'simulated') throw new Problem('internal');
    const { answer: answered, operation } = reply;
    if (answered.form === 'body') return bodyOf(answered, operation, isHead);
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
async function bodyOf(answer: BodyAnswer, operation: string, isHead: boolean): Promise<Response> {
  const { status, live } = answer;
  const headers = new Headers([...answer.headers.map(([name, value]): [string, string] => [name, value])]);
  headers.set('Sallyport-Operation', operation);
  const pieces = answer.pieces[Symbol.asyncIterator]();
  if (isHead || bodiless.has(status)) {
    while ((await pieces.next()).done !== true);
    return new Response(null, { status, headers });
  }
  if (live) return new Response(streamOf(answer, pieces, []), { status, headers });
  const first = await pieces.next();
  if (first.done === true) return new Response(null, { status, headers });
  const second = await pieces.next();
  if (second.done === true) return new Response(bufferOf(first.value), { status, headers });
  return new Response(streamOf(answer, pieces, [first.value, second.value]), { status, headers });
}

const bufferOf = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;

function streamOf(
  { cancel }: BodyAnswer,
  pieces: AsyncIterator<Uint8Array>,
  before: Uint8Array[],
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const known = before.shift();
        if (known !== undefined) return controller.enqueue(known);
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}
