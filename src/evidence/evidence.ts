import type { BigQueryClient } from '../platform/bigquery.ts';
import { type Question, questions, readSql, viewNames } from './questions.ts';

export { type ChangedDocument, createPolicyHistory, type HistoryFilter, type PolicyHistory } from './policy-history.ts';
export {
  type Finding,
  type FindingKind,
  type Report,
  type Tolerance,
  type Trail,
  type TrustedKey,
  type VerifyOptions,
  verifyTrail,
} from './verify.ts';

export type Datasets = { audit: string; evidence: string };
type Period = { from: Date; to: Date };
export type Answer = { columns: readonly string[]; rows: readonly (readonly unknown[])[] };

/** The auditor's questions and their answers from BigQuery. */
export interface Evidence {
  questions: readonly Question[];
  /** The query as it is sent, with `@from` and `@to`. Undefined where there is no such question. */
  sql(name: string): string | undefined;
  /** Undefined where there is no such question. Throws when BigQuery cannot be asked. */
  ask(name: string, period: Period): Promise<Answer | undefined>;
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
    sql,
    async ask(name, { from, to }) {
      const text = sql(name);
      if (text === undefined) return undefined;
      const columns = questions.find((one) => one.name === name)?.columns.map(([column]) => column) ?? [];
      const rows = await query(text, { from, to });
      return { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) };
    },
  };
}

/** Makes the evidence dataset and its views, and the view `policy_changes` of the audit dataset; views that are there get today's definition. The audit tables come first. */
export async function installEvidence(
  bigquery: Pick<BigQueryClient, 'projectId' | 'ensureDataset' | 'ensureTable'>,
  datasets: Datasets,
): Promise<void> {
  await bigquery.ensureDataset(datasets.evidence);
  for (const name of viewNames) {
    const query = qualify(readSql(name), bigquery.projectId, datasets);
    await bigquery.ensureTable(`${datasets.evidence}.${name}`, { view: { query, useLegacySql: false } });
  }
  const query = qualify(readSql('policy_changes_view'), bigquery.projectId, datasets);
  await bigquery.ensureTable(`${datasets.audit}.policy_changes`, { view: { query, useLegacySql: false } });
}

/** A saved view must name the project of each table it reads. */
function qualify(sql: string, project: string, { audit, evidence }: Datasets): string {
  return sql
    .replaceAll('`sallyport_audit.', `\`${project}.${audit}.`)
    .replaceAll('`sallyport_evidence.', `\`${project}.${evidence}.`);
}
