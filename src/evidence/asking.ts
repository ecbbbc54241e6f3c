import { type ParameterName, parametersOf, type Question } from './questions.ts';

export type Period = { from: Date; to: Date };
/** What a question is asked with. Without `as_of` it is the end of the period, without `seed` and `n` they are always the same. */
export type Asked = Period & { as_of?: Date; seed?: string; n?: number };

type Value = Date | string | number;

/** The parameters that the question has. */
export function valuesOf(question: Question, { from, to, as_of = to, seed = 'sallyport', n = 25 }: Asked) {
  const all: Record<ParameterName, Value> = { from, to, as_of, seed, n };
  return Object.fromEntries(parametersOf(question).map((name) => [name, all[name]]));
}

/** Times are ISO 8601. */
export function printed(values: Readonly<Record<string, Value>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}
