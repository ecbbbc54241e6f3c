import { type BigQueryEmulator, startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { installAudit } from '../../src/audit/audit.ts';
import { type Asked, createEvidence, installEvidence } from '../../src/evidence/evidence.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';
import { day, type KnownData, knownData } from './known-data.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };

export type Row = Record<string, unknown>;

/** The known data in BigQuery, with the questions over it. */
export async function openKnownData() {
  const emulator: BigQueryEmulator = await startBigQuery();
  const bigquery: BigQueryClient = createBigQuery({
    projectId: 'demo-project',
    emulatorHost: new URL(emulator.url).host,
  });
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  await load(bigquery, await knownData());
  const evidence = createEvidence({ query: bigquery.query, project: 'demo-project', datasets });

  /** The answer as objects. */
  async function answer(name: string, asked: Partial<Asked> = {}): Promise<Row[]> {
    const table = await evidence.ask(name, { ...day, ...asked });
    if (!table) throw new Error('No such question.');
    return table.rows.map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index]])));
  }

  return { emulator, bigquery, evidence, answer, stop: () => emulator.stop() };
}

async function load(bigquery: BigQueryClient, { events, ...others }: KnownData) {
  const appended = [await bigquery.append('sallyport_audit.events', events)];
  for (const [table, rows] of Object.entries(others)) {
    const inserted = rows.map((json, index) => ({ insertId: `${table} ${index}`, json }));
    appended.push(await bigquery.append(`sallyport_audit.${table}`, inserted));
  }
  const [failure] = appended.flat();
  if (failure) throw new Error(`A row was not taken: ${failure.reason}`);
}
