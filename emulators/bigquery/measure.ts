import { type CatalogTable, storedName } from './catalog.ts';
import type { Database } from './engine.ts';
import { isOf, plannedScans } from './partition-filter.ts';
import { isRepeated, quoted } from './schema.ts';
import { byteWidth } from './size.ts';
import { rowCount } from './tables.ts';

/** Bytes of a STRING beside its text, and of a BYTES or JSON value. Source: BigQuery docs, "Data type sizes". */
const BESIDE_TEXT = 2;

/**
 * The bytes that a query reads of its tables. Texts of the columns it reads are counted as they are, so that the sum tells of their lengths, as
 * the service's does; what lies within records and arrays, and all of a statement that is not planned as a query, is estimated.
 */
export async function measuredBytes(db: Database, sql: string, tables: readonly CatalogTable[]): Promise<number> {
  const scans = await plannedScans(db, sql);
  let bytes = 0;
  for (const table of tables.filter(({ type }) => type === 'TABLE')) {
    const read = scans.filter((scan) => isOf(scan, table)).flatMap(({ columns, filters }) => [...columns, ...filters]);
    const fields = table.fields.filter(({ name }) => read.some((text) => mentions(text, name)));
    const texts = fields.filter((field) => field.type === 'STRING' && !isRepeated(field));
    bytes += (await rowCount(db, table)) * byteWidth(fields.filter((field) => !texts.includes(field)));
    for (const { name } of texts) bytes += await textBytes(db, table, name);
  }
  return bytes;
}

async function textBytes(db: Database, table: CatalogTable, name: string): Promise<number> {
  const { rows } = await db.read(
    `SELECT coalesce(sum(strlen(${quoted(name)}) + ${BESIDE_TEXT}), 0) FROM ${storedName(table.reference)}`,
  );
  return Number(rows[0]?.[0]);
}

const mentions = (text: string, name: string) =>
  new RegExp(`(?<!\\w)${name.replace(/\W/g, '\\$&')}(?!\\w)`, 'i').test(text);
