import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { BigQueryError, invalidQuery } from './errors.ts';
import { jsonTextFunction } from './json-text.ts';
import { printedTextFunctions } from './printed-text.ts';
import { type Field, fieldOf } from './schema.ts';
import { MACROS } from './sql/macros.ts';
import { position } from './sql/tokens.ts';
import { createStreamingBuffer, type StreamingBuffer } from './streaming-buffer.ts';
import { valueError } from './value-errors.ts';

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
  /** The columns a query would have. Nothing of it is run, not even what is constant. */
  describe(sql: string): Promise<Field[]>;
  /** Everything in `work` happens, or nothing. */
  atomically<T>(work: () => Promise<T>): Promise<T>;
  /** Appends rows whose values are in the table's column order; `size` is about the bytes of their JSON. Whatever is run after sees them. */
  append(schema: string, table: string, rows: readonly DuckDBValue[][], size: number): Promise<void>;
}

/** Hoisting a shared part out of a CASE would run, and fail, what the CASE guards. */
export const NEVER_OPTIMIZED = 'common_subexpressions';

const SETTINGS = {
  disabled_optimizers: NEVER_OPTIMIZED,
  default_null_order: 'nulls_first_on_asc_last_on_desc',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  memory_limit: '1GB',
  threads: '2',
};
const LONGEST_STATEMENT_MS = 30_000;
const IN_MEMORY = ':memory:';

/** Opens the database at `file` (`:memory:` for none), with GoogleSQL's helpers in it. */
export async function openEngine(file: string): Promise<Engine> {
  // What is beyond its memory goes there, and not into the folder that one happens to be in.
  const spill = await mkdtemp(join(tmpdir(), 'bigquery-emulator-'));
  const instance = await DuckDBInstance.create(file, SETTINGS);
  const connection = await instance.connect();
  await connection.run(`SET temp_directory = '${spill}'; SET enable_external_access = false`);
  await connection.run("SET TimeZone = 'UTC'");
  for (const made of [jsonTextFunction(), ...printedTextFunctions()]) connection.registerScalarFunction(made);
  await connection.run(MACROS.map((macro) => `CREATE OR REPLACE TEMP MACRO ${macro};`).join('\n'));
  // What is kept in a file is there before its sender hears that it was taken.
  const db = createDatabase(connection, createStreamingBuffer(), file !== IN_MEMORY);
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
      await rm(spill, { recursive: true, force: true });
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

function createDatabase(connection: DuckDBConnection, fresh: StreamingBuffer, atOnce: boolean): Database {
  const write = () => fresh.write(connection);
  return {
    async run(sql) {
      await write();
      await connection.run(sql);
    },
    async read(sql) {
      await write();
      const result = await connection.runAndReadAll(sql);
      const types = result.columnTypes();
      const fields = result.columnNames().flatMap((name, index) => {
        const type = types[index];
        return type ? [fieldOf(name, type)] : [];
      });
      return { fields, rows: result.getRows() };
    },
    async describe(sql) {
      await write();
      const prepared = await connection.prepare(sql);
      try {
        return Array.from({ length: prepared.columnCount }, (_, column) =>
          fieldOf(prepared.columnName(column), prepared.columnType(column)),
        );
      } finally {
        prepared.destroySync();
      }
    },
    async atomically(work) {
      await write();
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
    async append(schema, table, rows, size) {
      fresh.add(schema, table, rows, size);
      if (atOnce || fresh.isFull()) await write();
    },
  };
}

/** DuckDB's complaint about a translated query as the service would word it; its own SQL is never shown. */
export function queryError(thrown: unknown, source: string): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  if (thrown instanceof BigQueryError) return thrown;
  const message = thrown.message.split('\n')[0] ?? '';
  const value = valueError(message);
  if (value !== undefined) return invalidQuery(value);
  for (const [pattern, worded] of COMPLAINTS) {
    const found = pattern.exec(message);
    if (found) return invalidQuery(worded(found[1] ?? '', source));
  }
  if (/^(INTERNAL|FATAL|IO) Error/i.test(message)) return thrown;
  return invalidQuery(message.replace(/^(?:[A-Za-z][\w-]* )+Error: /, ''));
}

const COMPLAINTS: readonly [RegExp, (found: string, source: string) => string][] = [
  [/Referenced (?:column|table) "((?:[^"]|"")*)" not found/, unrecognized],
  [/Column "((?:[^"]|"")*)" referenced that exists in the SELECT clause/, unrecognized],
  [/does not have a column named "((?:[^"]|"")*)"/, unrecognized],
  [/NOT NULL constraint failed: [^.]*\.(.*)$/, (name) => `Required field ${name} cannot be null`],
  [/Max expression depth/, () => 'The query is nested too deeply.'],
  [/INTERRUPT/, () => 'Query exceeded the time limit of this emulator'],
];

function unrecognized(name: string, source: string): string {
  const found = new RegExp(`(?<![\\w\`])${name.replace(/\W/g, '\\$&')}(?!\\w)`, 'i').exec(source);
  return `Unrecognized name: ${name}${found ? ` at ${position(source, found.index)}` : ''}`;
}
