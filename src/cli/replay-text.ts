import type { OperationShown, RecordingShown, SessionShown } from './replay-client.ts';
import { type Paint, printable } from './terminal.ts';

type Look = { paint: Paint; width: number };
type Colour = Parameters<Paint>[0];

const colours: Record<string, Colour> = {
  completed: 'green',
  ...{ failed: 'red', unknown: 'red', denied: 'red', refused: 'red' },
  ...{ held: 'yellow', running: 'yellow', expired: 'yellow' },
};

/** A session as its operations, two or three lines each. Nothing that an agent wrote moves the cursor or changes a colour. */
export function sessionText({ session, from, to, operations }: SessionShown, { paint, width }: Look): string {
  const callers = [...new Set(operations.map(({ principal }) => principal?.member ?? 'nobody known'))];
  const lines = operations.flatMap((told) => [
    '',
    `${paint('dim', told.asked_at)}  ${outcomeOf(told, paint)}  ${told.verb ?? 'a request'} on ${printable(told.connection ?? '–')}  ${paint('dim', extentOf(told))}`,
    ...(callers.length > 1 ? [`  by ${printable(told.principal?.member ?? 'nobody known')}`] : []),
    `  ${clipped(printable((told.statement ?? '').replaceAll(/\s+/g, ' ')), width - 2)}`,
    `  ${paint('dim', told.operation)}${told.why === null ? '' : `  ${printable(told.why)}`}`,
  ]);
  const shared = callers.length > 1 ? [paint('yellow', `${callers.length} identities used this name.`)] : [];
  return `${[
    paint('bold', printable(session)),
    `${callers.map(printable).join(', ')}`,
    paint('dim', `${operations.length} ${operations.length === 1 ? 'operation' : 'operations'} from ${from} to ${to}`),
    ...shared,
    ...lines,
  ].join('\n')}\n`;
}

/** One operation: who, when, what, decision, statement and the answer. */
export function operationText({ operation: told, recording }: RecordingShown, look: Look & { rows: number }): string {
  const { paint } = look;
  const fact = (name: string, value: string) => (value === '' ? [] : [`${paint('dim', name.padEnd(10))} ${value}`]);
  const { agent, decision, approval, masks } = told;
  return `${[
    `${paint('bold', printable(told.principal?.member ?? 'Nobody known'))} asked to ${paint('bold', told.verb ?? 'do something')} on ${printable(told.connection ?? '–')}  ${outcomeOf(told, paint)}`,
    ...fact('when', `${told.asked_at}${told.ended_at === null ? '' : ` – ${told.ended_at}`}  ${extentOf(told)}`),
    ...fact('session', printable(told.session ?? '')),
    ...fact('agent', agent === null ? '' : agentOf(agent)),
    ...fact('why', printable(agent?.reason ?? '')),
    ...fact('risks', told.risks.join(', ')),
    ...fact(
      'decision',
      decision === null
        ? ''
        : `${decision.effect} by ${decision.policies.map(printable).join(', ') || 'no policy'}${decision.unmask.length > 0 ? paint('yellow', `, in the clear: ${decision.unmask.map(printable).join(', ')}`) : ''}`,
    ),
    ...fact('refused', printable(told.why ?? '')),
    ...fact(
      'approval',
      approval === null
        ? ''
        : `${printable(approval.id)} by ${approval.approvers.map(printable).join(', ') || 'nobody yet'}${approval.reason === null ? '' : `: ${printable(approval.reason)}`}`,
    ),
    ...fact('masked', masks.map(({ resource, class: name }) => printable(`${resource} (${name})`)).join(', ')),
    ...fact('detected', told.findings.map(({ class: name, count }) => `${count} × ${printable(name)}`).join(', ')),
    '',
    ...(told.statement ?? '').split('\n').map((line) => `  ${printable(line)}`),
    ...(told.parameters === null || told.parameters === '[]'
      ? []
      : [`  ${paint('dim', `parameters ${printable(told.parameters)}`)}`]),
    '',
    ...answerOf(recording, look),
  ].join('\n')}\n`;
}

function agentOf({ name, model, attested }: NonNullable<OperationShown['agent']>): string {
  const known = [name, model].filter((part) => part !== null).map(printable);
  return known.length === 0 ? '' : `${known.join(', ')} (${attested ? 'attested' : 'self-reported'})`;
}

const outcomeOf = ({ outcome }: OperationShown, paint: Paint) => paint(colours[outcome] ?? 'bold', printable(outcome));

