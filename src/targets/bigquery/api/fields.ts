import { z } from 'zod';
import type { Field } from '../plan.ts';

/** `TableFieldSchema`, as far as anything depends on it. */
type Given = {
  name: string;
  type: string;
  mode?: string | undefined;
  fields?: Given[] | undefined;
  rangeElementType?: { type: string } | undefined;
  policyTags?: { names?: string[] | undefined } | undefined;
};

const given: z.ZodType<Given> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mode: z.string().optional(),
    fields: z.array(given).optional(),
    rangeElementType: z.object({ type: z.string() }).optional(),
    policyTags: z.object({ names: z.array(z.string()).optional() }).optional(),
  }),
);

/** A `TableSchema`; one that is left out has no fields. */
export const fieldsSchema = z
  .object({ fields: z.array(given).default([]) })
  .optional()
  .transform((schema): readonly Field[] => (schema?.fields ?? []).map(fieldOf));

/** Names of types as the API has them from before GoogleSQL. */
const modern: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};

const legacy: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(modern).map(([old, name]) => [name, old]),
);

function fieldOf({ name, type, mode, fields, policyTags, rangeElementType }: Given): Field {
  const tags = policyTags?.names ?? [];
  return {
    name,
    type: modern[type] ?? type,
    mode: mode === 'REPEATED' || mode === 'REQUIRED' ? mode : 'NULLABLE',
    ...(fields !== undefined && { fields: fields.map(fieldOf) }),
    ...(rangeElementType !== undefined && { rangeOf: rangeElementType.type }),
    ...(tags.length > 0 && { policyTags: tags }),
  };
}

/** The schema as the API writes it, without policy tags: to callers classes are told elsewhere. */
export function writeFields(fields: readonly Field[]): { fields: object[] } {
  return {
    fields: fields.map(({ name, type, mode, fields: inner, rangeOf }) => ({
      name,
      type: legacy[type] ?? type,
      mode,
      ...(inner !== undefined && writeFields(inner)),
      ...(rangeOf !== undefined && { rangeElementType: { type: rangeOf } }),
    })),
  };
}
