import type { z } from 'zod';
import { describeIssues } from '../model/check.ts';
import {
  agentSchema,
  classificationSchema,
  connectionSchema,
  type DocumentKind,
  documentName,
  groupSchema,
  type InvalidDocument,
  policySchema,
} from '../model/documents.ts';

/** A document as its schema reads it, or what is known of one that does not parse. */
export type Read =
  | { kind: 'connections'; document: z.output<typeof connectionSchema> }
  | { kind: 'policies'; document: z.output<typeof policySchema> }
  | { kind: 'groups'; document: z.output<typeof groupSchema> }
  | { kind: 'classifications'; document: z.output<typeof classificationSchema> }
  | { kind: 'agents'; document: z.output<typeof agentSchema> }
  | { kind: 'invalid'; invalid: InvalidDocument };

/** Nobody writes deeper documents by hand; Firestore itself ends at 20. */
const deepest = 16;

/** Reads one document strictly. Never throws: what does not parse is told, with what it touches where that much is readable. */
export function readDocument(kind: DocumentKind, name: string, data: Record<string, unknown>): Read {
  const error = documentName.safeParse(name).success ? shapeError(data) : 'its name is not allowed';
  if (error !== undefined) return invalid(kind, name, data, error);
  switch (kind) {
    case 'connections':
      return parsed(connectionSchema.safeParse(data), (document) => ({ kind, document }));
    case 'policies':
      return parsed(policySchema.safeParse(data), (document) => ({ kind, document }));
    case 'groups':
      return parsed(groupSchema.safeParse(data), (document) => ({ kind, document }));
    case 'classifications':
      return parsed(classificationSchema.safeParse(data), (document) => ({ kind, document }));
    case 'agents':
      return parsed(agentSchema.safeParse(data), (document) => ({ kind, document }));
  }

  function parsed<T>(result: z.ZodSafeParseResult<T>, accept: (document: T) => Read): Read {
    return result.success ? accept(result.data) : invalid(kind, name, data, describeIssues(result.error));
  }
}

/** Why data cannot be a document, or undefined: plain JSON of bounded depth, no arrays in arrays (Firestore holds none), no `__proto__`. */
function shapeError(value: unknown, depth = 0): string | undefined {
  if (depth > deepest) return `it is nested more than ${deepest} levels deep`;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'it holds text that is not well formed';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'it holds a number that is not finite';
  if (value === null || value === undefined || typeof value === 'boolean') return undefined;
  if (Array.isArray(value)) {
    if (value.some(Array.isArray)) return 'it holds an array directly inside an array';
    return firstError(value, depth);
  }
  if (typeof value !== 'object' || !isPlain(value)) return 'it holds something that is not JSON';
  if (Object.hasOwn(value, '__proto__')) return 'it holds a field that may not be named so';
  return firstError(Object.values(value), depth);
}

function firstError(values: readonly unknown[], depth: number) {
  for (const value of values) {
    const error = shapeError(value, depth + 1);
    if (error !== undefined) return error;
  }
  return undefined;
}

function isPlain(value: object) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function invalid(kind: DocumentKind, name: string, data: Record<string, unknown>, error: string): Read {
  const touches = touchedBy(kind, name, data);
  return { kind: 'invalid', invalid: { kind, name, error, ...(touches !== undefined && { touches }) } };
}

/** Undefined: it cannot be told, so it may touch everything. */
function touchedBy(kind: DocumentKind, name: string, data: Record<string, unknown>): readonly string[] | undefined {
  switch (kind) {
    case 'connections':
    case 'classifications':
      return [name];
    case 'groups':
      return [`group:${name}`];
    case 'policies':
      return texts(data['connections']);
    case 'agents':
      return texts([data['member']]);
  }
}

function texts(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const found = list.filter((item): item is string => typeof item === 'string' && item !== '');
  return found.length > 0 && found.length === list.length ? found : undefined;
}
