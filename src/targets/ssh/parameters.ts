import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { sealFound } from '../../masking/masking.ts';
import type { Seal } from '../../model/seal.ts';
import { quoteWords, recordable } from '../../shell/shell.ts';
import type { Terminal } from './request.ts';

/** What goes with a command beside its text; all of it is part of what is approved. */
export type Accompanying = {
  kind: 'command' | 'shell';
  terminal?: Terminal;
  environment: readonly (readonly [name: string, value: string])[];
  /** `live`: whatever comes while it runs. */
  input: 'none' | 'live' | Uint8Array;
};

/** Bytes of an input that a human is shown; of a longer one the digest stands for it. */
const MOST_SHOWN = 16 * 1024;

/**
 * As approvers see it, and as the trail may hold it: of an input its size alone, and a seal by which equal ones can be told. How large a
 * terminal is matters to nobody.
 */
export function parametersOf(
  { kind, terminal, environment, input }: Accompanying,
  seal: Seal,
): { parameters: unknown[]; recorded: unknown[] } {
  const isGiven = typeof input !== 'string';
  const size = isGiven ? { bytes: input.byteLength } : undefined;
  const around = { kind, ...(terminal !== undefined && { terminal: terminal.term }) };
  const of = (named: Accompanying['environment']) =>
    named.length > 0 ? { environment: Object.fromEntries(named) } : {};
  const told = { ...size, ...(isGiven && { sha256: createHash('sha256').update(input).digest('hex') }) };
  const sealed = { ...size, ...(isGiven && { sealed: seal('INPUT', Buffer.from(input).toString('base64')) }) };
  const sealedEnvironment = environment.map(([name, value]) => [name, sealNamed(name, value, seal)] as const);
  return {
    parameters: [{ ...around, ...of(environment), input: isGiven ? told : input }, ...shownOf(input)],
    recorded: [{ ...around, ...of(sealedEnvironment), input: isGiven ? sealed : input }],
  };
}

function shownOf(input: Accompanying['input']): unknown[] {
  if (typeof input === 'string' || input.byteLength === 0 || input.byteLength > MOST_SHOWN) return [];
  const bytes = Buffer.from(input);
  return [isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }];
}

/** A value by itself does not say what it is; with the name of its variable it does. */
function sealNamed(name: string, value: string, seal: Seal): string {
  const [sealed = ''] = recordable([`${name}=${value}`], seal);
  return sealText(sealed.slice(name.length + 1), seal);
}

/** A text as the trail may hold it: what detectors recognise in it is sealed. */
export const sealText = (text: string, seal: Seal): string => sealFound(text, seal);

/** A command as the trail may hold it: passwords, tokens and keys among its arguments are sealed, too. */
export function sealCommand(command: readonly string[] | string, seal: Seal): string {
  return sealText(
    typeof command === 'string' ? recordable(command, seal) : quoteWords(recordable(command, seal)),
    seal,
  );
}
