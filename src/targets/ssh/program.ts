import type { Limits } from '../../model/documents.ts';
import { Problem } from '../../model/problem.ts';
import { channels, PROGRAM, type ProgramEnding, readSize, writeEnding } from '../../model/program.ts';
import type { Duplex, Message } from '../../model/result.ts';
import type { OpenTranscript } from '../../model/transcript.ts';
import { endOf } from '../../platform/ended.ts';
import { unknownEnd } from '../../platform/giving-up.ts';
import { leftBy } from '../../platform/left-by.ts';
import { createProgramOutput } from '../../platform/program-output.ts';
import type { Link } from './connect.ts';
import { endProgram } from './end-program.ts';
import { openProgramChannel, type ProgramPlan } from './open-channel.ts';
import { writeTo } from './write-to.ts';

export type Running = {
  signal: AbortSignal;
  limits: Limits;
  transcript: OpenTranscript;
  /** Called once it is over: whether the connection can be used for something else. */
  release: (reusable: boolean) => void;
};

/**
 * A program on the host, its input and output. Output leaves masked, all of it before the status that tells how the program ended; input is kept
 * masked and passed on as it is. Whatever ends it early ends the program on the host; where the host does not say that it has, the outcome
 * is not known.
 */
export async function openProgram(link: Link, plan: ProgramPlan, running: Running): Promise<Duplex> {
  const { signal, limits, release } = running;
  const { channel, incoming, ended } = await openProgramChannel(link, plan, signal);
  const { terminal } = plan;
  const transcript = running.transcript({
    terminal: terminal !== undefined,
    ...(terminal !== undefined && { columns: terminal.columns, rows: terminal.rows }),
    ...(plan.kind === 'command' && { command: plan.recorded }),
  });
  const output = createProgramOutput(transcript, limits.bytes);
  let isOver = false;
  let inputEnded = !plan.attached || (plan.kind === 'command' && plan.deaf === true);
  const warnings: string[] = [];
  let problem: Problem | undefined;
  let ending: Promise<boolean> | undefined;

  /** Ends the program where it has not ended by itself; true once the host has said so. */
  function end(why?: Problem): Promise<boolean> {
    problem ??= why;
    isOver = true;
    ending ??= endProgram(link, channel, incoming);
    return ending;
  }
  const abort = () => void end(endOf(signal));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  else if (inputEnded) channel.end(plan.kind === 'command' ? plan.stdin : undefined);

  /** A program that says much does not go on for long when nobody listens. */
  function unconfirmed() {
    if (output.isCut()) warnings.push('The host has not confirmed that the program stopped.');
    else problem = unknownEnd(problem);
  }

  async function* said(): AsyncGenerator<Message, undefined> {
    try {
      for (let piece = await incoming.next(); piece !== undefined && !isOver; piece = await incoming.next()) {
        const bytes = output.take(piece.channel, piece.bytes);
        if (output.isCut()) await end();
        if (bytes !== undefined) yield { bytes };
      }
    } finally {
      signal.removeEventListener('abort', abort);
      const isEnded = await (ending ?? Promise.resolve(ended.how !== undefined));
      isOver = true;
      release(isEnded && !link.gone.aborted);
      if (!isEnded && ending !== undefined) unconfirmed();
    }
    for (const bytes of output.rest()) yield { bytes };
    yield lastOf();
  }

  function lastOf(): Message {
    if (problem === undefined && output.isCut())
      return last({
        problem: { code: 'too-large', detail: 'There is more output than policy allows here; the rest was cut off.' },
      });
    if (problem === undefined && ended.how !== undefined) {
      if ('exit_status' in ended.how) transcript.exit(ended.how.exit_status);
      return last(ended.how);
    }
    const detail = 'The connection ended before the host told how the program ended.';
    const why = problem ?? new Problem('target-unavailable', { detail, reason: 'broken-off' });
    return {
      ...last({ problem: { code: why.code, ...(why.detail !== undefined && { detail: why.detail }) } }),
      problem: why,
    };
  }

  async function send(message: Uint8Array): Promise<void> {
    if (isOver || link.gone.aborted) return;
    const payload = message.subarray(1);
    switch (message[0]) {
      case undefined:
        return;
      case channels.stdin:
        if (inputEnded || payload.byteLength === 0) return;
        transcript.input(payload);
        return writeTo(channel, payload, link.gone);
      case channels.resize:
        return resize(payload);
      case channels.close:
        if (payload.byteLength === 1 && payload[0] === channels.stdin) return endInput();
        return void end(new Problem('bad-request', { detail: 'Only the input can be closed.' }));
      default:
        return void end(new Problem('bad-request', { detail: 'This channel is not one that a client may speak on.' }));
    }
  }

  function resize(payload: Uint8Array) {
    const size = readSize(payload);
    if (terminal === undefined || size === undefined) return;
    transcript.resize(size.columns, size.rows);
    channel.setWindow(size.rows, size.columns, 0, 0);
  }

  function endInput() {
    if (inputEnded) return;
    inputEnded = true;
    channel.end();
  }

  return {
    form: 'duplex',
    protocol: PROGRAM,
    messages: leftBy(said, async () => release((await end()) && !link.gone.aborted)),
    send,
    summary: () => ({
      truncated: output.isCut(),
      findings: transcript.findings(),
      ...(warnings.length > 0 && { warnings }),
      ...(ended.how !== undefined && 'exit_status' in ended.how && { exit: ended.how.exit_status }),
    }),
  };
}

const last = (how: ProgramEnding): Message => ({ bytes: writeEnding(how), last: true });
