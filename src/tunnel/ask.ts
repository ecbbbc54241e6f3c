import type { DuplexAnswer, Gateway, Reply } from '../gateway.ts';
import type { Approval } from '../model/approval.ts';
import type { Call } from '../model/call.ts';
import { Problem } from '../model/problem.ts';

/** Seconds for which a command is held while a human decides. */
const HELD_SECONDS = 240;

/** What a channel of a tunnel asks for, in the words of its target; all else of the call is the tunnel's. */
export type Ask = (
  request: object,
  options: {
    /** What the answer is to speak. */
    protocol: string;
    /** Aborted when the channel is gone. */
    signal: AbortSignal;
    /** Told at once where a human must decide first; the answer is then waited for. */
    onWaiting: (approval: Approval, seconds: number) => void;
  },
) => Promise<DuplexAnswer>;

/** Each call goes through the whole flow, with the tunnel's own token, which is looked at anew. Throws a `Problem`. */
export function createAsk(gateway: Gateway, tunnel: Call): Ask {
  return async (request, { protocol, signal, onWaiting }) => {
    const call: Call = { ...tunnel, request, signal, wait: 0 };
    const first = await gateway.handle(call);
    if (first.state !== 'waiting') return answerOf(first, protocol);
    onWaiting(first.approval, HELD_SECONDS);
    return answerOf(await gateway.handle({ ...call, wait: HELD_SECONDS }), protocol);
  };
}

async function answerOf(reply: Reply, protocol: string): Promise<DuplexAnswer> {
  if (reply.state === 'waiting') {
    const detail = 'Nobody has decided yet; give the same command again.';
    throw new Problem('approval-pending', { detail, operation: reply.operation });
  }
  if (reply.state !== 'done') throw new Problem('internal');
  const { answer, operation } = reply;
  if (answer.form === 'duplex' && answer.protocol === protocol) return answer;
  await answer.cancel();
  throw new Problem('internal', { operation });
}
