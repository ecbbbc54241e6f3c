import type { Condition, FieldCondition } from './conditions.ts';
import { fieldReader } from './field-paths.ts';
import { compareValues, isNaNValue, sameValue, typeRank } from './values.ts';
import type { Fields, Value } from './wire.ts';

export type Predicate = (document: { name: string; fields: Fields }) => boolean;

/** Whether a document satisfies a condition. A missing field satisfies none, negative ones included. */
export function matcher(condition: Condition | undefined): Predicate {
  if (condition === undefined) return () => true;
  if ('parts' in condition) {
    const parts = condition.parts.map(matcher);
    return condition.op === 'OR'
      ? (document) => parts.some((part) => part(document))
      : (document) => parts.every((part) => part(document));
  }
  const read = fieldReader(condition.path);
  const holds = comparison(condition);
  return (document) => {
    const value = read(document);
    return value !== undefined && holds(value);
  };
}

/** As in IEEE 754 and SQL, nothing equals NaN or null but by the unary operators, and nothing is ordered by them. */
function comparison({ op, value }: FieldCondition): (stored: Value) => boolean {
  const list = value.valueType === 'arrayValue' ? value.arrayValue.values : [];
  const ordered = (stored: Value) => typeRank(stored) === typeRank(value) && isPlain(stored) && isPlain(value);
  const isOneOf = (stored: Value) => isPlain(stored) && list.some((other) => sameValue(other, stored));
  switch (op) {
    case 'EQUAL':
      return (stored) => isPlain(stored) && sameValue(stored, value);
    case 'NOT_EQUAL':
      return (stored) => !isNull(stored) && !(isPlain(stored) && sameValue(stored, value));
    case 'LESS_THAN':
      return (stored) => ordered(stored) && compareValues(stored, value) < 0;
    case 'LESS_THAN_OR_EQUAL':
      return (stored) => ordered(stored) && compareValues(stored, value) <= 0;
    case 'GREATER_THAN':
      return (stored) => ordered(stored) && compareValues(stored, value) > 0;
    case 'GREATER_THAN_OR_EQUAL':
      return (stored) => ordered(stored) && compareValues(stored, value) >= 0;
    case 'IN':
      return isOneOf;
    case 'NOT_IN':
      return (stored) => !isNull(stored) && !list.some(isNull) && !isOneOf(stored);
    case 'ARRAY_CONTAINS':
      return (stored) => elementsOf(stored).some((element) => sameValue(element, value));
    case 'ARRAY_CONTAINS_ANY':
      return (stored) => elementsOf(stored).some((element) => list.some((other) => sameValue(other, element)));
    case 'IS_NULL':
      return isNull;
    case 'IS_NOT_NULL':
      return (stored) => !isNull(stored);
    case 'IS_NAN':
      return isNaNValue;
    case 'IS_NOT_NAN':
      return (stored) => !isNull(stored) && !isNaNValue(stored);
  }
}

const isPlain = (value: Value): boolean => !isNull(value) && !isNaNValue(value);

const isNull = (value: Value): boolean => value.valueType === 'nullValue';

const elementsOf = (value: Value): Value[] => (value.valueType === 'arrayValue' ? value.arrayValue.values : []);
