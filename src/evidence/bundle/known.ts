import { readSql } from '../questions.ts';

/** What a query may see of the trail: what the bundle's last checkpoint covers, and nothing that came after. */

/** Everything is later than this: the tables require a filter on the time of every query. */
const always = "TIMESTAMP '2020-01-01 00:00:00+00'";

/**
 * Chains that `known` names are seen up to there; any other chain ended before the period or began after what is known, so
 * that only what it said before the period is seen. So the same period gives the same answer, whatever has come since.
 */
const bounds: Readonly<Record<string, string>> = {
  events: `SELECT event.*
FROM \`sallyport_audit.events\` AS event
LEFT JOIN (
  SELECT JSON_VALUE(item, '$.chain') AS chain, CAST(JSON_VALUE(item, '$.upto') AS INT64) AS upto
  FROM UNNEST(JSON_QUERY_ARRAY(@known)) AS item
) AS known ON known.chain = event.chain
WHERE event.time >= ${always} AND IF(known.chain IS NULL, event.time < @known_before, event.seq <= known.upto)`,
  checkpoints: `SELECT *
FROM \`sallyport_audit.checkpoints\`
WHERE time >= ${always} AND number <= @known_checkpoint`,
};

/** A table, view or function by its name, with the function's argument and the alias where there are such. */
const reference = /`sallyport_(audit|evidence)\.(\w+)`(\((?:[^()]|\([^()]*\))*\))?(\s+AS\s+\w+)?/g;

/** Views of the audit dataset, by the file that holds them. */
const auditViews: Readonly<Record<string, string>> = { policy_changes: 'policy_changes_view' };

/** How the only parameter of a function of the evidence dataset is called in its text, where it stands for nothing else. */
const functionParameters: Readonly<Record<string, string>> = { document_versions: 'as_of' };

/** The query with its views put in and bound: it stands for itself, whatever views are installed. */
export function boundSql(sql: string): string {
  return eachLine(sql, (line) =>
    line.replace(reference, (whole, dataset: string, name: string, argument?: string, alias?: string) => {
      const within = dataset === 'evidence' ? viewSql(name, argument) : (bounds[name] ?? auditViewSql(name));
      return within === undefined ? whole : `(\n${within}\n)${alias ?? ` AS ${name}`}`;
    }),
  );
}

function viewSql(name: string, argument: string | undefined): string {
  const sql = boundSql(readSql(name)).trimEnd();
  const parameter = functionParameters[name];
  if (parameter === undefined || argument === undefined) return sql;
  return eachLine(sql, (line) => line.replaceAll(new RegExp(`(?<!@)\\b${parameter}\\b`, 'g'), () => argument));
}

function auditViewSql(name: string): string | undefined {
  const file = auditViews[name];
  return file && viewSql(file, undefined);
}

/** Comments stay as they are. */
const eachLine = (sql: string, change: (line: string) => string) =>
  sql
    .split('\n')
    .map((line) => (/^\s*--/.test(line) ? line : change(line)))
    .join('\n');
