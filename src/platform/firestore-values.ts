import type { Timestamp } from '@google-cloud/firestore';
import type { protobufMinimal } from 'google-gax';
import { Utf8 } from './store.ts';

/** Plain data ↔ `google.firestore.v1.Value`. The data are JSON's, dates, bytes, and text as bytes; whatever is undefined is left out. */

/** Of protobuf.js. */
export type ProtoWriter = InstanceType<typeof protobufMinimal.Writer>;

/** Numbers of fields with how they are written: `number << 3 | wire type`. */
const entry = { key: 10, value: 18 } as const;
const items = 10;
const kinds = {
  boolean: 8,
  integer: 16,
  double: 25,
  map: 50,
  array: 74,
  timestamp: 82,
  null: 88,
  string: 138,
  bytes: 146,
} as const;

/**
 * Writes the fields of a document or of a map, each as an entry of the field `tag`. Refuses with a TypeError what Firestore
 * cannot hold: functions, symbols, class instances, nested arrays.
 */
export function writeFields(to: ProtoWriter, tag: number, data: object) {
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue;
    to.uint32(tag).fork().uint32(entry.key).string(key).uint32(entry.value).fork();
    writeValue(to, value);
    to.ldelim().ldelim();
  }
}

function writeValue(to: ProtoWriter, value: unknown) {
  if (value === null) to.uint32(kinds.null).int32(0);
  else if (typeof value === 'string') to.uint32(kinds.string).string(value);
  else if (typeof value === 'boolean') to.uint32(kinds.boolean).bool(value);
  else if (typeof value === 'number') writeNumber(to, value);
  else if (value instanceof Date) writeTime(to, kinds.timestamp, secondsOf(value));
  else if (value instanceof Utf8) to.uint32(kinds.string).bytes(value.bytes);
  else if (value instanceof Uint8Array) to.uint32(kinds.bytes).bytes(value);
  else if (Array.isArray(value)) writeArray(to, value);
  else if (isPlainObject(value)) {
    to.uint32(kinds.map).fork();
    writeFields(to, items, value);
    to.ldelim();
  } else throw new TypeError(`Firestore cannot hold a ${typeof value} here.`);
}

/** As Google's own client does: what is a safe integer is stored as one. */
function writeNumber(to: ProtoWriter, value: number) {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) to.uint32(kinds.integer).int64(value);
  else to.uint32(kinds.double).double(value);
}

function writeArray(to: ProtoWriter, values: readonly unknown[]) {
  to.uint32(kinds.array).fork();
  for (const value of values) {
    if (Array.isArray(value)) throw new TypeError('Firestore cannot hold an array directly inside an array.');
    to.uint32(items).fork();
    writeValue(to, value ?? null);
    to.ldelim();
  }
  to.ldelim();
}

/** `google.protobuf.Timestamp`: seconds, then nanoseconds. */
export function writeTime(to: ProtoWriter, tag: number, { seconds, nanos }: { seconds: number; nanos: number }) {
  to.uint32(tag).fork().uint32(8).int64(seconds).uint32(16).int32(nanos).ldelim();
}

function secondsOf(date: Date) {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError('Firestore cannot hold an invalid date.');
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
