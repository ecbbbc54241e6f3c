import { disagrees, isNew, type Proposal, tablesUnread } from './proposal.ts';
import { type Paint, printable } from './terminal.ts';

const colours = { high: 'green', medium: 'yellow', low: 'dim' } as const;
const isLevel = (text: string | null): text is keyof typeof colours => text !== null && text in colours;

/** The proposals as people read them: one line for each column that would be classified, and what else to look at. */
export function proposalTable(
  proposals: readonly Proposal[],
  { paint, width }: { paint: Paint; width: number },
): string {
  const shown = proposals.filter(isNew).map((proposal) => ({
    ...proposal,
    name: printable(`${proposal.table}.${proposal.column}`),
    kind: printable(proposal.type),
    className: printable(proposal.proposed ?? ''),
  }));
  const longest = (key: 'name' | 'kind' | 'className', least: number) =>
    Math.max(least, ...shown.map((row) => row[key].length));
  const [name, kind, className] = [longest('name', 6), longest('kind', 4), longest('className', 5)];
  const head = `${'COLUMN'.padEnd(name)}  ${'TYPE'.padEnd(kind)}  ${'CLASS'.padEnd(className)}  SURE    WHY`;
  const lines = shown.map((row) => {
    const start = `${row.name.padEnd(name)}  ${row.kind.padEnd(kind)}  ${row.className.padEnd(className)}  `;
    const level = isLevel(row.confidence) ? row.confidence : 'low';
    const rest = clipped(printable(row.reason), width - start.length - 8);
    return `${start}${paint(colours[level], level.padEnd(6))}  ${rest}`;
  });
  const table = lines.length === 0 ? [] : [paint('bold', head), ...lines, ''];
  return [...table, ...remarks(proposals), summary(proposals, shown.length, paint), ''].join('\n');
}

/** At least some letters stay, however narrow the terminal. */
const clipped = (text: string, width: number) =>
  text.length <= Math.max(width, 20) ? text : `${text.slice(0, Math.max(width, 20) - 1)}…`;

function remarks(proposals: readonly Proposal[]): string[] {
  const differing = proposals
    .filter(disagrees)
    .map(({ table, column, current, proposed }) =>
      printable(`${table}.${column} is ${current} in force and looks like ${proposed}; it stays as it is.`),
    );
  const unread = tablesUnread(proposals).map((table) =>
    printable(`${table} could not be read, so nothing is said of it.`),
  );
  return [...differing, ...unread];
}

function summary(proposals: readonly Proposal[], found: number, paint: Paint): string {
  const tables = new Set(proposals.map(({ table }) => table)).size;
  return `${paint('bold', `${found} of ${proposals.length} columns`)} in ${tables} ${tables === 1 ? 'table' : 'tables'} would be classified anew.`;
}
