import { admitFields, checkSize } from './admission.ts';
import type { Draft } from './database.ts';
import { alreadyExists, failedPrecondition, invalid, notFound } from './errors.ts';
import { type FieldPath, getField, parseFieldPath, withField } from './field-paths.ts';
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
  draft.put(name, { name, fields, createTime: current?.createTime ?? draft.at, updateTime: draft.at });
  return { updateTime: fromMicros(draft.at), transformResults: results };
}

function targetOf(write: Write): string {
  if (write.operation === 'update') return write.update.name;
  if (write.operation === 'delete') return write.delete;
  if (write.operation === 'transform') return write.transform.document;
  throw invalid('A write has no operation.');
}

function transformsOf(write: Write): FieldTransform[] {
  return write.operation === 'transform' ? write.transform.fieldTransforms : write.updateTransforms;
}

function checkPrecondition(required: Precondition, name: string, current: StoredDocument | undefined): void {
  if (required.exists === true && !current) throw notFound(`No document to update: ${name}`);
  if (required.exists === false && current) throw alreadyExists(`Document already exists: ${name}`);
  if (!required.updateTime) return;
  if (!current) throw notFound(`No document to update: ${name}`);
  const base = toMicros(required.updateTime);
  if (base !== current.updateTime)
    throw failedPrecondition(
      `the stored version (${current.updateTime}) does not match the required base version (${base})`,
    );
}

/** The whole document, or, with a mask, the stored one with the masked fields set or deleted. */
function updatedFields(
  write: { update: Document; updateMask: { fieldPaths: string[] } | null },
  current: StoredDocument | undefined,
): Fields {
  if (write.updateMask === null) return write.update.fields;
  const paths = write.updateMask.fieldPaths.map(parseFieldPath);
  refuseOverlaps(paths);
  return paths.reduce(
    (fields, path) => withField(fields, path, getField(write.update.fields, path)),
    current?.fields ?? {},
  );
}

function refuseOverlaps(paths: readonly FieldPath[]): void {
  const keys = paths.map((path) => JSON.stringify(path).slice(0, -1)).sort();
  for (const [i, key] of keys.entries()) {
    const next = keys[i + 1];
    if (next === key || next?.startsWith(`${key},`)) throw invalid('An update mask names a field and a part of it.');
  }
}
