import type { AnswerSummary, BodyAnswer, DuplexAnswer, Reply, RowsAnswer } from '../gateway.ts';
import type { Approval } from '../model/approval.ts';
import type { Decision } from '../model/decision.ts';
import { asProblem, Problem, problemBody } from '../model/problem.ts';
import { PROGRAM } from '../model/program.ts';
import type { Found } from './lookups.ts';
import { programDocument, programPieces } from './program-answer.ts';

/** Seconds between two tries of a caller that waits for a human. */
const RETRY_SECONDS = 5;

type Done = Extract<Reply, { state: 'done' }>;
type DoneWith<Answer> = Omit<Done, 'answer'> & { answer: Answer };

/** Renders what the gateway replied: 200, or 202 while a human must decide. */
export async function renderReply(reply: Reply, options: { ndjson: boolean; consoleUrl: string }): Promise<Response> {
  const headers = { 'Sallyport-Operation': reply.operation, 'Cache-Control': 'no-store' };
  if (reply.state === 'waiting') return renderWaiting(reply.operation, reply.approval, options.consoleUrl, headers);
  if (reply.state === 'simulated') return Response.json(simulatedBody(reply), { headers });
  const { answer, ...done } = reply;
  switch (answer.form) {
    case 'rows':
      return options.ndjson ? renderLines({ ...done, answer }, headers) : renderDocument({ ...done, answer }, headers);
    case 'body':
      return renderBody({ ...done, answer }, headers);
    case 'duplex':
      if (answer.protocol === PROGRAM && done.understood.live !== true)
        return renderProgram({ ...done, answer }, headers, options);
      await answer.cancel();
      throw new Problem('bad-request', { detail: 'What goes both ways has a path of its own: see the connection.' });
  }
}

/** Renders what was looked up, in the view of whoever asked. */
export function renderFound<T>({ operation, found }: Found<T>, view: (found: T) => unknown): Response {
  return Response.json(view(found), { headers: { 'Sallyport-Operation': operation, 'Cache-Control': 'no-store' } });
}

/** RFC 9457. The one place where a problem becomes a response. */
export function renderProblem(problem: Problem): Response {
  return new Response(JSON.stringify(problemBody(problem)), {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(problem.operation !== undefined && { 'Sallyport-Operation': problem.operation }),
      ...(problem.status === 401 && { 'WWW-Authenticate': 'Bearer realm="sallyport"' }),
      ...(retryAfterOf(problem) !== undefined && { 'Retry-After': String(retryAfterOf(problem)) }),
    },
  });
}

export function retryAfterOf({ retryAfter, status }: Problem) {
  return retryAfter ?? (status === 503 ? 2 : undefined);
}

export function approvalUrl(consoleUrl: string, id: string) {
  return `${consoleUrl}/approvals/${id}`;
}

export function approversOf(approval: Approval) {
  return [...new Set(approval.requirements.flatMap((requirement) => requirement.approvers))];
}

function renderWaiting(operation: string, approval: Approval, consoleUrl: string, headers: Record<string, string>) {
  const body = {
    operation,
    state: 'waiting',
    approval: {
      id: approval.id,
      expires_at: approval.expires_at,
      approvers: approversOf(approval),
      url: approvalUrl(consoleUrl, approval.id),
    },
  };
  const location = `/v1/approvals/${approval.id}`;
  return Response.json(body, {
    status: 202,
    headers: { ...headers, Location: location, 'Retry-After': String(RETRY_SECONDS) },
  });
}

function simulatedBody({ operation, understood, decision }: Extract<Reply, { state: 'simulated' }>) {
  const { verb, risks, resources, masks, warnings, protection, estimates, atMost } = understood;
  const approvals = decision.approvals.map(({ policy, approvers, count }) => ({ policy, approvers, count }));
  return {
    operation,
    state: 'simulated',
    verb,
    risks,
    resources,
    masks,
    ...(protection !== undefined && { protection }),
    ...(atMost !== undefined && { at_most: atMost }),
    ...(estimates.changes !== undefined && { changes: estimates.changes }),
    decision: decisionBody(decision),
    approvals,
    warnings,
  };
}

function decisionBody({ effect, policies, policyVersion }: Decision) {
  return { effect, policies, policy_version: policyVersion };
}

/** The whole result in one document. Its rows are read, and its outcome is recorded, before the first byte leaves. */
async function renderDocument(
  { operation, understood, decision, answer }: DoneWith<RowsAnswer>,
  headers: Record<string, string>,
) {
  const batches: Uint8Array[] = [];
  for await (const lines of answer.batches) batches.push(lines);
  const head = { operation, state: 'done', verb: understood.verb, decision: decisionBody(decision) };
  const before = `{${inner(head)},"result":{"columns":${JSON.stringify(answer.columns)},"rows":[`;
  const summary = answer.summary();
  const warnings = warningsOf(understood.warnings, summary);
  const after = `],${inner(summaryBody(summary))}},"warnings":${JSON.stringify(warnings)}}`;
  const body = joined(Buffer.from(before), batches, Buffer.from(after));
  return new Response(body, { headers: { ...headers, 'Content-Type': 'application/json' } });
}

const NEWLINE = 0x0a;
const COMMA = 0x2c;

