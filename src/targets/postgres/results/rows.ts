import type { Batch } from '../../../model/result.ts';
import type { RowSink } from '../session/row-tap.ts';
import { createOutput, type Output, reserve, writeAscii, writeByte } from './output.ts';
import type { Writer } from './values.ts';

export type RowsOptions = {
  /** Of each column: how it is written, and whether detectors are to look at it. */
  columns: readonly { write: Writer; mayHoldText: boolean }[];
  maxRows: number;
  /** Of JSON. */
  maxBytes: number;
  /** Called with each batch that is full. */
  onBatch: (batch: Batch) => void;
  /** Called when rows come in vain that are not few: beyond a limit, all of a batch is still on its way. */
  onWaste: () => void;
};

export type Rows = RowSink & {
  /** Hands over what there is, however little. */
  flush(): void;
  /** Whether there were more rows than the limits allow, or one too long. */
  truncated(): boolean;
};

/** Bytes at which a batch is full. */
const full = 256 * 1024;
/** What a small answer takes. Eight times that, and that again, and twice that hold a full batch and a row more. */
const small = 2304;

/** Rows as they come from the server, written as lines of JSON until a limit is reached. */
export function createRows({ columns, maxRows, maxBytes, onBatch, onWaste }: RowsOptions): Rows {
  let output = createOutput(0);
  let texts: number[] = [];
  let rows = 0;
  let before = { rows: 0, bytes: 0 };
  let truncated = false;
  let wasted = 0;

  function flush() {
    if (rows === 0) return;
    const batch = { bytes: output.bytes.subarray(0, output.length), rows, texts };
    before = { rows: before.rows + rows, bytes: before.bytes + output.length };
    texts = [];
    rows = 0;
    onBatch(batch);
  }

  function take(source: Buffer, start: number, end: number) {
    if (truncated) return waste(end - start);
    if (before.rows + rows >= maxRows) return stop();
    if (rows === 0) output = createOutput(small);
    const length = output.length;
    const known = texts.length;
    writeRow(output, texts, source, start, columns);
    if (before.bytes + output.length > maxBytes) {
      output.length = length;
      texts.length = known;
      return stop();
    }
    rows++;
    if (output.length >= full) flush();
  }

  function stop() {
    truncated = true;
  }

  function waste(bytes: number) {
    wasted += bytes;
    if (wasted > full) onWaste();
  }

  function skip() {
    stop();
    onWaste();
  }

  return { take, skip, flush, truncated: () => truncated };
}

/** The message DataRow: how many values, then of each its length (-1 for NULL) and its text. */
function writeRow(output: Output, texts: number[], source: Buffer, start: number, columns: RowsOptions['columns']) {
  let at = start + 2;
  for (let index = 0; index < columns.length; index++) {
    const length = source.readInt32BE(at);
    const column = columns[index];
    at += 4;
    writeByte(output, index === 0 ? 0x5b : 0x2c);
    if (length < 0 || column === undefined) {
      writeAscii(output, 'null');
      continue;
    }
    const from = output.length;
    column.write(output, source, at, at + length);
    if (column.mayHoldText) texts.push(from, output.length);
    at += length;
  }
  reserve(output, 3);
  if (columns.length === 0) writeByte(output, 0x5b);
  writeByte(output, 0x5d);
  writeByte(output, 0x0a);
}
