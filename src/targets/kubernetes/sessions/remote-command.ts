import { maskText } from '../../../masking/masking.ts';
import { Problem } from '../../../model/problem.ts';
import { channels, frame, readSize, writeSize } from '../../../model/program.ts';
import type { Duplex, Finding, Message } from '../../../model/result.ts';
import { endOf } from '../../../platform/ended.ts';
import { leftBy } from '../../../platform/left-by.ts';
import { createProgramOutput } from '../../../platform/program-output.ts';
import { Refused, type WebSocketChannel } from '../../../proxy/proxy.ts';
import { agreeOn, V4, V5 } from './channels.ts';
import { refusalOf } from './refused.ts';
import type { SessionPlan, Way } from './sessions.ts';
import { askOverSpdy } from './spdy/asked.ts';
import { type Ending, endingOf, readEnding } from './status.ts';

/** Milliseconds that the API server has to close once it has told how the program ended. */
const MILLISECONDS_TO_CLOSE = 2000;
/** Bytes of a status, which may come in parts. */
const MOST_STATUS = 64 * 1024;

/**
 * A program in a container, its input and output. Output leaves masked, all of it before the status that tells how the program ended; input
 * is kept masked and passed on as it is. Throws `CredentialRejected`, or a Problem, before anything ran.
 */
export async function openRemoteCommand(plan: SessionPlan, way: Way): Promise<Duplex> {
  const protocol = agreeOn(plan.protocols);
  const upstream = await openUpstream(plan, way);
  const { terminal, command } = plan;
  const transcript = way.transcript({ terminal, ...(command !== undefined && { command }) });
  const { signal, limits, unmask } = way;
  const output = createProgramOutput(transcript, limits.bytes);
  const found: Finding[] = [];
  const warnings: string[] = [];
  let isOver = false;
  let inputEnded = false;
  let problem: Problem | undefined;
  let ending: Ending | undefined;
  let status: Uint8Array = Buffer.alloc(0);

  function end(why?: Problem) {
    problem ??= why;
    isOver = true;
    upstream.close();
  }
  const abort = () => end(endOf(signal));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();

  const mask = (text: string) => {
    const masked = maskText(text, { unmask });
    found.push(...masked.findings);
    return masked.text;
  };

  /** What may leave of one message. */
  function read(message: Uint8Array): Uint8Array | undefined {
    const [channel = -1] = message;
    const payload = message.subarray(1);
    if (channel === channels.status && payload.byteLength > 0 && ending === undefined) readStatus(payload);
    const bytes = output.take(channel, payload);
    if (output.isCut()) end(undefined);
    return bytes;
  }

  function readStatus(payload: Uint8Array) {
    status = Buffer.concat([status, payload]);
    ending = readEnding(status, mask);
    if (ending !== undefined) setTimeout(() => upstream.close(), MILLISECONDS_TO_CLOSE).unref();
    else if (status.byteLength > MOST_STATUS) end(new Problem('target-unavailable', { reason: 'status-unreadable' }));
  }

  /** Flushed before the status, so that a client that leaves at the status has all. */
  function* rest(): Generator<Message> {
    for (const bytes of output.rest()) yield { bytes };
    yield lastOf();
  }

  function lastOf(): Message {
    if (ending !== undefined && problem === undefined) {
      const { exit, bytes, isSuccess } = ending;
      if (exit !== undefined) transcript.exit(exit);
      const isRefused = !isSuccess && exit === undefined;
      const refused = isRefused && { problem: new Problem('target-rejected', { reason: 'not-started' }) };
      return { bytes: frame(channels.status, bytes), last: true, ...refused };
    }
    if (output.isCut()) {
      const detail = 'There is more output than policy allows here; the rest was cut off.';
      return { bytes: frame(channels.status, endingOf(new Problem('too-large', { detail }))), last: true };
    }
    const detail = 'The connection ended before the program told how it ended.';
    const why = problem ?? new Problem('target-unavailable', { detail, reason: 'broken-off' });
    return { bytes: frame(channels.status, endingOf(why)), last: true, problem: why };
  }

  async function* said(): AsyncGenerator<Message, undefined> {
    try {
      for await (const message of upstream.messages) {
        if (isOver) break;
        const bytes = read(message);
        if (bytes !== undefined) yield { bytes };
      }
    } catch (thrown) {
      // How a connection ends on which all was told matters to nobody.
      if (ending === undefined) problem ??= new Problem('target-unavailable', { reason: 'broken-off', cause: thrown });
    } finally {
      signal.removeEventListener('abort', abort);
      isOver = true;
    }
    yield* rest();
  }

  async function send(message: Uint8Array): Promise<void> {
    if (isOver) return;
    const [channel] = message;
    const payload = message.subarray(1);
    switch (channel) {
      case undefined:
        return;
      case channels.stdin:
        if (!plan.stdin || inputEnded || payload.byteLength === 0) return;
        transcript.input(payload);
        return upstream.send(message);
      case channels.resize:
        return resize(payload);
      case channels.close:
        if (protocol === V5 && payload.byteLength === 1 && payload[0] === channels.stdin) return endInput();
        return end(new Problem('bad-request', { detail: 'Only the input can be closed.' }));
      default:
        return end(new Problem('bad-request', { detail: 'This channel is not one that a client may speak on.' }));
    }
  }

  async function resize(payload: Uint8Array): Promise<void> {
    const wanted = readSize(payload);
    if (!terminal || wanted === undefined) return;
    transcript.resize(wanted.columns, wanted.rows);
    return upstream.send(writeSize(wanted));
  }

  async function endInput(): Promise<void> {
    if (!plan.stdin || inputEnded) return;
    inputEnded = true;
    if (upstream.protocol === V5) return upstream.send(frame(channels.close, Buffer.of(channels.stdin)));
    warnings.push('This API server cannot be told that the input has ended; a program that waits for its end goes on.');
  }

  const findings = () => merged([...transcript.findings(), ...found]);
  return {
    form: 'duplex',
    protocol,
    messages: leftBy(said, () => upstream.close()),
    send,
    summary: () => ({
      truncated: output.isCut(),
      findings: findings(),
      ...(warnings.length > 0 && { warnings }),
      ...(ending?.exit !== undefined && { exit: ending.exit }),
    }),
  };
}

/**
 * By WebSocket; where there is input and the server does not know the version that can tell its end, by what came before. A handshake that
 * is refused has run nothing.
 */
async function openUpstream(plan: SessionPlan, { webSocket, spdy }: Way): Promise<WebSocketChannel> {
  try {
    return await webSocket(plan.stdin ? [V5] : [V5, V4]);
  } catch (thrown) {
    if (!plan.stdin || !isUnknown(thrown)) throw refusalOf(thrown);
  }
  try {
    return await askOverSpdy(await spdy(V4), plan);
  } catch (thrown) {
    throw refusalOf(thrown);
  }
}

/** What a server answers that does not know the subprotocol: it depends on its age. */
const isUnknown = (thrown: unknown) =>
  thrown instanceof Refused ? [400, 403, 426, 500].includes(thrown.status) : isDisagreed(thrown);

const isDisagreed = (thrown: unknown) => thrown instanceof Problem && thrown.reason === 'no-subprotocol';

function merged(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  for (const { class: name, count } of findings) counts.set(name, (counts.get(name) ?? 0) + count);
  return [...counts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, count]) => ({ class: name, count }));
}
