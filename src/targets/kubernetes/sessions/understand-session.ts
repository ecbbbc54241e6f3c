import type { Risk } from '../../../model/documents.ts';
import type { Seal } from '../../../model/seal.ts';
import { recordable, risksOf, type Understanding, understandCommand } from '../../../shell/shell.ts';
import { firstOf, type Query, sealAddress } from '../path.ts';
import { unreadable } from '../refusal.ts';
import { sealText } from '../rules/seal-body.ts';
import type { Parts } from '../statement.ts';
import type { SessionKind, SessionPlan } from './sessions.ts';

/** What a request for a session means beside its verb and the Pod that it touches. */
export type SessionMeaning = {
  risks: readonly Risk[];
  warnings: readonly string[];
  /** What the statement says below the request: the command, and what it does. */
  text: string;
  /** The whole statement as the trail may hold it: secrets among the command's arguments are sealed. */
  recorded(parts: Parts): string;
  plan: SessionPlan;
};

const bestEffort =
  'What a program prints is masked by detectors alone, as nothing says which of it is classified: best effort.';
const copies =
  'This is how kubectl copies files: their contents are masked by detectors alone (best effort), and what is no text passes as it is.';
const uncounted = 'What goes through a forwarded port is neither masked nor recorded: its bytes are counted, no more.';

/**
 * Pure. `query` as it will be sent: truths are `true` or `false`. Refuses an exec without a command, and one whose words hold a NUL.
 */
export function understandSession(
  kind: SessionKind,
  { query, upgrade, seal }: { query: Query; upgrade: { to: string; protocols: readonly string[] }; seal: Seal },
): SessionMeaning {
  const isTrue = (name: string) => firstOf(query, name) === 'true';
  const terminal = isTrue('tty');
  const streams = { stdin: isTrue('stdin'), stdout: isTrue('stdout'), stderr: isTrue('stderr') && !terminal };
  const plan = { kind, ...upgrade, ...streams, terminal };
  if (kind === 'portforward') {
    const text = 'Ports are forwarded; what goes through them is not recorded.';
    return { risks: [], warnings: [uncounted], text, recorded: recordedAs(query, text, seal), plan };
  }
  if (kind === 'attach') {
    const text = `Attached to the main program${how(plan)}.`;
    const risks: Risk[] = plan.stdin ? ['opaque'] : [];
    return { risks, warnings: [bestEffort], text, recorded: recordedAs(query, text, seal), plan };
  }
  return understandExec(plan, query, seal);
}

function understandExec(plan: SessionPlan, query: Query, seal: Seal): SessionMeaning {
  const command = query.flatMap(([name, value]) => (name === 'command' ? [value] : []));
  if (command.length === 0 || command[0] === '') throw unreadable('query', 'Say which command is to be run.');
  const sealed = recordable(command, seal);
  let next = 0;
  const sealedQuery = query.map(
    ([name, value]) => [name, name === 'command' ? (sealed[next++] ?? '') : value] as const,
  );
  const understood = understandCommand(command);
  const recorded = quoted(sealed);
  return {
    risks: risksOf(understood),
    warnings: [isCopy(command) ? copies : bestEffort],
    text: textOf(quoted(command), plan, understood),
    recorded: recordedAs(sealedQuery, textOf(recorded, plan, understood), seal),
    plan: { ...plan, command: recorded },
  };
}

/** `query`: that of the request, with what is sealed. */
const recordedAs =
  (query: Query, text: string, seal: Seal) =>
  (parts: Parts): string => {
    let next = 0;
    const path = sealAddress(parts.address, () => sealText(query[next++]?.[1] ?? '', seal));
    return `${parts.method} ${path}\n\n${sealText(text, seal)}`;
  };

const how = ({ stdin, terminal }: SessionPlan) => `${stdin ? ', with input' : ''}${terminal ? ', in a terminal' : ''}`;

/** Programs that run are told by name alone: their arguments stand in the command. */
function textOf(command: string, plan: SessionPlan, { commands, opaque }: Understanding): string {
  const programs = [...new Set(commands.flatMap(({ words: [program] }) => (program?.literal ? [program.text] : [])))];
  const lines = [`Runs${how(plan)}: ${command}`];
  if (programs.length > 1) lines.push(`Programs in it: ${programs.join(', ')}`);
  if (opaque.length > 0) lines.push(`Not understood: ${opaque.join('; ')}`);
  return lines.join('\n');
}

/** `tar` to or from the other side. */
function isCopy(command: readonly string[]): boolean {
  return command[0] === 'tar' && command.some((word) => /^-?[a-z]*f$/.test(word)) && command.includes('-');
}

/** As one could type it: a list of words, quoted where a shell would need it. */
function quoted(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./«»-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
