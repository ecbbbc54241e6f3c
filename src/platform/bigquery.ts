import type { BigQuery, TableMetadata } from '@google-cloud/bigquery';
import { z } from 'zod';
import { type QueryResult, resultOf } from './query-result.ts';

export type BigQueryOptions = {
  projectId: string;
  /** Where datasets are made and jobs run, such as `europe-west1`. */
  location?: string | undefined;
  /** `host:port` of an emulator: no TLS and no credentials. */
  emulatorHost?: string | undefined;
};

/** `text`: the row as JSON, where that is there already. */
export type InsertRow = { insertId: string; json: Record<string, unknown>; text?: string | LongText };

/** JSON with bytes in it that are so long that their base64 is made only where it is sent: it stands between `before` and `after`. */
export class LongText {
  readonly before: string;
  readonly bytes: Buffer;
  readonly after: string;

  constructor(before: string, bytes: Buffer, after: string) {
    this.before = before;
    this.bytes = bytes;
    this.after = after;
  }

  toString() {
    return `${this.before}${this.bytes.toString('base64')}${this.after}`;
  }
}

/** Why a row was not taken. `stopped`: only because another of the same request was not. */
export type InsertFailure = { index: number; reason: string };

/** `from` and the like in SQL are `@from`. A date is a TIMESTAMP. */
export type QueryParameters = Readonly<Record<string, string | number | boolean | Date>>;
export type QueryRow = Record<string, unknown>;

export type TableDefinition = Pick<
  TableMetadata,
  'schema' | 'timePartitioning' | 'requirePartitionFilter' | 'clustering' | 'description' | 'view'
>;

export type BigQueryClient = ReturnType<typeof createBigQuery>;

/**
 * The few things the product asks of BigQuery. Nothing is repeated here: whoever appends knows what to send again.
 * Google's client is loaded at the first use.
 */
export function createBigQuery(options: BigQueryOptions) {
  let opened: Promise<BigQuery> | undefined;
  const client = () => (opened ??= open(options));

  return {
    projectId: options.projectId,

    /**
     * Streams rows into `dataset.table`, and resolves with those it did not take. Throws when the request as a whole failed: any row may
     * then be there.
     */
    async append(table: string, rows: readonly InsertRow[]): Promise<InsertFailure[]> {
      const [dataset = '', name = ''] = table.split('.');
      const request = {
        method: 'POST',
        uri: `/datasets/${dataset}/tables/${name}/insertAll`,
        headers: { 'content-type': 'application/json' },
        // As it is sent, since the client copies and searches whatever else it is given, field by field.
        body: bodyOf(rows),
      };
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      (await client()).request(request, (error, answer) => (error ? reject(error) : resolve(answer)));
      return failuresIn(await promise);
    },

    /** Runs GoogleSQL. Times are ISO 8601, INT64 beyond 2^53 is refused. */
    async query(sql: string, parameters: QueryParameters = {}): Promise<QueryRow[]> {
      const [rows] = await (await client()).query({ query: sql, params: { ...parameters } });
      return rows.map(plainRow);
    },

    /** Runs GoogleSQL whose answer may be long: it is read in pages. */
    async open(sql: string, parameters: QueryParameters = {}): Promise<QueryResult<QueryRow>> {
      const [job] = await (await client()).createQueryJob({ query: sql, params: { ...parameters } });
      return resultOf(job, plainRow);
    },

    /** Makes a dataset unless it is there. */
    async ensureDataset(name: string): Promise<void> {
      await unlessThere((await client()).createDataset(name));
    },

    /** Makes a table or view unless it is there; a view that is there gets this definition. */
    async ensureTable(table: string, definition: TableDefinition): Promise<void> {
      const [dataset = '', name = ''] = table.split('.');
      const made = await unlessThere((await client()).dataset(dataset).createTable(name, definition));
      if (!made && definition.view) await (await client()).dataset(dataset).table(name).setMetadata(definition);
    },

    /** How many milliseconds a partition is kept from its beginning; null for ever. `doomed`: the table itself is to be deleted. */
    async keepsFor(table: string): Promise<{ milliseconds: number | null; doomed: boolean }> {
      const [dataset = '', name = ''] = table.split('.');
      const [metadata] = await (await client()).dataset(dataset).table(name).getMetadata();
      const { timePartitioning, expirationTime } = lifetimesSchema.parse(metadata);
      const milliseconds = timePartitioning?.expirationMs ?? null;
      return { milliseconds, doomed: typeof expirationTime === 'string' };
    },

    /** Sets how many milliseconds a partition of a table by day is kept from its beginning: null for ever. The table itself stays. */
    async keepFor(table: string, milliseconds: number | null, field: string): Promise<void> {
      const [dataset = '', name = ''] = table.split('.');
      const expirationMs = milliseconds === null ? null : String(milliseconds);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      (await client()).request(
        {
          method: 'PATCH',
          uri: `/datasets/${dataset}/tables/${name}`,
          json: { timePartitioning: { type: 'DAY', field, expirationMs }, expirationTime: null },
        },
        (error, answer) => (error ? reject(error) : resolve(answer)),
      );
      await promise;
    },
  };
}

