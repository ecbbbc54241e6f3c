import { z } from 'zod';
import { auditDefinitions, createRetention } from '../audit/audit.ts';
import { evidenceDefinitions } from '../evidence/evidence.ts';
import { datasetPath, rightsChecks } from './bigquery-rights.ts';
import { each, type Found, fault, type Group, warning } from './check.ts';
import { type Facts, ofServices } from './facts.ts';

/** As `npm start install` does where there is no Terraform. */
const again = (facts: Facts) =>
  facts.local
    ? 'Start the stand again: npm run demo'
    : 'terraform apply; where there is no Terraform: npm start install';

type Column = { name: string; type: string; mode: string; fields: readonly Column[] };
const columnSchema: z.ZodType<Column> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mode: z.string().default('NULLABLE'),
    fields: z.array(columnSchema).default([]),
  }),
);

const tableSchema = z.object({
  schema: z.object({ fields: z.array(columnSchema).default([]) }).prefault({}),
  timePartitioning: z
    .object({ type: z.string().default(''), field: z.string().default(''), expirationMs: z.coerce.number().optional() })
    .optional(),
  requirePartitionFilter: z.boolean().default(false),
  clustering: z.object({ fields: z.array(z.string()).default([]) }).optional(),
  expirationTime: z.string().optional(),
  view: z.object({ query: z.string().default('') }).optional(),
});

const findTable = (facts: Facts, dataset: string, name: string) =>
  facts.google.find({
    api: 'bigquery',
    path: `${datasetPath(facts, dataset)}/tables/${name}`,
    answer: tableSchema,
    permission: 'bigquery.tables.get',
    of: `The table ${dataset}.${name}`,
  });

/** The REST API tells standard types by their older names. */
const standard: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};

/** Columns that are not there, or are of another type. More than there should be are left alone. */
function lacking(meant: readonly object[], found: readonly Column[], prefix = ''): string[] {
  return z
    .array(columnSchema)
    .parse(meant)
    .flatMap((column) => {
      const is = found.find(({ name }) => name === column.name);
      const path = `${prefix}${column.name}`;
      if (is === undefined || (standard[is.type] ?? is.type) !== column.type || is.mode !== column.mode) return [path];
      return lacking(column.fields, is.fields, `${path}.`);
    });
}

async function tables(facts: Facts): Promise<Found[]> {
  const { audit } = (await facts.config()).datasets;
  return each(auditDefinitions(), facts.project, async (meant) => {
    const found = await findTable(facts, audit, meant.name);
    const name = `${audit}.${meant.name}`;
    if (found === undefined) return [fault(`There is no table ${name}.`, again(facts))];
    const columns = lacking(meant.schema.fields, found.schema.fields);
    const partition =
      found.timePartitioning?.type === meant.timePartitioning.type &&
      found.timePartitioning.field === meant.timePartitioning.field;
    const cluster = (found.clustering?.fields ?? []).join() === meant.clustering.fields.join();
    return [
      ...(columns.length === 0
        ? []
        : [
            fault(
              `${name} lacks columns, or has them of another type: ${columns.slice(0, 5).join(', ')}${columns.length > 5 ? ` and ${columns.length - 5} more` : ''}.`,
              again(facts),
            ),
          ]),
      ...(partition
        ? []
        : [
            fault(
              `${name} is not partitioned by the day of ${meant.timePartitioning.field}.`,
              'A table’s partitioning cannot be changed: copy its rows into a new one that Terraform makes.',
            ),
          ]),
      ...(found.requirePartitionFilter
        ? []
        : [
            warning(
              `${name} can be asked without a period: such a question reads, and costs, all of it.`,
              `bq update --require_partition_filter --project_id=${facts.project} ${name}`,
            ),
          ]),
      ...(cluster
        ? []
        : [
            warning(
              `${name} is not clustered by ${meant.clustering.fields.join(', ')}: questions read more than they need.`,
              `bq update --clustering_fields=${meant.clustering.fields.join()} --project_id=${facts.project} ${name}`,
            ),
          ]),
    ];
  });
}

