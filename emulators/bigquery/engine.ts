import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { BigQueryError, invalidQuery } from './errors.ts';
import { type Field, fieldOf } from './schema.ts';
import { MACROS } from './sql/macros.ts';

/** A result: the API's fields and DuckDB's values. */
export interface Table {
  fields: Field[];
  rows: DuckDBValue[][];
}

/** DuckDB, one piece of work at a time. It cannot reach files, the network or extensions. */
export interface Engine {
  /** Runs `work` alone; a statement that outlives the limit is interrupted. */
  exclusive<T>(work: (db: Database) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Database {
  run(sql: string): Promise<void>;
  read(sql: string): Promise<Table>;
  /** Everything in `work` happens, or nothing. */
  atomically<T>(work: () => Promise<T>): Promise<T>;
  /** Appends rows whose values are in the table's column order. */
  append(schema: string, table: string, rows: readonly DuckDBValue[][]): Promise<void>;
}

const SETTINGS = {
  default_null_order: 'nulls_first_on_asc_last_on_desc',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  enable_external_access: 'false',
  memory_limit: '1GB',
  threads: '2',
};
const LONGEST_STATEMENT_MS = 30_000;

/** Opens the database at `file` (`:memory:` for none), with GoogleSQL's helpers in it. */
export async function openEngine(file: string): Promise<Engine> {
  const instance = await DuckDBInstance.create(file, SETTINGS);
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  for (const macro of MACROS) await connection.run(`CREATE OR REPLACE TEMP MACRO ${macro}`);
  const db = createDatabase(connection);
  let last: Promise<unknown> = Promise.resolve();

  return {
    exclusive(work) {
      const turn = last.then(() => withLimit(connection, () => work(db)));
      last = turn.catch(() => undefined);
      return turn;
    },
    async close() {
      await last;
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function withLimit<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => connection.interrupt(), LONGEST_STATEMENT_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

function createDatabase(connection: DuckDBConnection): Database {
  return {
    async run(sql) {
      await connection.run(sql);
    },
    async read(sql) {
      const result = await connection.runAndReadAll(sql);
      const types = result.columnTypes();
      const fields = result.columnNames().flatMap((name, index) => {
        const type = types[index];
        return type ? [fieldOf(name, type)] : [];
      });
      return { fields, rows: result.getRows() };
    },
    async atomically(work) {
      await connection.run('BEGIN');
      try {
        const done = await work();
        await connection.run('COMMIT');
        return done;
      } catch (error) {
        await connection.run('ROLLBACK');
        throw error;
      }
    },
    async append(schema, table, rows) {
      const appender = await connection.createAppender(table, schema);
      const types = Array.from({ length: appender.columnCount }, (_, column) => appender.columnType(column));
      for (const row of rows) {
        for (const [column, value] of row.entries()) appender.appendValue(value, types[column]);
        appender.endRow();
      }
      appender.closeSync();
    },
  };
}

/** DuckDB's complaint about a translated query as the service would word it; its own SQL is never shown. */
export function queryError(thrown: unknown, source: string): Error {
  if (thrown instanceof BigQueryError || !(thrown instanceof Error))
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  const message = thrown.message.split('\n')[0] ?? '';
  const name = /Referenced (?:column|table) "((?:[^"]|"")*)" not found/.exec(message)?.[1];
  if (name !== undefined) return invalidQuery(`Unrecognized name: ${name}${placeOf(name, source)}`);
  const required = /NOT NULL constraint failed: [^.]*\.(.*)$/.exec(message)?.[1];
  if (required !== undefined) return invalidQuery(`Required field ${required} cannot be null`);
  if (/INTERRUPT/.test(message)) return invalidQuery('Query exceeded the time limit of this emulator');
  if (/^(INTERNAL|FATAL|IO) Error/i.test(message)) return thrown;
  return invalidQuery(message.replace(/^(?:[A-Z][\w-]* )+Error: /, ''));
}

function placeOf(name: string, source: string): string {
  const found = new RegExp(`(?<![\\w\`])${name.replace(/[^\w]/g, '\\$&')}(?!\\w)`, 'i').exec(source);
  if (!found) return '';
  const before = source.slice(0, found.index).split('\n');
  return ` at [${before.length}:${(before.at(-1)?.length ?? 0) + 1}]`;
}
