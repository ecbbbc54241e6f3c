import { invalidQuery } from '../errors.ts';
import { apiType, type Field } from '../schema.ts';
import type { Cursor } from './cursor.ts';

/** Reads a GoogleSQL type such as `ARRAY<STRUCT<k STRING, v INT64>>` or `NUMERIC(10, 2)`. Refuses what the emulator does not hold. */
export function readType(cursor: Cursor, name = ''): Field {
  if (cursor.takeWords('ARRAY')) {
    cursor.expectSymbol('<');
    const element = readType(cursor, name);
    cursor.expectSymbol('>');
    if (element.mode === 'REPEATED') throw invalidQuery('Cannot construct array with element type ARRAY');
    return { ...element, mode: 'REPEATED' };
  }
  if (cursor.takeWords('STRUCT')) return { name, type: 'RECORD', mode: 'NULLABLE', fields: readStruct(cursor) };
  const at = cursor.at();
  const written = cursor.identifier();
  const type = apiType(written);
  if (!type) throw invalidQuery(`Type not found: ${written} at ${at}`);
  if (cursor.takeSymbol('(')) skipPrecision(cursor);
  return { name, type, mode: 'NULLABLE' };
}

function readStruct(cursor: Cursor): Field[] {
  cursor.expectSymbol('<');
  const fields: Field[] = [];
  do {
    const next = cursor.peek(1);
    const named = next.kind === 'word' || next.kind === 'quoted';
    fields.push(readType(cursor, named ? cursor.identifier() : `_field_${fields.length + 1}`));
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol('>');
  return fields;
}

/** `STRING(10)`, `NUMERIC(10, 2)`: read and not enforced. */
function skipPrecision(cursor: Cursor): void {
  do {
    if (cursor.peek().kind !== 'integer') throw cursor.unexpected('integer literal');
    cursor.next();
  } while (cursor.takeSymbol(','));
  cursor.expectSymbol(')');
}
