import { maskJson, maskJsonBytes } from '../../masking/masking.ts';
import { Problem } from '../../model/problem.ts';
import type { Body } from '../../model/result.ts';
import type { Proxy as Upstream, UpstreamAnswer } from '../../proxy/proxy.ts';
import type { Execution } from '../target.ts';
import {
  boundedDocument,
  boundedLines,
  headerOf,
  passedOn,
  refusePacked,
  typeOf,
  wholeBody,
  wholeLines,
} from './answers.ts';
import { parseJson, textAt } from './json.ts';
import { maskLog } from './masks/masks.ts';
import { answerOwn } from './own.ts';
import type { Plan } from './plan.ts';
import { sendJudged } from './preflight.ts';
import type { Settings } from './settings.ts';
import { plainStatus } from './status.ts';
import { createSend, leave, readWhole } from './upstream.ts';

/** Bytes of a failure that the server tells. */
const MOST_STATUS = 1024 * 1024;
const json = 'application/json';
/** How servers name their OpenAPI documents; older ones have no name for them (1.20: `application/octet-stream`, `text/plain`). */
const schemaTypes =
  /^(application\/com\.github\.proto-openapi\.spec\.v[23](@v1\.0|\.v1\.0)\+protobuf|application\/octet-stream|text\/plain)$/;

/**
 * Sends what was understood and judged, and gives the server's answer, masked: a failure with its code and reason, so that clients do as they
 * would without the gateway. Refuses answers that cannot be masked, redirects, and documents beyond the limit; what goes on ends there.
 */
export async function execute(plan: Plan, access: Execution<Settings>, proxy: Upstream): Promise<Body> {
  if (plan.answer === 'own') return answerOwn(plan, access);
  const signal = bounded(access);
  const answer = await sendJudged(plan, createSend(proxy, { ...access, signal }));
  try {
    refusePacked(answer.headers);
    return await bodyOf(answer, plan, access.limits.bytes ?? Number.POSITIVE_INFINITY);
  } catch (thrown) {
    await leave(answer);
    throw thrown;
  }
}

function bounded({ signal, limits: { seconds } }: Execution<Settings>): AbortSignal {
  return seconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
}

function bodyOf(answer: UpstreamAnswer, plan: Plan, most: number): Body | Promise<Body> {
  if (plan.answer === 'discovery') return servedOf(answer, plan);
  if (answer.status >= 400) return failureOf(answer, plan);
  if (plan.answer === 'log') return textOf(answer, plan, most);
  if (typeOf(answer.headers) !== json) throw unmaskable(answer);
  return plan.answer === 'watch' ? eventsOf(answer, plan, most) : documentOf(answer, plan, most);
}

/** Bytes of what a server says that it serves: no data, so the limit of the connection is not for it. */
const MOST_SERVED = 32 * 1024 * 1024;

/** What the server serves, and whether it is well: no data. */
function servedOf(answer: UpstreamAnswer, plan: Plan): Body | Promise<Body> {
  const { status, headers } = answer;
  const type = typeOf(headers);
  const isSchema = plan.info.segments[0] === 'openapi';
  if (status === 304) return emptyOf(answer, plan);
  if (status >= 400 && (isSchema || type !== 'text/plain')) return failureOf(answer, plan);
  if (type === 'text/plain' && !isSchema) return textOf(answer, plan, MOST_SERVED);
  if (type !== json && !(isSchema && schemaTypes.test(type))) throw unmaskable(answer);
  const pieces = boundedDocument(mapBytes(answer.body), MOST_SERVED);
  return { ...common(answer, plan), content: 'bytes', live: false, pieces, summary: () => ({ truncated: false }) };
}

function documentOf(answer: UpstreamAnswer, plan: Plan, most: number): Body {
  const length = Number(headerOf(answer.headers, 'content-length') ?? '0');
  const pieces = boundedDocument(maskJson(answer.body, plan.masks), most);
  if (length > most) throw new Problem('too-large', { detail: `The answer has ${length} bytes; ${most} are allowed.` });
  return { ...common(answer, plan), content: 'json', live: false, pieces, summary: () => ({ truncated: false }) };
}

function eventsOf(answer: UpstreamAnswer, plan: Plan, most: number): Body {
  const { pieces, isCut } = boundedLines(maskJson(answer.body, plan.masks, 'lines'), most);
  return { ...common(answer, plan), content: 'json', live: true, pieces, summary: () => ({ truncated: isCut() }) };
}

/** Text is looked through by the detectors, line by line; logs for what is named as a secret, too. */
function textOf(answer: UpstreamAnswer, plan: Plan, most: number): Body {
  if (typeOf(answer.headers) !== 'text/plain') throw unmaskable(answer);
  const lines = plan.answer === 'log' ? maskLog(answer.body, plan.tells.report) : wholeLines(answer.body);
  const { pieces, isCut } = boundedLines(lines, most);
  const live = plan.query.some(([name, value]) => name === 'follow' && value === 'true');
  return { ...common(answer, plan), content: 'text', live, pieces, summary: () => ({ truncated: isCut() }) };
}

async function emptyOf(answer: UpstreamAnswer, plan: Plan): Promise<Body> {
  await leave(answer);
  return wholeBody(answer.status, common(answer, plan).headers, { bytes: new Uint8Array() });
}

/** A failure is told as the server told it, or in our words where it is no `Status`. */
async function failureOf(answer: UpstreamAnswer, plan: Plan): Promise<Body> {
  const { status, headers } = common(answer, plan);
  const others = headers.filter(([name]) => name !== 'content-type');
  const bytes = await failureBytes(answer, plan);
  return wholeBody(status, [...others, ['content-type', json]], { bytes, texts: [0, bytes.byteLength] });
}

async function failureBytes(answer: UpstreamAnswer, { masks }: Plan): Promise<Uint8Array> {
  const told = await readWhole(answer, MOST_STATUS);
  const isStatus = typeOf(answer.headers) === json && textAt(parseJson(told.toString('utf8')), 'kind') === 'Status';
  return isStatus ? maskJsonBytes(told, masks).bytes : Buffer.from(JSON.stringify(plainStatus(answer.status)));
}

const common = ({ status, headers }: UpstreamAnswer, { unmask, tells }: Plan) =>
  ({ form: 'body', status, headers: passedOn(headers, unmask, tells.message) }) as const;

function unmaskable({ status, headers }: UpstreamAnswer): Problem {
  const detail = `The API server answered ${status} in a form that cannot be masked; nothing of it passes.`;
  return new Problem('target-rejected', { detail, reason: `content-type:${typeOf(headers).slice(0, 100)}` });
}

function mapBytes(source: AsyncIterable<Uint8Array>): AsyncIterable<{ bytes: Uint8Array }> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        async next() {
          const step = await iterator.next();
          return step.done === true ? { done: true, value: undefined } : { done: false, value: { bytes: step.value } };
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
