import { sha256 } from '../model/canonical.ts';
import type { BigQueryClient } from '../platform/bigquery.ts';
import { type Asked, type Period, printed, valuesOf } from './asking.ts';
import { createPopulation, type Population } from './population.ts';
import { type Datasets, qualify } from './qualify.ts';
import { type ParameterName, parametersOf, type Question, questions, readSql, themes, viewNames } from './questions.ts';

export { type Bundles, createBundles } from './bundle.ts';
export { createDecidedOperations, type DecidedOperations } from './decided-operations.ts';
export { type Manifest, manifestSchema } from './manifest.ts';
export { type ChangedDocument, createPolicyHistory, type PolicyHistory } from './policy-history.ts';
export type { Recorded } from './recorded.ts';
export { createReplay, type Replay, type SessionTold } from './replay.ts';
export type { OperationTold } from './timeline.ts';
export {
  type Finding,
  type Report,
  type TrustedKey,
  type VerifyOptions,
  verifyTrail,
} from './verify.ts';
export {
  type BundleReport,
  fingerprintOf,
  NotABundle,
  verifyBundle,
} from './verify-bundle.ts';
export { verifyOnline } from './verify-online.ts';
export type { Asked, Datasets, Population, Question };

export type Answer = {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
  /** Those that the query has. Times are ISO 8601. */
  parameters: Readonly<Record<string, string | number>>;
  /** Of the query's text as it was sent. */
  sql_sha256: string;
};

/** The auditor's questions and their answers from BigQuery. */
export interface Evidence {
  questions: readonly Question[];
  themes: typeof themes;
  /** The query as it is sent. Undefined where there is no such question. */
  sql(name: string): string | undefined;
  /** Undefined where there is no such question. Throws when BigQuery cannot be asked. */
  ask(name: string, asked: Asked): Promise<Answer | undefined>;
  /** Of which events any answer for the period was made, and whether they are all there. */
  population(period: Period): Promise<Population>;
}

export function createEvidence(deps: {
  query: BigQueryClient['query'];
  project: string;
  datasets: Datasets;
}): Evidence {
  const { query, project, datasets } = deps;

  function sql(name: string) {
    return questions.some((one) => one.name === name) ? qualify(readSql(name), project, datasets) : undefined;
  }

  return {
    questions,
    themes,
    sql,
    async ask(name, asked) {
      const question = questions.find((one) => one.name === name);
      const text = sql(name);
      if (question === undefined || text === undefined) return undefined;
      const values = valuesOf(question, asked);
      const columns = question.columns.map(([column]) => column);
      const rows = await query(text, values);
      return {
        columns,
        rows: rows.map((row) => columns.map((column) => row[column] ?? null)),
        parameters: printed(values),
        sql_sha256: sha256(text),
      };
    },
    population: createPopulation((period) => query(qualify(readSql('population'), project, datasets), period)),
  };
}

/** How a query's parameters are called where it is a table function: `from` is a word of the language. */
const functionArguments: Record<ParameterName, { name: string; type: string }> = {
  from: { name: 'period_from', type: 'TIMESTAMP' },
  to: { name: 'period_to', type: 'TIMESTAMP' },
  as_of: { name: 'as_of', type: 'TIMESTAMP' },
  seed: { name: 'seed', type: 'STRING' },
  n: { name: 'n', type: 'INT64' },
};

export type EvidenceDefinitions = {
  /** In this order, as later ones read earlier ones. */
  views: readonly { dataset: keyof Datasets; name: string; query: string }[];
  /** Table functions, in this order. */
  functions: readonly { name: string; parameters: readonly { name: string; type: string }[]; body: string }[];
};

/** What an auditor finds in BigQuery, as it is installed: the views, and a table function for each question. */
export function evidenceDefinitions(project: string, datasets: Datasets): EvidenceDefinitions {
  const qualified = (name: string) => qualify(readSql(name), project, datasets);
  const functions = [
    { name: 'document_versions', parameters: ['as_of'] as const },
    ...questions.map((question) => ({ name: question.name, parameters: parametersOf(question) })),
  ];
  return {
    views: [
      ...viewNames.map((name) => ({ dataset: 'evidence' as const, name, query: qualified(name) })),
      { dataset: 'audit', name: 'policy_changes', query: qualified('policy_changes_view') },
    ],
    functions: functions.map(({ name, parameters }) => ({
      name,
      parameters: parameters.map((parameter) => functionArguments[parameter]),
      body: qualified(name).replaceAll(/@(from|to|as_of|seed|n)\b/g, (_, parameter: ParameterName) => {
        return functionArguments[parameter].name;
      }),
    })),
  };
}

/**
 * Makes the evidence dataset, its views, the view `policy_changes` of the audit dataset, and a table function for each question, so
 * that an auditor may ask BigQuery itself:
 * ``SELECT * FROM sallyport_evidence.approvals(TIMESTAMP '2026-01-01', TIMESTAMP '2026-02-01')``. What is there gets today's
 * definition. The audit tables come first.
 */
export async function installEvidence(
  bigquery: Pick<BigQueryClient, 'projectId' | 'ensureDataset' | 'ensureTable' | 'query'>,
  datasets: Datasets,
): Promise<void> {
  const { views, functions } = evidenceDefinitions(bigquery.projectId, datasets);
  await bigquery.ensureDataset(datasets.evidence);
  for (const { dataset, name, query } of views)
    await bigquery.ensureTable(`${datasets[dataset]}.${name}`, { view: { query, useLegacySql: false } });
  for (const { name, parameters, body } of functions) {
    const declared = parameters.map((parameter) => `${parameter.name} ${parameter.type}`).join(', ');
    const path = `\`${bigquery.projectId}.${datasets.evidence}.${name}\``;
    await bigquery.query(`CREATE OR REPLACE TABLE FUNCTION ${path}(${declared}) AS\n${body}`);
  }
}
