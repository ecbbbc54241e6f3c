import { numericId } from './names.ts';
import type { Fields, Timestamp, Value } from './wire.ts';

/**
 * Firestore's order across types: null, boolean, number (NaN first), timestamp, string, bytes, reference, geo point,
 * array, vector, map. Source: "Value type ordering" in Firestore's "Supported data types".
 */
const RANKS: Record<Value['valueType'], number> = {
  nullValue: 0,
  booleanValue: 1,
  integerValue: 2,
  doubleValue: 2,
  timestampValue: 3,
  stringValue: 4,
  bytesValue: 5,
  referenceValue: 6,
  geoPointValue: 7,
  arrayValue: 8,
  mapValue: 10,
};
const VECTOR_RANK = 9;

export const NULL: Value = { valueType: 'nullValue', nullValue: 'NULL_VALUE' };

/** The place of a value's type in the order; two values are comparable by `<` only when this is the same. */
export const typeRank = (value: Value): number => (isVector(value) ? VECTOR_RANK : RANKS[value.valueType]);

export const isNumber = (value: Value): boolean => RANKS[value.valueType] === RANKS.integerValue;

export const isNaNValue = (value: Value): boolean =>
  value.valueType === 'doubleValue' && Number.isNaN(value.doubleValue);

/** Negative, zero or positive, as Firestore's indexes would sort the two. */
export function compareValues(a: Value, b: Value): number {
  const byType = typeRank(a) - typeRank(b);
  if (byType !== 0) return byType;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (a.valueType === 'booleanValue' && b.valueType === a.valueType)
    return Number(a.booleanValue) - Number(b.booleanValue);
  if (a.valueType === 'timestampValue' && b.valueType === a.valueType)
    return compareTimestamps(a.timestampValue, b.timestampValue);
  if (a.valueType === 'stringValue' && b.valueType === a.valueType) return compareText(a.stringValue, b.stringValue);
  if (a.valueType === 'bytesValue' && b.valueType === a.valueType) return Buffer.compare(a.bytesValue, b.bytesValue);
  if (a.valueType === 'referenceValue' && b.valueType === a.valueType)
    return compareNames(a.referenceValue, b.referenceValue);
  if (a.valueType === 'geoPointValue' && b.valueType === a.valueType)
    return a.geoPointValue.latitude - b.geoPointValue.latitude || a.geoPointValue.longitude - b.geoPointValue.longitude;
  if (a.valueType === 'arrayValue' && b.valueType === a.valueType)
    return compareArrays(a.arrayValue.values, b.arrayValue.values);
  if (a.valueType === 'mapValue' && b.valueType === a.valueType)
    return isVector(a) ? compareVectors(a, b) : compareMaps(a.mapValue.fields, b.mapValue.fields);
  return 0;
}

export const sameValue = (a: Value, b: Value): boolean => compareValues(a, b) === 0;

/** Orders two resource names segment by segment, as `__name__` sorts. */
export function compareNames(a: string, b: string): number {
  const path = a.lastIndexOf('/') + 1;
  // Most names that are compared are of one collection.
  if (path === b.lastIndexOf('/') + 1 && a.startsWith(b.slice(0, path)))
    return compareIds(a.slice(path), b.slice(path));
  const left = a.split('/');
  const right = b.split('/');
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const order = compareIds(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareIds(a: string, b: string): number {
  if (!a.startsWith('__id') && !b.startsWith('__id')) return compareText(a, b);
  const left = numericId(a);
  const right = numericId(b);
  if (left === undefined || right === undefined)
    return Number(left === undefined) - Number(right === undefined) || compareText(a, b);
  return left < right ? -1 : Number(left > right);
}

/** Orders text by its UTF-8 bytes: as JavaScript does, but with surrogate pairs after every other character. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
  }
  return a.length - b.length;
}

/** A number for arithmetic: integers beyond 2^53 stay exact as bigint, and JavaScript compares the two kinds exactly. */
export function numeric(value: Value): number | bigint {
  if (value.valueType === 'doubleValue') return value.doubleValue;
  if (value.valueType !== 'integerValue') return Number.NaN;
  const short = Number(value.integerValue);
  return Number.isSafeInteger(short) ? short : BigInt(value.integerValue);
}

function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return Number(a.seconds) - Number(b.seconds) || a.nanos - b.nanos;
}

export const isVector = (value: Value): boolean =>
  value.valueType === 'mapValue' && isVectorTag(value.mapValue.fields['__type__']);

const isVectorTag = (tag: Value | undefined): boolean =>
  tag?.valueType === 'stringValue' && tag.stringValue === '__vector__';

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

function compareNumbers(a: Value, b: Value): number {
  const left = numeric(a);
  const right = numeric(b);
  if (left < right) return -1;
  if (left > right) return 1;
  return Number(isNaNValue(b)) - Number(isNaNValue(a));
}

function compareArrays(a: Value[], b: Value[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined) return 1;
    const order = compareValues(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareMaps(a: Fields, b: Fields): number {
  const left = sorted(a);
  const right = sorted(b);
  for (const [i, [key, value]] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    const order = compareText(key, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Shorter vectors come first, then element by element. */
function compareVectors(a: Value, b: Value): number {
  const left = elements(a);
  const right = elements(b);
  return left.length - right.length || compareArrays(left, right);
}

function elements(vector: Value): Value[] {
  const value = vector.valueType === 'mapValue' ? vector.mapValue.fields['value'] : undefined;
  return value?.valueType === 'arrayValue' ? value.arrayValue.values : [];
}

const sorted = (fields: Fields): [string, Value][] => Object.entries(fields).sort(([a], [b]) => compareText(a, b));
