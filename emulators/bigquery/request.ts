import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BigQueryError, invalid } from './errors.ts';
import type { ApiRequest } from './service.ts';

/** The request's body in the expected form; refuses another with `invalid`, naming the field. */
export function bodyAs<T>(schema: z.ZodType<T>, request: ApiRequest): T {
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw invalid(`Invalid value at '${place}': ${issue?.message ?? 'malformed'}`, place || undefined);
}

/** A variable of the path. */
export function pathValue(request: ApiRequest, name: string): string {
  const value = request.path[name];
  if (value === undefined) throw new Error(`The route has no ${name}`);
  return value;
}

export const datasetOf = (request: ApiRequest) => ({
  projectId: pathValue(request, 'projectId'),
  datasetId: pathValue(request, 'datasetId'),
});

export const tableOf = (request: ApiRequest) => ({ ...datasetOf(request), tableId: pathValue(request, 'tableId') });

/** The API's identifiers: letters, digits and underscores (and, for tables, dashes and spaces). */
export const datasetIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,1024}$/, 'Dataset IDs must be alphanumeric (plus underscores)');
export const tableIdSchema = z
  .string()
  .regex(/^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd} ]{1,1024}$/u, 'Table IDs must be alphanumeric (plus underscores and dashes)');

/** Integers arrive as numbers or as strings. */
export const integerSchema = z.union([z.number().int(), z.string().regex(/^-?\d+$/)]).transform(Number);

interface Page<T> {
  items: T[];
  nextPageToken?: string;
}

/** The part of a list that `maxResults` and `pageToken` (or `startIndex`) ask for. Refuses a token it did not give. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams, most = 10_000): Page<T> {
  const token = query.get('pageToken');
  const start = token ? tokenStart(token) : whole(query, 'startIndex', 0);
  const size = Math.min(whole(query, 'maxResults', most), most);
  const items = all.slice(start, start + size);
  const end = start + items.length;
  return end < all.length && items.length > 0 ? { items, nextPageToken: pageToken(end) } : { items };
}

export const pageToken = (start: number) => Buffer.from(`row:${start}`).toString('base64url');

export function tokenStart(token: string): number {
  const start = /^row:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (start === undefined) throw invalid(`Invalid page token: ${token}`, 'pageToken');
  return Number(start);
}

export function whole(query: URLSearchParams, name: string, fallback: number): number {
  const given = query.get(name);
  if (given === null || given === '') return fallback;
  if (!/^\d+$/.test(given)) throw invalid(`Invalid value for ${name}: ${given} is not a valid value`, name);
  return Number(given);
}

/** A hash of what is told apart by it. */
export function etag(...parts: unknown[]): string {
  return createHash('md5').update(JSON.stringify(parts)).digest('base64url');
}

export const notImplemented = (what: string) =>
  new BigQueryError('notImplemented', `${what} is not implemented by this emulator`);
