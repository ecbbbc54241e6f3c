import { admitValue } from './admission.ts';
import { invalid } from './errors.ts';
import { getField, parseFieldPath, withField } from './field-paths.ts';
import { fromMicros } from './timestamps.ts';
import { compareValues, isNaNValue, isNumber, NULL, numeric, sameValue } from './values.ts';
import type { Fields, FieldTransform, Value } from './wire.ts';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Applies transforms in order at a commit's moment: the new fields, and what each transform reports back. */
export function applyTransforms(
  fields: Fields,
  transforms: readonly FieldTransform[],
  at: number,
): { fields: Fields; results: Value[] } {
  const results: Value[] = [];
  let current = fields;
  for (const transform of transforms) {
    const path = parseFieldPath(transform.fieldPath);
    const { stored, reported } = transformed(transform, getField(current, path), at);
    current = withField(current, path, stored);
    results.push(reported);
  }
  return { fields: current, results };
}

function transformed(
  transform: FieldTransform,
  old: Value | undefined,
  at: number,
): { stored: Value; reported: Value } {
  switch (transform.transformType) {
    case 'setToServerValue':
      return both(serverTime(transform.setToServerValue, at));
    case 'increment':
      return both(increment(old, operand(transform.increment)));
    case 'maximum':
      return both(extreme(old, operand(transform.maximum), 1));
    case 'minimum':
      return both(extreme(old, operand(transform.minimum), -1));
    case 'appendMissingElements':
      return { stored: union(elementsOf(old), admitted(transform.appendMissingElements.values)), reported: NULL };
    case 'removeAllFromArray':
      return { stored: difference(elementsOf(old), admitted(transform.removeAllFromArray.values)), reported: NULL };
    default:
      throw invalid('A field transform has no type.');
  }
}

const both = (value: Value) => ({ stored: value, reported: value });

/** The commit's time, cut to milliseconds as the service does. */
function serverTime(kind: string, at: number): Value {
  if (kind !== 'REQUEST_TIME') throw invalid('setToServerValue must be REQUEST_TIME.');
  return { valueType: 'timestampValue', timestampValue: fromMicros(Math.floor(at / 1000) * 1000) };
}

function operand(value: Value): Value {
  if (!isNumber(value)) throw invalid('The operand of a numeric transform must be an integer or a double.');
  return value;
}

/** Integers saturate at the ends of int64; with a double on either side the sum is a double. */
function increment(old: Value | undefined, by: Value): Value {
  if (old === undefined || !isNumber(old)) return by;
  if (old.valueType !== 'integerValue' || by.valueType !== 'integerValue')
    return { valueType: 'doubleValue', doubleValue: Number(numeric(old)) + Number(numeric(by)) };
  const sum = BigInt(old.integerValue) + BigInt(by.integerValue);
  const kept = sum > MAX_INT64 ? MAX_INT64 : sum < MIN_INT64 ? MIN_INT64 : sum;
  return { valueType: 'integerValue', integerValue: String(kept) };
}

/** The larger (`sign` 1) or smaller (-1) of the two; equal numbers keep the stored one; NaN wins over any number. */
function extreme(old: Value | undefined, candidate: Value, sign: 1 | -1): Value {
  if (old === undefined || !isNumber(old) || isNaNValue(candidate)) return candidate;
  if (isNaNValue(old)) return old;
  return sign * compareValues(candidate, old) > 0 ? candidate : old;
}

function admitted(values: Value[]): Value[] {
  for (const value of values) {
    if (value.valueType === 'arrayValue') throw invalid('Cannot convert an array value in an array value.');
    admitValue(value);
  }
  return values;
}

const elementsOf = (value: Value | undefined): Value[] =>
  value?.valueType === 'arrayValue' ? value.arrayValue.values : [];

const arrayOf = (values: Value[]): Value => ({ valueType: 'arrayValue', arrayValue: { values } });

function union(old: Value[], added: Value[]): Value {
  const values = [...old];
  for (const value of added) if (!values.some((other) => sameValue(value, other))) values.push(value);
  return arrayOf(values);
}

const difference = (old: Value[], removed: Value[]): Value =>
  arrayOf(old.filter((value) => !removed.some((other) => sameValue(value, other))));
