import { type FieldPath, parseFieldPath, project } from './field-paths.ts';
import type { StoredDocument } from './storage.ts';
import { fromMicros } from './timestamps.ts';
import type { Document, DocumentMask, Fields } from './wire.ts';

/** A stored document as clients see it, cut by `select` where given. */
export function toWire(document: StoredDocument, select: (fields: Fields) => Fields = (fields) => fields): Document {
  return {
    name: document.name,
    fields: select(document.fields),
    createTime: fromMicros(document.createTime),
    updateTime: fromMicros(document.updateTime),
  };
}

/** The cut a mask asks for; no mask keeps everything. */
export function masked(mask: DocumentMask | null): (fields: Fields) => Fields {
  if (mask === null) return (fields) => fields;
  const paths: FieldPath[] = mask.fieldPaths.map(parseFieldPath);
  return (fields) => project(fields, paths);
}
