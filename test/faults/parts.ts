import { type Audit, type AuditDeps, createAudit } from '../../src/audit/audit.ts';
import { createBigQuery } from '../../src/platform/bigquery.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { randomIds } from '../../src/platform/ids.ts';
import type { Logger } from '../../src/platform/logger.ts';

export type Addresses = { firestore: string; bigquery: string };

export const projectId = 'demo-faults';
export const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };

/** Short, so that what takes minutes takes seconds. */
const timing = { lease: 1500, renew: 300, grace: 300, linger: 20, shippingPause: [50, 1000] } as const;

export const openStore = ({ firestore }: Addresses) =>
  createFirestoreStore({ projectId, databaseId: 'runtime', emulatorHost: firestore });

export const openBigQuery = ({ bigquery }: Addresses) => createBigQuery({ projectId, emulatorHost: bigquery });

export type Parts = Pick<AuditDeps, 'store' | 'append'>;

export async function openParts(addresses: Addresses): Promise<Parts> {
  const bigquery = openBigQuery(addresses);
  return {
    store: await openStore(addresses),
    append: (table, rows) => bigquery.append(`${datasets.audit}.${table}`, rows),
  };
}

export function openAudit(role: string, parts: Parts): Audit {
  return createAudit({
    ...parts,
    clock: systemClock,
    ids: randomIds,
    log: quiet,
    gateway: { role, revision: null, instance: `pid-${process.pid}`, version: '0.0.0', image_digest: null },
    seal: (name) => `«${name}:sealed»`,
    conceal: (text) => text,
    timing,
  });
}

const silent = () => {};
const quiet: Logger = { debug: silent, info: silent, warn: silent, error: silent, alert: silent };
