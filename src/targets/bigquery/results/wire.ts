import type { Cell, WireRow } from '../api/answers.ts';
import { withheld } from '../api/refused.ts';
import type { Field } from '../plan.ts';
import { mayHoldText, type Written } from './written.ts';

/** A row as BigQuery's own API has it: `{"f": [{"v": …}]}`. It is written anew, so that nothing stands in it that its schema does not tell of. */
export function writeWireRow(written: Written, fields: readonly Field[], { f }: WireRow): void {
  written.add('{"f":[');
  for (const [index, field] of fields.entries()) {
    written.add(index === 0 ? '{"v":' : ',{"v":');
    writeCell(written, field, f[index]?.v ?? null);
    written.add('}');
  }
  written.add(']}');
}

function writeCell(written: Written, field: Field, cell: Cell): void {
  if (cell === null) {
    written.add('null');
    return;
  }
  if (field.mode === 'REPEATED') {
    if (!Array.isArray(cell)) throw misfit();
    written.add('[');
    for (const [index, { v }] of cell.entries()) {
      written.add(index === 0 ? '{"v":' : ',{"v":');
      writeCell(written, { ...field, mode: 'NULLABLE' }, v);
      written.add('}');
    }
    written.add(']');
    return;
  }
  if (field.type === 'STRUCT') {
    if (typeof cell === 'string' || Array.isArray(cell)) throw misfit();
    writeWireRow(written, field.fields ?? [], cell);
    return;
  }
  if (typeof cell !== 'string') throw misfit();
  if (mayHoldText(field.type)) written.addText(JSON.stringify(cell));
  else written.add(JSON.stringify(cell));
}

const misfit = () => withheld('answer', 'BigQuery answered a value that does not fit its type.');