async function open({ projectId, location, emulatorHost }: BigQueryOptions): Promise<BigQuery> {
  const { BigQuery } = await import('@google-cloud/bigquery');
  const settings = { projectId, retryOptions: { autoRetry: false }, ...(location !== undefined && { location }) };
  if (emulatorHost === undefined) return new BigQuery(settings);
  const { PassThroughClient } = await import('google-auth-library');
  return new BigQuery({ ...settings, apiEndpoint: `http://${emulatorHost}`, authClient: new PassThroughClient() });
}

/** Of the answer of `tabledata.insertAll`. */
const insertAnswerSchema = z.object({
  insertErrors: z
    .array(z.object({ index: z.int(), errors: z.array(z.object({ reason: z.string().default('unknown') })) }))
    .default([]),
});

/** Into one piece of memory, without one long string of all. */
function bodyOf(rows: readonly InsertRow[]): Buffer {
  const pieces: (string | Buffer)[] = [];
  let before = '{"kind":"bigquery#tableDataInsertAllRequest","rows":[';
  for (const [index, { insertId, json, text = JSON.stringify(json) }] of rows.entries()) {
    before += `${index === 0 ? '' : ','}{"insertId":${JSON.stringify(insertId)},"json":`;
    if (typeof text === 'string') before += `${text}}`;
    else {
      pieces.push(before + text.before, text.bytes);
      before = `${text.after}}`;
    }
  }
  pieces.push(`${before}]}`);
  const body = Buffer.allocUnsafe(pieces.reduce((sum, piece) => sum + lengthOf(piece), 0));
  let at = 0;
  for (const piece of pieces)
    at = typeof piece === 'string' ? at + body.write(piece, at) : writeBase64(body, at, piece);
  return body;
}

/** Bytes that are encoded at once: a multiple of three, and few, as one long string is dear to collect. */
const atOnce = 24 * 1024;

function writeBase64(body: Buffer, start: number, bytes: Buffer): number {
  let to = start;
  for (let at = 0; at < bytes.length; at += atOnce)
    to += body.write(bytes.toString('base64', at, at + atOnce), to, 'latin1');
  return to;
}

const lengthOf = (piece: string | Buffer) =>
  typeof piece === 'string' ? Buffer.byteLength(piece) : 4 * Math.ceil(piece.length / 3);

function failuresIn(answer: unknown): InsertFailure[] {
  const { insertErrors } = insertAnswerSchema.parse(answer);
  return insertErrors.map(({ index, errors }) => ({ index, reason: errors[0]?.reason ?? 'unknown' }));
}

/** What of a table says how long rows stay. int64s are text. */
const lifetimesSchema = z.object({
  timePartitioning: z.object({ expirationMs: z.coerce.number().nullish() }).nullish(),
  expirationTime: z.string().nullish(),
});

/** False when it was there already. */
async function unlessThere(making: Promise<unknown>): Promise<boolean> {
  try {
    await making;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 409) return false;
    throw error;
  }
}

/** `…00.123000000Z` → `…00.123Z`: as many digits as there are, in threes. */
const shortTime = (text: unknown) =>
  typeof text === 'string'
    ? text.replace(/(\.\d{3})(\d{3}?)(?:000)*Z$/, (_, milli, micro) => `${milli}${micro === '000' ? '' : micro}Z`)
    : text;

const plainRow = (row: object): QueryRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));

/** Without the client's own classes for times and dates, which hold their text in `value`. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && 'value' in value) return shortTime(value.value);
  return plainRow(value);
}
