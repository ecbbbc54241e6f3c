import { type DuckDBConnection, DuckDBDataChunkWriter, type DuckDBValue } from '@duckdb/node-api';

/** Rows that were taken and are not in DuckDB's tables yet, as the service keeps a streaming buffer: a write costs about the same for one row as for a thousand. */
export interface StreamingBuffer {
  /** Takes rows, whose values are in the table's column order, and whose JSON has about `size` bytes. */
  add(schema: string, table: string, rows: readonly DuckDBValue[][], size: number): void;
  /** Whether so much is waiting that it should be written now. */
  isFull(): boolean;
  /** Writes all that waits, each table's rows in the order they came. What cannot be written keeps waiting. */
  write(connection: DuckDBConnection): Promise<void>;
}

interface Waiting {
  schema: string;
  table: string;
  rows: DuckDBValue[][];
}

/** As many rows as DuckDB writes at once. */
const MOST_ROWS = 2048;
const MOST_BYTES = 16 * 1024 * 1024;

export function createStreamingBuffer(): StreamingBuffer {
  const waiting = new Map<string, Waiting>();
  let bytes = 0;

  return {
    add(schema, table, rows, size) {
      if (rows.length === 0) return;
      const key = `${schema}.${table}`;
      const entry = waiting.get(key) ?? { schema, table, rows: [] };
      waiting.set(key, entry);
      for (const row of rows) entry.rows.push(row);
      bytes += size;
    },
    isFull: () => bytes >= MOST_BYTES || [...waiting.values()].some(({ rows }) => rows.length >= MOST_ROWS),
    async write(connection) {
      for (const [key, { schema, table, rows }] of waiting) {
        const appender = await connection.createAppender(table, schema);
        const writer = DuckDBDataChunkWriter.forAppender(appender);
        for (const row of rows) writer.appendRow(row);
        writer.flush();
        appender.closeSync();
        waiting.delete(key);
      }
      bytes = 0;
    },
  };
}
