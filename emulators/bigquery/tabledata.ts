import type { DuckDBValue } from '@duckdb/node-api';
import { storedName } from './catalog.ts';
import { encodeRow } from './encode.ts';
import { invalid } from './errors.ts';
import { formatOptions } from './jobs.ts';
import { etag, pageToken, tableOf, tokenStart, whole } from './request.ts';
import { type Field, quoted } from './schema.ts';
import { selectedFields, selectedValue } from './selected-fields.ts';
import type { Handler } from './service.ts';
import { rowCount } from './tables.ts';

const MOST_ROWS = 10_000;

const keptOf = (fields: readonly Field[], row: readonly DuckDBValue[]) =>
  fields.map((field, index) => selectedValue(field, row[index] ?? null));

/** `tabledata.list`: the stored rows, page by page, in the order they came. */
export const listTableData: Handler = async ({ engine, catalog }, { query, ...request }) => {
  const table = catalog.table(tableOf({ query, ...request }));
  if (table.type === 'VIEW') throw invalid(`Cannot list a table of type ${table.type}.`);
  const token = query.get('pageToken');
  const start = token ? tokenStart(token) : whole(query, 'startIndex', 0);
  const size = Math.min(whole(query, 'maxResults', MOST_ROWS), MOST_ROWS);
  const fields = selectedFields(table.fields, query.get('selectedFields'));
  const columns = fields.map((field) => quoted(field.name)).join(', ') || 'NULL';
  return engine.exclusive(async (db) => {
    const { rows } = await db.read(
      `SELECT ${columns} FROM ${storedName(table.reference)} ORDER BY rowid LIMIT ${size} OFFSET ${start}`,
    );
    const total = await rowCount(db, table);
    const end = start + rows.length;
    return {
      kind: 'bigquery#tableDataList',
      etag: etag(table.modified, total),
      totalRows: String(total),
      ...(rows.length ? { rows: rows.map((row) => encodeRow(fields, keptOf(fields, row), formatOptions(query))) } : {}),
      ...(rows.length && end < total ? { pageToken: pageToken(end) } : {}),
    };
  });
};
