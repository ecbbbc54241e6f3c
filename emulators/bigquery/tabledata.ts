import { storedName } from './catalog.ts';
import { encodeRow } from './encode.ts';
import { invalid } from './errors.ts';
import { formatOptions } from './jobs.ts';
import { etag, pageToken, tableOf, tokenStart, whole } from './request.ts';
import { quoted } from './schema.ts';
import type { Handler } from './service.ts';
import { rowCount } from './tables.ts';

const MOST_ROWS = 10_000;

/** `tabledata.list`: the stored rows, page by page, in the order they came. */
export const listTableData: Handler = async ({ engine, catalog }, { query, ...request }) => {
  const table = catalog.table(tableOf({ query, ...request }));
  if (table.type === 'VIEW') throw invalid(`Cannot list a table of type ${table.type}.`);
  const token = query.get('pageToken');
  const start = token ? tokenStart(token) : whole(query, 'startIndex', 0);
  const size = Math.min(whole(query, 'maxResults', MOST_ROWS), MOST_ROWS);
  const wanted = query.get('selectedFields')?.split(',');
  const fields = wanted ? table.fields.filter((field) => wanted.includes(field.name)) : table.fields;
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
      ...(rows.length ? { rows: rows.map((row) => encodeRow(fields, row, formatOptions(query))) } : {}),
      ...(rows.length && end < total ? { pageToken: pageToken(end) } : {}),
    };
  });
};
