import type { DuckDBValue } from '@duckdb/node-api';
import { z } from 'zod';
import { type CatalogTable, schemaName } from './catalog.ts';
import { BadValue, rowDecoder } from './decode.ts';
import { invalid } from './errors.ts';
import { bodyAs, notImplemented, tableOf } from './request.ts';
import type { Handler } from './service.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bodySchema = z.looseObject({
  rows: z
    .array(
      z.looseObject({
        insertId: z.string().nullish(),
        json: z.custom<Record<string, unknown>>(isObject, 'Invalid input: expected record'),
      }),
    )
    .optional(),
  skipInvalidRows: z.boolean().nullish(),
  ignoreUnknownValues: z.boolean().nullish(),
  templateSuffix: z.string().nullish(),
});
type Body = z.infer<typeof bodySchema>;

interface RowError {
  index: number;
  errors: { reason: string; location: string; debugInfo: string; message: string }[];
}

/** The insertIds of the last minute: the service's deduplication is best effort, and so is this. */
export interface RecentInserts {
  /** Whether the id is new to the table; it is remembered from `now` on. */
  isNew(table: string, insertId: string, now: number): boolean;
}

const WINDOW_MS = 60_000;

export function createRecentInserts(): RecentInserts {
  const seen = new Map<string, number>();
  return {
    isNew(table, insertId, now) {
      for (const [key, at] of seen) {
        if (now - at < WINDOW_MS) break;
        seen.delete(key);
      }
      const key = `${table}\0${insertId}`;
      if (seen.has(key)) return false;
      seen.set(key, now);
      return true;
    },
  };
}

/** Streams rows into a table: all of them, or with `skipInvalidRows` the valid ones; the others are told one by one. */
export const insertAll: Handler = async (service, request) => {
  const body = bodyAs(bodySchema, request);
  if (body.templateSuffix) throw notImplemented('templateSuffix');
  if (!body.rows?.length) throw invalid('No rows present in the request.');
  return service.engine.exclusive(async (db) => {
    const table = service.catalog.table(tableOf(request));
    if (table.type === 'VIEW') throw invalid(`Cannot add rows to a table of type ${table.type}.`);
    if (table.fields.length === 0) throw invalid('The destination table has no schema.');
    const { accepted, errors } = decodeAll(table, body);
    const name = schemaName(table.reference);
    const key = `${name}.${table.reference.tableId}.${table.created}`;
    const now = service.clock();
    const fresh = accepted.filter(({ insertId }) => !insertId || service.recentInserts.isNew(key, insertId, now));
    service.catalog.noteChange(table.reference, now);
    const rows = fresh.map(({ values }) => values);
    await db.append(name, table.reference.tableId, rows, request.size);
    return { kind: 'bigquery#tableDataInsertAllResponse', ...(errors.length ? { insertErrors: errors } : {}) };
  });
};

interface Accepted {
  index: number;
  insertId: string | undefined;
  values: DuckDBValue[];
}

function decodeAll(table: CatalogTable, body: Body): { accepted: Accepted[]; errors: RowError[] } {
  const accepted: Accepted[] = [];
  const errors: RowError[] = [];
  const decode = rowDecoder(table.fields);
  const options = { ignoreUnknown: body.ignoreUnknownValues === true };
  for (const [index, row] of (body.rows ?? []).entries()) {
    try {
      accepted.push({ index, insertId: row.insertId ?? undefined, values: decode(row.json, options) });
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      errors.push(rowError(index, 'invalid', error.location, error.message));
    }
  }
  if (!errors.length || body.skipInvalidRows) return { accepted, errors };
  const stopped = accepted.map(({ index }) => rowError(index, 'stopped', '', ''));
  return { accepted: [], errors: [...errors, ...stopped].toSorted((left, right) => left.index - right.index) };
}

function rowError(index: number, reason: string, location: string, message: string): RowError {
  return { index, errors: [{ reason, location, debugInfo: '', message }] };
}