function extentOf({ result, duration_ms }: OperationShown): string {
  const rows = result?.rows ?? null;
  const affected = result?.affected ?? null;
  return [
    rows === null || (rows === 0 && affected !== null) ? '' : `${rows} ${rows === 1 ? 'row' : 'rows'}`,
    affected === null ? '' : `${affected} changed`,
    result?.truncated ? 'truncated' : '',
    duration_ms === null ? '' : `${Math.round(duration_ms.total)} ms`,
  ]
    .filter(Boolean)
    .join(', ');
}

function answerOf(
  recording: RecordingShown['recording'],
  { paint, width, rows: most }: Look & { rows: number },
): string[] {
  const { state, faults, truncated, columns, rows } = recording;
  if (state === 'unrecorded' || state === 'expired') return [paint('dim', faults.join(' '))];
  const wrong = wordsOn(state, faults, paint);
  const { body, session } = recording;
  if (body !== undefined)
    return [...wrong, ...bodyOf(body, { paint, rows: most }), ...(truncated ? [cutShort(paint)] : [])];
  if (session !== undefined)
    return [...wrong, ...sessionFacts(session, paint), ...(truncated ? [cutShort(paint)] : [])];
  const shown = rows.slice(0, most);
  const remarks = [
    rows.length > shown.length ? `${rows.length - shown.length} more rows; --rows shows more.` : '',
    truncated ? 'The answer was longer than what is kept of one.' : '',
  ].filter(Boolean);
  const table =
    columns.length === 0 ? [paint('dim', 'It returned no rows.')] : tableOf(columns, shown, { paint, width });
  return [...wrong, ...table, ...remarks.map((remark) => paint('dim', remark))];
}

const cutShort = (paint: Paint) => paint('dim', 'It was longer than what is kept of one.');

function bodyOf(
  { status, headers, text }: NonNullable<RecordingShown['recording']['body']>,
  { paint, rows }: { paint: Paint; rows: number },
): string[] {
  const lines = text.split('\n').map(printable);
  const more = lines.length - rows;
  return [
    paint('bold', `HTTP ${status}`),
    ...headers.map(([name, value]) => paint('dim', printable(`${name}: ${value}`))),
    '',
    ...lines.slice(0, rows),
    ...(more > 0 ? [paint('dim', `${more} more lines; --rows shows more.`)] : []),
  ];
}

function sessionFacts(
  { command, seconds, exit }: NonNullable<RecordingShown['recording']['session']>,
  paint: Paint,
): string[] {
  const facts = [`a session of ${seconds} s`, exit === undefined ? '' : `that ended with ${printable(exit)}`];
  return [paint('dim', facts.filter(Boolean).join(' ')), ...(command === undefined ? [] : [`$ ${printable(command)}`])];
}

/** Letters of a column at most. */
const widest = 40;

function tableOf(
  columns: RecordingShown['recording']['columns'],
  rows: RecordingShown['recording']['rows'],
  { paint, width }: Look,
): string[] {
  const cells = rows.map((row) => columns.map((_, index) => textOf(row[index])));
  const names = columns.map(({ name, masked }) => printable(`${name}${masked === undefined ? '' : '*'}`));
  const widths = names.map((name, index) =>
    Math.min(widest, Math.max(1, letters(name), ...cells.map((row) => letters(row[index] ?? '')))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => padded(cell, widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  const masked = columns.some((column) => column.masked !== undefined);
  return [
    paint('bold', clipped(line(names), width)),
    ...cells.map((row) => clipped(line(row), width)),
    ...(masked ? [paint('dim', '* masked')] : []),
  ];
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

const letters = (text: string) => [...text].length;

function padded(text: string, length: number): string {
  const cut = clipped(text, length);
  return cut + ' '.repeat(Math.max(0, length - letters(cut)));
}

function clipped(text: string, length: number): string {
  return letters(text) <= Math.max(length, 1) ? text : `${[...text].slice(0, Math.max(length, 1) - 1).join('')}…`;
}

/** What to know of a recording before one reads it. */
function wordsOn(state: RecordingShown['recording']['state'], faults: readonly string[], paint: Paint): string[] {
  if (state === 'intact') return [];
  if (state === 'running')
    return [paint('dim', 'It goes on, and this is what there is so far. --follow shows it as it goes on.')];
  return [
    paint('red', 'THIS IS NOT WHAT WAS RECORDED:'),
    ...faults.map((fault) => paint('red', `  ${printable(fault)}`)),
  ];
}
