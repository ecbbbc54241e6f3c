import { createRetention, installAudit } from '../src/audit/audit.ts';
import { installEvidence } from '../src/evidence/evidence.ts';
import { createBigQuery } from '../src/platform/bigquery.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };

/** Days. What the tables of the trail are told, and the keeper too. */
export const retention = { events: 2555, recordings: 400 };

/** Makes the trail's tables and the evidence views over them, as a deployment does before the first instance starts. */
export async function makeAuditTables(projectId: string, emulator: string): Promise<void> {
  const bigquery = createBigQuery({ projectId, emulatorHost: emulator.replace('http://', '') });
  await installAudit(bigquery, datasets.audit, createRetention(retention, false));
  await installEvidence(bigquery, datasets);
}
