import type { Timestamp } from '@google-cloud/firestore';

/** Plain data ↔ `google.firestore.v1.Value`. The data are JSON's, dates, and bytes; whatever is undefined is left out. */

export type ProtoValue =
  | { nullValue: 'NULL_VALUE' }
  | { booleanValue: boolean }
  | { integerValue: string }
  | { doubleValue: number }
  | { stringValue: string }
  | { timestampValue: { seconds: number; nanos: number } }
  | { bytesValue: Uint8Array }
  | { arrayValue: { values: ProtoValue[] } }
  | { mapValue: { fields: Record<string, ProtoValue> } };

/** The fields of a document. Refuses with a TypeError what Firestore cannot hold: functions, symbols, class instances, nested arrays. */
export function encodeFields(data: object): Record<string, ProtoValue> {
  const entries = Object.entries(data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, encodeValue(value)]));
}

function encodeValue(value: unknown): ProtoValue {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return encodeNumber(value);
  if (value instanceof Date) return { timestampValue: encodeDate(value) };
  if (value instanceof Uint8Array) return { bytesValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(encodeItem) } };
  if (isPlainObject(value)) return { mapValue: { fields: encodeFields(value) } };
  throw new TypeError(`Firestore cannot hold a ${typeof value} here.`);
}

/** As Google's own client does: what is a safe integer is stored as one. */
function encodeNumber(value: number): ProtoValue {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
    ? { integerValue: String(value) }
    : { doubleValue: value };
}

function encodeItem(item: unknown): ProtoValue {
  if (Array.isArray(item)) throw new TypeError('Firestore cannot hold an array directly inside an array.');
  return encodeValue(item ?? null);
}

function encodeDate(date: Date) {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

/** What Google's client read, as plain data: its timestamps become dates (to the millisecond). */
export function decodeData(data: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decodeValue(value)]));
}

function decodeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeValue);
  if (isTimestamp(value)) return value.toDate();
  return isPlainObject(value) ? decodeData(value) : value;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** By shape, as the client's class is loaded lazily. A stored map is a plain object and cannot carry a method. */
function isTimestamp(value: unknown): value is Timestamp {
  return typeof value === 'object' && value !== null && 'toDate' in value && typeof value.toDate === 'function';
}
