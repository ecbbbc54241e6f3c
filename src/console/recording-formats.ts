import { csvOf } from './csv.ts';
import type { OperationSight } from './replays.ts';

/** An operation with what is kept of its answer, as JSON: cells as they stood, to the last digit; of a session its asciicast. */
export function recordingJson({ operation, recorded, live }: OperationSight): string {
  const { content, rows, ...told } = recorded;
  const kept = { ...told, ...(recorded.session !== undefined && { cast: content }), ...(live && { live: true }) };
  const head = JSON.stringify({ operation, recording: kept }).slice(0, -2);
  return `${head},"rows":[${rows.map((row) => `[${row.join(',')}]`).join(',')}]}}`;
}

/** A table that no spreadsheet takes for formulas. */
export function recordingCsv({ recorded }: OperationSight): string {
  return csvOf(
    recorded.columns.map(({ name }) => name),
    recorded.rows.map((row) => row.map(valueOfCell)),
  );
}

/** `op_….csv`; one that is not what it was says so in its name. */
export function fileName({ operation, recorded }: OperationSight, extension: string): string {
  return `${operation.operation}${recorded.state === 'intact' ? '' : `-${recorded.state}`}.${extension}`;
}

/** Of a cell's JSON: text, truth, or a number where it is exact; anything else as it stands. */
export function valueOfCell(cell: string): unknown {
  if (cell.startsWith('"') || cell === 'null' || cell === 'true' || cell === 'false') return JSON.parse(cell);
  const number = Number(cell);
  return String(number) === cell ? number : cell;
}
