import { isDeepStrictEqual } from 'node:util';
import { admitFields, checkSize } from './admission.ts';
import type { Draft } from './database.ts';
import { alreadyExists, failedPrecondition, invalid, notFound } from './errors.ts';
import { getField, parseFieldPath, withField } from './field-paths.ts';
import { checkDocumentName } from './names.ts';
import type { StoredDocument } from './storage.ts';
import { fromMicros, toMicros } from './timestamps.ts';
import { applyTransforms } from './transforms.ts';
import type { Document, Fields, FieldTransform, Precondition, Write, WriteResult } from './wire.ts';

/** Applies one write to a draft, after its precondition; refuses what Firestore would not store. */
export function applyWrite(write: Write, draft: Draft, database: string): WriteResult {
  const name = checkDocumentName(targetOf(write), database);
  const current = draft.get(name);
  if (write.currentDocument) checkPrecondition(write.currentDocument, name, current);
  if (write.operation === 'delete') {
    draft.put(name, undefined);
    return { transformResults: [] };
  }
  const untransformed = write.operation === 'update' ? updatedFields(write, current) : (current?.fields ?? {});
  const { fields, results } = applyTransforms(untransformed, transformsOf(write), draft.at);
  admitFields(fields);
  checkSize(name, fields);
  const createTime = current?.createTime ?? draft.at;
  const stored = isUnchanged(current, fields) ? current : { name, fields, createTime, updateTime: draft.at };
  draft.put(name, stored);
  return { updateTime: fromMicros(stored.updateTime), transformResults: results };
}

/** The document a write is about; refuses a write without an operation. */
export function targetOf(write: Write): string {
  if (write.operation === 'update') return write.update.name;
  if (write.operation === 'delete') return write.delete;
  if (write.operation === 'transform') return write.transform.document;
  throw invalid('empty write operation');
}

/** A write that changes nothing keeps the update time. Source: `WriteResult.update_time` in write.proto. */
const isUnchanged = (current: StoredDocument | undefined, fields: Fields): current is StoredDocument =>
  current !== undefined && sameFields(current.fields, fields);

/** Fields that a masked write left alone are the very same values, and most writes differ in the first that they set. */
function sameFields(a: Fields, b: Fields): boolean {
  const names = Object.keys(b);
  return (
    names.length === Object.keys(a).length &&
    names.every((name) => Object.hasOwn(a, name) && (a[name] === b[name] || isDeepStrictEqual(a[name], b[name])))
  );
}

function transformsOf(write: Write): FieldTransform[] {
  return write.operation === 'transform' ? write.transform.fieldTransforms : write.updateTransforms;
}

function checkPrecondition(required: Precondition, name: string, current: StoredDocument | undefined): void {
  if (required.exists === true && !current) throw notFound(`No document to update: ${name}`);
  if (required.exists === false && current) throw alreadyExists(`Document already exists: ${name}`);
  if (!required.updateTime) return;
  if (required.updateTime.nanos % 1000 !== 0) throw invalid('timestamp cannot have more than microseconds precision');
  const base = toMicros(required.updateTime);
  const stored = current?.updateTime ?? 0;
  if (base !== stored)
    throw failedPrecondition(`the stored version (${stored}) does not match the required base version (${base})`);
}

/** The whole document, or, with a mask, the stored one with the masked fields set or deleted. */
function updatedFields(
  write: { update: Document; updateMask: { fieldPaths: string[] } | null },
  current: StoredDocument | undefined,
): Fields {
  if (write.updateMask === null) return write.update.fields;
  const paths = write.updateMask.fieldPaths.map(parseFieldPath);
  return paths.reduce(
    (fields, path) => withField(fields, path, getField(write.update.fields, path)),
    current?.fields ?? {},
  );
}
