import { z } from 'zod';
import { isReserved } from '../labels.ts';
import type { Parameter } from '../plan.ts';

/** Numbers come as either, as int64s are text in Google's JSON. */
const whole = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,15}$/)])
  .transform(Number)
  .nullish();

/** What may be named where nothing is asked for by it. */
const unused = z.union([z.null(), z.literal(false), z.array(z.unknown()).max(0), z.strictObject({})]).optional();

type Type = {
  type: string;
  arrayType?: Type | undefined;
  structTypes?: { name?: string | undefined; type: Type }[] | undefined;
};
const typeSchema: z.ZodType<Type> = z.lazy(() =>
  z.strictObject({
    type: z.string().regex(/^[A-Z][A-Z0-9]{0,30}$/),
    arrayType: typeSchema.optional(),
    structTypes: z.array(z.strictObject({ name: z.string().max(300).optional(), type: typeSchema })).optional(),
  }),
);

type Value = {
  value?: string | null | undefined;
  arrayValues?: Value[] | undefined;
  structValues?: Record<string, Value> | undefined;
};
const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.strictObject({
    value: z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]).nullish(),
    arrayValues: z.array(valueSchema).optional(),
    structValues: z.record(z.string(), valueSchema).optional(),
  }),
);

const parameterSchema = z
  .strictObject({
    name: z.string().max(300).nullish(),
    parameterType: typeSchema,
    parameterValue: valueSchema.nullish(),
  })
  .transform(
    ({ name, parameterType, parameterValue }): Parameter => ({
      ...(typeof name === 'string' && name !== '' && { name }),
      type: parameterType,
      value: parameterValue ?? {},
    }),
  );

const defaultDataset = z
  .strictObject({ projectId: z.string().nullish(), datasetId: z.string().regex(/^\w{1,1024}$/) })
  .nullish();

const labels = z
  .record(
    z.string().regex(/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u),
    z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u),
  )
  .refine((given) => Object.keys(given).length <= 50 && !Object.keys(given).some(isReserved), {
    error: 'at most 50, and none that begins with sallyport',
  })
  .nullish();

/** What of a query both `jobs.query` and `jobs.insert` take. Another field is refused, as it would have a say in what the query means. */
const common = {
  query: z.string().min(1).max(1_000_000),
  useLegacySql: z.boolean().nullish(),
  defaultDataset,
  useQueryCache: z.boolean().nullish(),
  maximumBytesBilled: whole,
  parameterMode: z.string().nullish(),
  queryParameters: z.array(parameterSchema).max(10_000).nullish(),
  /** Of no effect in GoogleSQL. */
  preserveNulls: z.boolean().nullish(),
  createSession: unused,
  connectionProperties: unused,
  continuous: unused,
  writeIncrementalResults: unused,
};

export const queryBody = z.strictObject({
  ...common,
  kind: z.string().nullish(),
  labels,
  dryRun: z.boolean().nullish(),
  location: z.string().max(100).nullish(),
  maxResults: whole,
  timeoutMs: whole,
  jobTimeoutMs: whole,
  requestId: z.string().max(100).nullish(),
  jobCreationMode: z.string().max(50).nullish(),
  formatOptions: z
    .strictObject({ useInt64Timestamp: z.boolean().nullish(), timestampOutputFormat: z.string().max(50).nullish() })
    .nullish(),
});
export type QueryBody = z.output<typeof queryBody>;

const queryConfiguration = z.strictObject({
  ...common,
  priority: z.enum(['INTERACTIVE', 'BATCH']).nullish(),
  allowLargeResults: z.boolean().nullish(),
  flattenResults: z.boolean().nullish(),
  maximumBillingTier: whole,
  createDisposition: z.string().nullish(),
  writeDisposition: z.string().nullish(),
  destinationTable: unused,
  destinationEncryptionConfiguration: unused,
  userDefinedFunctionResources: unused,
  schemaUpdateOptions: unused,
  tableDefinitions: unused,
  timePartitioning: unused,
  rangePartitioning: unused,
  clustering: unused,
  scriptOptions: unused,
});

export const jobBody = z.strictObject({
  kind: z.string().nullish(),
  jobReference: z
    .strictObject({
      projectId: z.string().nullish(),
      jobId: z
        .string()
        .regex(/^[\w-]{1,1024}$/)
        .nullish(),
      location: z.string().max(100).nullish(),
    })
    .nullish(),
  configuration: z.strictObject({
    jobType: z.string().nullish(),
    query: queryConfiguration,
    dryRun: z.boolean().nullish(),
    jobTimeoutMs: whole,
    labels,
  }),
});
export type JobBody = z.output<typeof jobBody>;
