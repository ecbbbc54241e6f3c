import { z } from 'zod';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { type DiffLine, diffDocuments } from '../policy/policy.ts';
import type { ConsoleClient } from './console-client.ts';
import { BadFiles } from './policy-files.ts';
import { type Paint, printable, type Terminal } from './terminal.ts';

const document = z.record(z.string(), z.unknown()).nullable();

/** One change, as the console's API tells of it. */
export const changeSchema = z.object({
  time: z.string(),
  kind: z.enum(documentKinds),
  name: z.string(),
  change: z.enum(['created', 'changed', 'removed']),
  outcome: z.enum(['made', 'not made', 'not known']),
  source: z.enum(['console', 'outside']),
  before: document,
  after: document,
  author: z.string().nullable(),
  in_force_from: z.string().nullable(),
  in_force_to: z.string().nullable(),
  in_force_by: z.enum(['decision', 'write']).nullable(),
  event_id: z.string(),
});
type Change = z.output<typeof changeSchema>;

export type HistoryOptions = {
  console: ConsoleClient;
  /** `kind` or `kind/name`; all documents without it. */
  place?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit?: string | undefined;
};

/** Shows what became of the documents, the newest change first. Exit status 0. */
export async function history(terminal: Terminal, { console, place, ...filter }: HistoryOptions): Promise<number> {
  const changes = await console.history({ ...placeOf(place), ...filter });
  if (changes.length === 0) terminal.write('No change is recorded.\n');
  for (const change of changes) terminal.write(`${changeText(change, terminal.paint)}\n`);
  return 0;
}

function placeOf(place: string | undefined): { kind?: DocumentKind; name?: string } {
  if (place === undefined) return {};
  const [given = '', name, ...more] = place.split('/');
  const kind = documentKinds.find((each) => each === given);
  if (kind === undefined || name === '' || more.length > 0)
    throw new BadFiles([`Name a document as ${documentKinds.join(', ')}, with /name for one: policies/readers.`]);
  return { kind, ...(name !== undefined && { name }) };
}

const colours = { created: 'green', changed: 'yellow', removed: 'red' } as const;

function changeText(change: Change, paint: Paint): string {
  const { kind, name, time, author, event_id } = change;
  const who = author ?? 'somebody outside the console';
  return [
    `${paint('bold', printable(`${kind}/${name}`))} ${paint(colours[change.change], change.change)} by ${printable(who)} at ${time}`,
    `  ${forceText(change)}`,
    `  ${paint('dim', event_id)}`,
    ...diffDocuments(change.before, change.after).map((line) => `    ${lineText(line, paint)}`),
    '',
  ].join('\n');
}

function forceText({ outcome, in_force_from: from, in_force_to: to, in_force_by: by }: Change): string {
  if (outcome === 'not made' || from === null) return 'was not made';
  const doubt = outcome === 'not known' ? 'it is not known whether it was made; if so, ' : '';
  const since =
    by === 'decision'
      ? `in force from ${from}, when a gateway first decided by it`
      : `written at ${from}; nothing was decided by it yet`;
  return `${doubt}${since}${to === null ? '' : `, to ${to}`}`;
}

function lineText({ sign, text }: DiffLine, paint: Paint): string {
  const line = `${sign} ${printable(text)}`.trimEnd();
  if (sign === '+') return paint('green', line);
  return sign === '-' ? paint('red', line) : line;
}
