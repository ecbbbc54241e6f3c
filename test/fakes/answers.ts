import type { Reply, RowsAnswer } from '../../src/gateway.ts';

/** The rows of a reply that must be done. */
export function rowsAnswerOf(reply: Reply): RowsAnswer {
  if (reply.state !== 'done') throw new Error(`The reply is ${reply.state}.`);
  if (reply.answer.form !== 'rows') throw new Error(`The answer is ${reply.answer.form}.`);
  return reply.answer;
}
