import { createRetention, installAudit } from '../audit/audit.ts';
import type { InstallConfig } from '../config.ts';
import { installEvidence } from '../evidence/evidence.ts';
import { createBigQuery } from '../platform/bigquery.ts';

/** Makes the datasets, their tables and views, and sets how long rows are kept; says what of that it changed. For an operator. */
export async function install({ project, datasets, retention, location, bigquery: emulatorHost }: InstallConfig) {
  const bigquery = createBigQuery({ projectId: project, location, emulatorHost });
  const changes = await installAudit(bigquery, datasets.audit, createRetention(retention.days, retention.legalHold));
  await installEvidence(bigquery, datasets);
  const hold = retention.legalHold ? ['Legal hold: nothing is deleted.'] : [];
  process.stdout.write([...hold, ...changes, 'The datasets are in place.', ''].join('\n'));
}