/** Rows with commas between them instead of newlines after them; there is no other newline in them. */
function joined(before: Buffer, batches: readonly Uint8Array[], after: Buffer): Buffer {
  const last = batches.slice(-1).map((rows) => rows.subarray(0, -1));
  const body = Buffer.concat([before, ...batches.slice(0, -1), ...last, after]);
  const end = body.length - after.length;
  for (let at = body.indexOf(NEWLINE, before.length); at !== -1 && at < end; at = body.indexOf(NEWLINE, at + 1))
    body[at] = COMMA;
  return body;
}

/** The members of an object's JSON, without its braces: rows are already JSON text and are not parsed again. */
function inner(value: object) {
  return JSON.stringify(value).slice(1, -1);
}

function summaryBody({ rows, affected, truncated, sha256 }: AnswerSummary) {
  return {
    ...(rows !== undefined && { row_count: rows }),
    ...(affected !== undefined && { affected }),
    truncated,
    sha256,
  };
}

function warningsOf(before: readonly string[], { warnings = [] }: AnswerSummary) {
  return [...before, ...warnings];
}

/** An HTTP answer in one document: its body as JSON where it is JSON, as text where it is text, else in base64. */
async function renderBody(
  { operation, understood, decision, answer }: DoneWith<BodyAnswer>,
  headers: Record<string, string>,
) {
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.pieces) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const head = { operation, state: 'done', verb: understood.verb, decision: decisionBody(decision) };
  const summary = answer.summary();
  const result = { status: answer.status, headers: Object.fromEntries(answer.headers), ...summaryBody(summary) };
  const warnings = JSON.stringify(warningsOf(understood.warnings, summary));
  const text = `{${inner(head)},"result":{${inner(result)},${memberOf(answer.content, body)}},"warnings":${warnings}}`;
  return new Response(text, { headers: { ...headers, 'Content-Type': 'application/json' } });
}

function memberOf(content: BodyAnswer['content'], body: Buffer) {
  if (content === 'json' && body.length > 0) return `"body":${body}`;
  return content === 'bytes' ? `"body_base64":"${body.toString('base64')}"` : `"body":${JSON.stringify(String(body))}`;
}

/** What a program printed and how it ended: in one document, or as it comes, a line each. */
async function renderProgram(
  { operation, understood, decision, answer }: DoneWith<DuplexAnswer>,
  headers: Record<string, string>,
  { ndjson }: { ndjson: boolean },
) {
  const head = { operation, state: 'done', verb: understood.verb, decision: decisionBody(decision) };
  const warnings = () => warningsOf(understood.warnings, answer.summary());
  if (ndjson) {
    const lines = told(operation, async function* () {
      const ended = yield* mapped(programPieces(answer), lineOf);
      yield lineOf({ summary: { ...head, ...ended, ...summaryBody(answer.summary()), warnings: warnings() } });
    });
    return new Response(streamOf(lines, answer), { headers: { ...headers, 'Content-Type': 'application/x-ndjson' } });
  }
  const result = await programDocument(answer).catch((thrown: unknown) => {
    throw Object.assign(asProblem(thrown), { operation });
  });
  const body = { ...head, result: { ...result, ...summaryBody(answer.summary()) }, warnings: warnings() };
  return Response.json(body, { headers });
}

async function* mapped<T, U, R>(items: AsyncGenerator<T, R>, map: (item: T) => U): AsyncGenerator<U, R> {
  for (let step = await items.next(); ; step = await items.next()) {
    if (step.done === true) return step.value;
    yield map(step.value);
  }
}

/** A line a row as they come: first the columns, last the summary, which is sent only once the outcome is recorded. */
function renderLines(done: DoneWith<RowsAnswer>, headers: Record<string, string>) {
  return new Response(linesOf(done), {
    headers: { ...headers, 'Content-Type': 'application/x-ndjson' },
  });
}

function linesOf({ operation, understood, decision, answer }: DoneWith<RowsAnswer>): ReadableStream<Uint8Array> {
  const { verb, warnings } = understood;
  return streamOf(
    told(operation, () => linesWith({ operation, verb, warnings, decision }, answer)),
    answer,
  );
}

function streamOf(lines: AsyncGenerator<Uint8Array, void>, answer: { cancel(): Promise<void> }) {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await answer.cancel();
    },
  });
}

/** What goes wrong once lines have left is told by the last of them. */
async function* told(
  operation: string,
  lines: () => AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* lines();
  } catch (thrown) {
    const problem = asProblem(thrown);
    problem.operation = operation;
    yield lineOf({ problem: problemBody(problem) });
  }
}

type Head = { operation: string; verb: string; warnings: readonly string[]; decision: Decision };

async function* linesWith(
  { operation, verb, warnings, decision }: Head,
  answer: RowsAnswer,
): AsyncGenerator<Uint8Array, void> {
  yield lineOf({ columns: answer.columns });
  yield* answer.batches;
  const summary = {
    operation,
    state: 'done',
    verb,
    decision: decisionBody(decision),
    ...summaryBody(answer.summary()),
    warnings: warningsOf(warnings, answer.summary()),
  };
  yield lineOf({ summary });
}

const lineOf = (value: object) => Buffer.from(`${JSON.stringify(value)}\n`);
