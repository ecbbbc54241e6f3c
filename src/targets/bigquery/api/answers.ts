import { z } from 'zod';
import { fieldsSchema } from './fields.ts';

const count = z.string().regex(/^\d+$/).transform(Number);

const tableReference = z.object({ projectId: z.string(), datasetId: z.string(), tableId: z.string() });
const routineReference = z.object({ projectId: z.string(), datasetId: z.string(), routineId: z.string() });

const failure = z.object({ reason: z.string().default('unknown'), message: z.string().default('') });

const jobReference = z.object({ projectId: z.string(), jobId: z.string().optional(), location: z.string().optional() });

const dmlStats = z.record(z.string(), z.string());

/** `Job`. */
export const jobSchema = z.object({
  jobReference: jobReference.optional(),
  configuration: z
    .object({
      jobType: z.string().optional(),
      labels: z.record(z.string(), z.string()).default({}),
      query: z
        .object({
          query: z.string().default(''),
          destinationTable: tableReference.optional(),
          priority: z.string().optional(),
          useQueryCache: z.boolean().optional(),
        })
        .optional(),
    })
    .default({ labels: {} }),
  status: z.object({ state: z.string(), errorResult: failure.optional() }).optional(),
  statistics: z
    .object({
      creationTime: z.string().optional(),
      startTime: z.string().optional(),
      endTime: z.string().optional(),
      totalBytesProcessed: count.optional(),
      query: z
        .object({
          statementType: z.string().default(''),
          referencedTables: z.array(tableReference).default([]),
          referencedRoutines: z.array(routineReference).default([]),
          schema: fieldsSchema,
          totalBytesProcessed: count.optional(),
          totalBytesBilled: count.optional(),
          cacheHit: z.boolean().optional(),
          numDmlAffectedRows: count.optional(),
          dmlStats: dmlStats.optional(),
          ddlTargetTable: tableReference.optional(),
          ddlOperationPerformed: z.string().optional(),
        })
        .optional(),
    })
    .default({}),
});
export type Job = z.output<typeof jobSchema>;

export type Cell = null | string | { v: Cell }[] | { f: { v: Cell }[] };
export type WireRow = { f: { v: Cell }[] };

/** Rows are many, so only that they are a list is looked at here; each is when it is written. */
const rows = z.custom<readonly WireRow[]>((value) => Array.isArray(value)).default([]);

/** `GetQueryResultsResponse`. */
export const resultsSchema = z.object({
  jobComplete: z.boolean().default(false),
  schema: fieldsSchema,
  totalRows: count.optional(),
  pageToken: z.string().optional(),
  rows,
  numDmlAffectedRows: count.optional(),
  totalBytesProcessed: count.optional(),
  cacheHit: z.boolean().optional(),
});
export type Results = z.output<typeof resultsSchema>;

/** `Table`. */
export const tableSchema = z.object({
  tableReference,
  type: z.string().default('TABLE'),
  schema: fieldsSchema,
  timePartitioning: z.looseObject({ field: z.string().optional(), type: z.string().optional() }).optional(),
  rangePartitioning: z.looseObject({ field: z.string().optional() }).optional(),
  requirePartitionFilter: z.boolean().optional(),
  clustering: z.object({ fields: z.array(z.string()).default([]) }).optional(),
  view: z.looseObject({ query: z.string().optional(), useLegacySql: z.boolean().optional() }).optional(),
  materializedView: z.looseObject({ query: z.string().optional() }).optional(),
  externalDataConfiguration: z.looseObject({}).optional(),
  location: z.string().optional(),
  creationTime: z.string().optional(),
  lastModifiedTime: z.string().optional(),
  numRows: count.optional(),
});
export type TableAnswer = z.output<typeof tableSchema>;

export const datasetSchema = z.object({
  datasetReference: z.object({ projectId: z.string(), datasetId: z.string() }),
  location: z.string().optional(),
});
export const datasetsSchema = z.object({
  datasets: z.array(datasetSchema).default([]),
  nextPageToken: z.string().optional(),
});

const listedTable = z.object({
  tableReference,
  type: z.string().default('TABLE'),
  creationTime: z.string().optional(),
});
export const tablesSchema = z.object({
  tables: z.array(listedTable).default([]),
  nextPageToken: z.string().optional(),
});
export type ListedTable = z.output<typeof listedTable>;

const listedJob = z.object({
  jobReference: jobReference.optional(),
  state: z.string().optional(),
  configuration: z.object({ labels: z.record(z.string(), z.string()).default({}) }).optional(),
});
export const jobsSchema = z.object({ jobs: z.array(listedJob).default([]), nextPageToken: z.string().optional() });
