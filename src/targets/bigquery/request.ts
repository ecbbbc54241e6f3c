import { z } from 'zod';
import { type HttpRequest, httpRequestSchema } from '../../model/http-request.ts';
import type { Parameter } from './plan.ts';

/** Characters of a statement, as BigQuery itself takes. */
const MOST_TEXT = 1_000_000;
const MOST_PARAMETERS = 10_000;

type Type = { type: string; arrayType?: Type; structTypes?: { name?: string; type: Type }[] };
type Value = { value?: string | null; arrayValues?: Value[]; structValues?: Record<string, Value> };

const scalar = z.union([z.string(), z.boolean(), z.number()]);

/** With a type that its JSON does not show: `{"type": "DATE", "value": "2026-01-31"}`; of a NULL, too. */
const typed = z.strictObject({
  type: z.string().regex(/^[A-Z][A-Z0-9]{0,30}$/),
  value: z.union([z.string(), z.null()]),
});

const plain = z.union([scalar, typed, z.array(scalar).min(1)]);

const parametersSchema = z.union([
  z.array(plain).max(MOST_PARAMETERS),
  z
    .record(z.string().regex(/^[A-Za-z_]\w{0,127}$/), plain)
    .refine((given) => Object.keys(given).length <= MOST_PARAMETERS, { error: 'too many' }),
]);

/** What `POST …/operations` takes: GoogleSQL, with values for `?` in their order or for `@name` by name. */
const statementRequest = z
  .strictObject({
    statement: z.string().min(1).max(MOST_TEXT),
    parameters: parametersSchema.default([]),
    /** For names of tables that name none: `sales`, or `project.sales`. */
    default_dataset: z
      .string()
      .regex(/^([a-z][a-z0-9-]{4,28}[a-z0-9]\.)?\w{1,1024}$/)
      .optional(),
  })
  .transform(({ statement, parameters, default_dataset: defaultDataset }) => ({
    statement,
    parameters: Array.isArray(parameters)
      ? parameters.map((value) => parameterOf(value))
      : Object.entries(parameters).map(([name, value]) => ({ name, ...parameterOf(value) })),
    ...(defaultDataset !== undefined && { defaultDataset }),
  }));

type StatementRequest = { statement: string; parameters: readonly Parameter[]; defaultDataset?: string };

/** A statement, or a request of BigQuery's own REST API. */
export type Request = StatementRequest | HttpRequest;

export const requestSchema: z.ZodType<Request> = z.unknown().transform((given, context): Request => {
  const isHttp = typeof given === 'object' && given !== null && 'path' in given;
  const read = isHttp ? httpRequestSchema.safeParse(given) : statementRequest.safeParse(given);
  if (read.success) return read.data;
  for (const { path, message, code } of read.error.issues)
    context.issues.push({
      code: 'custom',
      path: [...path],
      message: code === 'unrecognized_keys' ? 'holds a field that is not known here' : message,
      input: undefined,
    });
  return z.NEVER;
});

type Plain = z.output<typeof plain>;

function parameterOf(given: Plain): { type: Type; value: Value } {
  if (Array.isArray(given)) {
    const types = [...new Set(given.map(typeOf))];
    const type =
      types.length === 1 ? (types[0] ?? 'STRING') : types.every((one) => /64$/.test(one)) ? 'FLOAT64' : 'STRING';
    return {
      type: { type: 'ARRAY', arrayType: { type } },
      value: { arrayValues: given.map((one) => ({ value: String(one) })) },
    };
  }
  if (typeof given === 'object') return { type: { type: given.type }, value: { value: given.value } };
  return { type: { type: typeOf(given) }, value: { value: String(given) } };
}

function typeOf(value: string | number | boolean): string {
  if (typeof value === 'boolean') return 'BOOL';
  if (typeof value === 'string') return 'STRING';
  return Number.isSafeInteger(value) ? 'INT64' : 'FLOAT64';
}