const daysOf = (milliseconds: number | null | undefined) =>
  milliseconds == null ? 'for ever' : `for ${milliseconds / 86_400_000} days`;

async function retention(facts: Facts): Promise<Found[]> {
  const { datasets, retention: configured } = await facts.config();
  const meant = createRetention(configured.days, configured.legalHold);
  return each(auditDefinitions(), facts.project, async ({ name }) => {
    const found = await findTable(facts, datasets.audit, name);
    if (found === undefined) return [];
    const table = `${datasets.audit}.${name}`;
    const [is, should] = [found.timePartitioning?.expirationMs ?? null, meant.of(name)];
    const doomed =
      found.expirationTime === undefined
        ? []
        : [
            fault(
              `${table} is to be deleted as a whole at its expiration.`,
              `bq update --expiration=0 --project_id=${facts.project} ${table}`,
            ),
          ];
    if (is === should) return doomed;
    const say = is !== null && (should === null || is < should) ? fault : warning;
    return [
      ...doomed,
      say(
        `Rows of ${table} are kept ${daysOf(is)}, not ${daysOf(should)}.`,
        `Set \`audit.retention_days\` and run terraform apply; or: bq update --time_partitioning_expiration=${should === null ? 0 : should / 1000} --project_id=${facts.project} ${table}`,
      ),
    ];
  });
}

/** Without the comments before it, which BigQuery drops where a statement made it. The rest is kept as it was sent. */
const essence = (text: string) => text.replace(/^(\s*(--[^\n]*)?\n)*/, '').trim();
const differ = (found: string, meant: string) => essence(found) !== essence(meant);

async function views(facts: Facts): Promise<Found[]> {
  const { datasets } = await facts.config();
  return each(evidenceDefinitions(facts.project, datasets).views, facts.project, async ({ dataset, name, query }) => {
    const found = await findTable(facts, datasets[dataset], name);
    if (found?.view === undefined) return [fault(`There is no view ${datasets[dataset]}.${name}.`, again(facts))];
    return differ(found.view.query, query)
      ? [
          fault(
            `The view ${datasets[dataset]}.${name} is not the product’s: it was changed, or is of another version.`,
            again(facts),
          ),
        ]
      : [];
  });
}

async function functions(facts: Facts): Promise<Found[]> {
  const { datasets } = await facts.config();
  return each(evidenceDefinitions(facts.project, datasets).functions, facts.project, async ({ name, body }) => {
    const found = await facts.google.find({
      api: 'bigquery',
      path: `${datasetPath(facts, datasets.evidence)}/routines/${name}`,
      answer: z.object({ definitionBody: z.string().default('') }),
      permission: 'bigquery.routines.get',
      of: `The function ${datasets.evidence}.${name}`,
    });
    if (found === undefined) return [fault(`There is no function ${datasets.evidence}.${name}.`, again(facts))];
    return differ(found.definitionBody, body)
      ? [
          fault(
            `The function ${datasets.evidence}.${name} is not the product’s: it was changed, or is of another version.`,
            again(facts),
          ),
        ]
      : [];
  });
}

export const bigqueryChecks: Group = {
  name: 'bigquery',
  title: 'BigQuery',
  checks: [
    {
      id: 'bigquery.tables',
      promise: 'The tables of the trail are there, with their columns, partitions and clusters.',
      rights: [...ofServices, 'bigquery.tables.get'],
      local: true,
      run: tables,
    },
    {
      id: 'bigquery.retention',
      promise: 'Rows are kept as long as configured.',
      rights: [...ofServices, 'bigquery.tables.get'],
      local: true,
      run: retention,
    },
    {
      id: 'bigquery.views',
      promise: 'The views are the product’s own, to the letter.',
      rights: [...ofServices, 'bigquery.tables.get'],
      local: true,
      run: views,
    },
    {
      id: 'bigquery.functions',
      promise: 'The auditor’s questions are the product’s own, to the letter.',
      rights: [...ofServices, 'bigquery.routines.get'],
      local: true,
      run: functions,
    },
    ...rightsChecks,
  ],
};
