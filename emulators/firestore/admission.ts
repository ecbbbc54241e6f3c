import { invalid } from './errors.ts';
import { checkFieldName } from './field-paths.ts';
import { checkDocumentName, relativeOf } from './names.ts';
import { isVector } from './values.ts';
import type { Fields, Timestamp, Value } from './wire.ts';

const MAX_DOCUMENT_BYTES = 1_048_576;
const MAX_DEPTH = 20;
const EARLIEST_SECOND = -62_135_596_800;
const LATEST_SECOND = 253_402_300_799;

/**
 * Passes fields that Firestore would store, times cut to microseconds; refuses unset values, arrays in arrays, more
 * than 20 levels, reserved names and malformed references.
 */
export function admitFields(fields: Fields, depth = 1): void {
  if (depth > MAX_DEPTH + 1) throw invalid(`A value is nested more than ${MAX_DEPTH} levels deep.`);
  for (const [name, value] of Object.entries(fields)) {
    checkFieldName(name);
    admitValue(value, depth);
  }
}

/** As `admitFields`, for one value of a filter, cursor or transform. */
export function admitValue(value: Value, depth = 1): void {
  switch (value.valueType) {
    case 'nullValue':
    case 'booleanValue':
    case 'integerValue':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return;
    case 'timestampValue':
      admitTimestamp(value.timestampValue);
      return;
    case 'referenceValue':
      checkDocumentName(value.referenceValue);
      return;
    case 'geoPointValue':
      if (!(Math.abs(value.geoPointValue.latitude) <= 90 && Math.abs(value.geoPointValue.longitude) <= 180))
        throw invalid('A geo point is outside the latitudes -90 to 90 or the longitudes -180 to 180.');
      return;
    case 'arrayValue':
      admitArray(value.arrayValue.values, depth + 1);
      return;
    case 'mapValue':
      if (!isVector(value)) admitFields(value.mapValue.fields, depth + 1);
      return;
    default:
      throw invalid('A value has no type, or one that cannot be stored.');
  }
}

/** Refuses a document over 1 MiB, counted as Firestore counts. Source: "Storage size calculations". */
export function checkSize(name: string, fields: Fields): void {
  const size = nameBytes(name) + fieldBytes(fields) + 32;
  if (size > MAX_DOCUMENT_BYTES)
    throw invalid(
      `Document '${name}' cannot be written because its size (${size.toLocaleString('en-US')} bytes) exceeds the maximum allowed size of 1,048,576 bytes.`,
    );
}

function admitArray(values: Value[], depth: number): void {
  if (depth > MAX_DEPTH + 1) throw invalid(`A value is nested more than ${MAX_DEPTH} levels deep.`);
  for (const value of values) {
    if (value.valueType === 'arrayValue') throw invalid('Cannot convert an array value in an array value.');
    admitValue(value, depth);
  }
}

function admitTimestamp(time: Timestamp): void {
  const seconds = Number(time.seconds);
  if (seconds < EARLIEST_SECOND || seconds > LATEST_SECOND || time.nanos < 0 || time.nanos > 999_999_999)
    throw invalid('A timestamp is outside the years 0001 to 9999, or its nanoseconds are outside 0 to 999,999,999.');
  time.nanos -= time.nanos % 1000;
}

const textBytes = (text: string): number => Buffer.byteLength(text) + 1;

const nameBytes = (name: string): number =>
  relativeOf(name)
    .split('/')
    .reduce((sum, segment) => sum + textBytes(segment), 16);

const fieldBytes = (fields: Fields): number =>
  Object.entries(fields).reduce((sum, [name, value]) => sum + textBytes(name) + valueBytes(value), 0);

function valueBytes(value: Value): number {
  switch (value.valueType) {
    case 'nullValue':
    case 'booleanValue':
      return 1;
    case 'integerValue':
    case 'doubleValue':
    case 'timestampValue':
      return 8;
    case 'stringValue':
      return textBytes(value.stringValue);
    case 'bytesValue':
      return value.bytesValue.length;
    case 'referenceValue':
      return nameBytes(value.referenceValue);
    case 'geoPointValue':
      return 16;
    case 'arrayValue':
      return value.arrayValue.values.reduce((sum, element) => sum + valueBytes(element), 0);
    case 'mapValue':
      return fieldBytes(value.mapValue.fields);
  }
}
