import { readFile } from 'node:fs/promises';
import { type Report, type TrustedKey, verifyOnline } from '../evidence/evidence.ts';
import { createBigQuery } from '../platform/bigquery.ts';
import { publicKeyOf } from '../platform/kms.ts';

export type OnlineRequest = {
  project: string;
  dataset: string;
  location: string | undefined;
  from?: Date;
  to?: Date;
  /** KMS key versions or PEM files, with commas between them. */
  checkpointKey: string;
  approvalKey: string;
  emulators: { bigquery: string | undefined; kms: string | undefined };
};

/** Reads the tables and the public keys with the caller's own Google credentials: the verifier need not trust any part of the gateway. */
export async function verifyTables(
  request: OnlineRequest,
  onProgress: (events: number, of: number) => void,
): Promise<Report> {
  const { project, dataset, location, from, to, emulators } = request;
  const keysOf = (names: string) => Promise.all(names.split(',').map((name) => keyOf(name, emulators.kms)));
  const [checkpoint, approval] = await Promise.all([keysOf(request.checkpointKey), keysOf(request.approvalKey)]);
  return verifyOnline(
    {
      bigquery: createBigQuery({ projectId: project, location, emulatorHost: emulators.bigquery }),
      datasets: { audit: dataset, evidence: dataset },
      now: () => new Date(),
    },
    { keys: { checkpoint, approval }, onProgress, ...(from && { from }), ...(to && { to }) },
  );
}

const keyVersion = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+\/cryptoKeyVersions\/\d+$/;

async function keyOf(name: string, emulatorHost: string | undefined): Promise<TrustedKey> {
  if (!keyVersion.test(name)) return { pem: await readFile(name, 'utf8') };
  return { version: name, pem: await publicKeyOf({ keyVersion: name, emulatorHost }) };
}
