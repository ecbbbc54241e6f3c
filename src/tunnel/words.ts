import type { Approval } from '../model/approval.ts';
import { Problem, type ProblemCode, problems } from '../model/problem.ts';

/** Exit statuses of a shell's own: a command that may not run, and for SSH a connection that broke (OpenSSH's ssh(1)). */
const REFUSED = 126;
export const BROKEN = 255;

/** What may have run, in part or whole. */
const ran = new Set<ProblemCode>([
  'timeout',
  'too-large',
  'outcome-unrecorded',
  'internal',
  'answer-unreadable',
  'target-unavailable',
  'target-timeout',
]);

/** The exit status of a program that did not end by itself: 126 where it was refused, else 255. */
export const exitOf = (code: string): number => (isCode(code) && !ran.has(code) ? REFUSED : BROKEN);

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);

/** A problem in words for whoever sits at the terminal; nothing of it is for the trail alone. */
export function wordsOf({ message, detail, operation }: Pick<Problem, 'message' | 'detail' | 'operation'>): string {
  return told(
    `${message}${detail === undefined ? '' : ` ${detail}`}${operation === undefined ? '' : ` (${operation})`}`,
  );
}

/** How a program ended that did not by itself. */
export function endingWords({ code, detail }: { code: string; detail?: string | undefined }): string {
  return isCode(code) ? wordsOf(new Problem(code, detail === undefined ? {} : { detail })) : told(code);
}

/** Who must decide, and where, while the command waits for it. */
export function waitingWords(approval: Approval, url: string, seconds: number): string {
  const approvers = [...new Set(approval.requirements.flatMap((requirement) => requirement.approvers))].join(', ');
  return told(`${approvers} must approve this at ${url}. Waiting, at most ${Math.round(seconds / 60)} minutes.`);
}

/** Without what a terminal would obey. */
function told(text: string): string {
  return `sallyport: ${text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')}`;
}
