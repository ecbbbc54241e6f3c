import type { Finding } from '../evidence/evidence.ts';
import { type Paint, printable } from './terminal.ts';
import { wrapped } from './wrapped.ts';

/** At most so many are shown; all are counted. */
const most = 50;

/** Findings as people read them: what, where, and why, a line each. */
export function findingsTable(
  findings: readonly Finding[],
  { paint, width, found }: { paint: Paint; width: number; found: number },
): string {
  if (found === 0) return '';
  const shown = findings.slice(0, most).map((finding) => ({
    kind: finding.kind,
    place: printable(placeOf(finding)),
    detail: printable(finding.detail),
  }));
  const kind = Math.max(4, ...shown.map((row) => row.kind.length));
  const place = Math.max(5, ...shown.map((row) => row.place.length));
  const lines = shown.flatMap((row) => {
    const [first = '', ...more] = wrapped(row.detail, width - kind - place - 4);
    const indent = ' '.repeat(kind + place + 4);
    return [
      `${paint('red', row.kind.padEnd(kind))}  ${row.place.padEnd(place)}  ${first}`,
      ...more.map((line) => indent + line),
    ];
  });
  const head = paint('bold', `${'WHAT'.padEnd(kind)}  ${'WHERE'.padEnd(place)}  WHY`);
  const rest = found - shown.length;
  return [head, ...lines, ...(rest > 0 ? [paint('dim', `… and ${rest} more`)] : []), ''].join('\n');
}

function placeOf({ chain, seq, to_seq, event_id, checkpoint, file }: Finding): string {
  const rows = seq === undefined ? '' : to_seq === undefined || to_seq === seq ? `#${seq}` : `#${seq}–${to_seq}`;
  const parts = [
    file,
    chain === undefined ? undefined : `${chain}${rows}`,
    event_id,
    checkpoint === undefined ? undefined : `checkpoint ${checkpoint}`,
  ];
  return parts.filter((part) => part !== undefined).join(' ') || '–';
}
