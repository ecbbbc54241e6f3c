import { isObject, type Json, objectAt, parseJson, textAt } from './json.ts';
import type { Plan } from './plan.ts';
import { bytesIn, fieldsOf, openEnvelope, textIn } from './protobuf.ts';

/** A body that is written only onto the version of the object that was judged, or `undefined` where no such body can be made. */
export type Pinned = { body: Uint8Array; headers: Plan['headers'] };

/**
 * The body with the object's version in it, so that the server answers 409 where the object is another by then. A body that names a version
 * stays as it is: it is the caller's own condition.
 */
export function pin(
  { body, headers, info }: Pick<Plan, 'body' | 'headers' | 'info'>,
  version: string,
): Pinned | undefined {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  if (type === 'application/vnd.kubernetes.protobuf') return undefined;
  const given = parseJson(Buffer.from(body).toString('utf8'));
  if (type === 'application/json-patch+json') {
    if (!Array.isArray(given)) return undefined;
    // As the last of the changes, and as a replacement: a `test` that fails is a 422 to the caller, and not a conflict.
    const change = { op: 'add', path: '/metadata/resourceVersion', value: version };
    return written([...given, change], headers);
  }
  if (!isObject(given)) return undefined;
  if (info.verb !== 'patch' && info.verb !== 'update') return undefined;
  const metadata = objectAt(given, 'metadata');
  if (textAt(metadata, 'resourceVersion') !== '') return { body, headers };
  return written({ ...given, metadata: { ...metadata, resourceVersion: version } }, headers);
}

const written = (value: Json, headers: Plan['headers']): Pinned => ({
  body: Buffer.from(JSON.stringify(value)),
  headers,
});

/** The version that the caller itself means to change; empty where it names none. */
export function versionIn({ body, headers }: Pick<Plan, 'body' | 'headers'>): string {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  if (type === 'application/vnd.kubernetes.protobuf') return versionInProtobuf(body);
  const given = parseJson(Buffer.from(body).toString('utf8'));
  if (!Array.isArray(given)) return textAt(given, 'metadata', 'resourceVersion');
  const change = given.findLast((one) => textAt(one, 'path') === '/metadata/resourceVersion');
  return textAt(change, 'value');
}

/** `metadata` is the first field of every object, and its `resourceVersion` the sixth of that (`meta/v1.ObjectMeta`). */
function versionInProtobuf(body: Uint8Array): string {
  const object = fieldsOf(openEnvelope(body)?.raw ?? new Uint8Array());
  const metadata = object === undefined ? undefined : fieldsOf(bytesIn(object, 1));
  return metadata === undefined ? '' : textIn(metadata, 6);
}
