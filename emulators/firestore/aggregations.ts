import { invalid } from './errors.ts';
import { fieldReader, NAME } from './field-paths.ts';
import type { StoredDocument } from './storage.ts';
import { isNumber, NULL, numeric } from './values.ts';
import type { Aggregation, Fields, Value } from './wire.ts';

const MAX_AGGREGATIONS = 5;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** The fields that sums and averages read; refuses none, more than five, and aliases used twice. */
export function aggregatedFields(aggregations: readonly Aggregation[]): string[] {
  if (aggregations.length === 0) throw invalid('At least one aggregation is required.');
  if (aggregations.length > MAX_AGGREGATIONS) throw invalid(`At most ${MAX_AGGREGATIONS} aggregations are allowed.`);
  const aliases = aggregations.map(({ alias }) => alias).filter((alias) => alias !== '');
  if (new Set(aliases).size !== aliases.length) throw invalid('Two aggregations have the same alias.');
  return [...new Set(aggregations.flatMap((aggregation) => fieldOf(aggregation) ?? []))];
}

/** One row of results by alias; unnamed ones are called `field_1`, `field_2` and so on. */
export function aggregate(documents: readonly StoredDocument[], aggregations: readonly Aggregation[]): Fields {
  let unnamed = 0;
  return Object.fromEntries(
    aggregations.map((aggregation) => [aggregation.alias || `field_${++unnamed}`, compute(documents, aggregation)]),
  );
}

function compute(documents: readonly StoredDocument[], aggregation: Aggregation): Value {
  const path = fieldOf(aggregation);
  if (aggregation.operator === 'count') return integer(countUpTo(documents.length, aggregation.count.upTo));
  if (path === undefined) throw invalid('An aggregation has no operator or no field.');
  const read = fieldReader(path);
  const numbers = documents.map(read).filter((value) => value !== undefined && isNumber(value));
  const values = numbers.map((value) => (value === undefined ? 0 : numeric(value)));
  if (aggregation.operator === 'avg')
    return values.length === 0 ? NULL : { valueType: 'doubleValue', doubleValue: doubleSum(values) / values.length };
  const whole = numbers.every((value) => value?.valueType === 'integerValue');
  return whole ? integerSum(values) : { valueType: 'doubleValue', doubleValue: doubleSum(values) };
}

function countUpTo(count: number, upTo: { value: string } | null): bigint {
  if (upTo === null) return BigInt(count);
  const most = BigInt(upTo.value);
  if (most <= 0n) throw invalid('up_to must be greater than 0.');
  return BigInt(count) < most ? BigInt(count) : most;
}

/** Exact while it fits int64, a double once it does not. */
function integerSum(values: (number | bigint)[]): Value {
  const sum = values.reduce<bigint>((total, value) => total + BigInt(value), 0n);
  return sum > MAX_INT64 || sum < MIN_INT64 ? { valueType: 'doubleValue', doubleValue: Number(sum) } : integer(sum);
}

const doubleSum = (values: (number | bigint)[]): number =>
  values.reduce<number>((total, value) => total + Number(value), 0);

const integer = (value: bigint): Value => ({ valueType: 'integerValue', integerValue: String(value) });

function fieldOf(aggregation: Aggregation): string | undefined {
  if (aggregation.operator === 'count') return undefined;
  const path = aggregation.operator === 'sum' ? aggregation.sum.field : aggregation.avg?.field;
  if (path?.fieldPath === NAME) throw invalid('Aggregations over __name__ are not supported.');
  return path?.fieldPath;
}
