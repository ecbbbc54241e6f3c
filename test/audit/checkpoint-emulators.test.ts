import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { grpc } from 'google-gax';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { startFirestore } from '../../emulators/firestore/firestore.ts';
import { startKms } from '../../emulators/kms/kms.ts';
import { type Checkpoints, createCheckpoints, createIntegrity, installAudit } from '../../src/audit/audit.ts';
import { type BigQueryClient, createBigQuery } from '../../src/platform/bigquery.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createFirestoreStore } from '../../src/platform/firestore.ts';
import { createKmsSigner, createKmsVerifier, publicKeyOf } from '../../src/platform/kms.ts';
import type { LogFields } from '../../src/platform/logger.ts';
import { createBucket } from '../../src/platform/storage.ts';
import type { Store } from '../../src/platform/store.ts';
import { type FakeBucket, startFakeBucket } from '../fakes/bucket.ts';
import { flawsOf, readAll } from './keeper.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Checkpoints over what the local stand is made of, each part by its own protocol. */

const folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
const files = { kms: join(folder, 'kms'), bigquery: join(folder, 'bigquery') };
const indexes = JSON.parse(readFileSync(new URL('../../firestore.indexes.json', import.meta.url), 'utf8'));
const stops: (() => unknown)[] = [];
const silent = () => {};
const alerts: unknown[] = [];
const log = {
  ...{ debug: silent, info: silent, warn: silent, error: silent },
  alert: ({ step }: LogFields) => void alerts.push(step),
};

let store: Store;
let bigquery: BigQueryClient;
let bucket: FakeBucket;
let kms: Awaited<ReturnType<typeof startKms>>;
let keyVersion: string;
let make: Checkpoints['make'];
let another: Checkpoints['make'];

beforeAll(async () => {
  const firestore = await startFirestore({ indexes });
  stops.push(() => firestore.stop());
  const opened = await createFirestoreStore({
    projectId: 'p',
    databaseId: 'runtime',
    emulatorHost: firestore.address,
    deadline: 60_000,
  });
  stops.push(() => opened.close());
  store = opened;
  kms = await startKms({ file: files.kms });
  keyVersion = await makeKey(kms.address);
  bucket = await startFakeBucket('evidence');
  stops.push(() => bucket.stop());
  const tables = await startBigQuery({ file: files.bigquery });
  bigquery = createBigQuery({ projectId: 'p', emulatorHost: new URL(tables.url).host });
  await installAudit(bigquery, 'trail');
  [make, another] = [aKeeper('one'), aKeeper('two')];
  stops.push(async () => {
    await kms.stop();
    await tables.stop();
    rmSync(folder, { recursive: true });
  });
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

function aKeeper(keeper: string): Checkpoints['make'] {
  const signer = createKmsSigner({ keyVersion, emulatorHost: kms.address, deadline: 4000 });
  stops.push(() => signer.close());
  const append = (table: string, rows: Parameters<BigQueryClient['append']>[1]) =>
    bigquery.append(`trail.${table}`, rows);
  const archive = createBucket({ bucket: 'evidence', emulatorHost: bucket.address }).keep;
  return createCheckpoints({ store, clock: systemClock, log, append, archive, signer, keeper }).make;
}

async function makeKey(address: string) {
  const [apiEndpoint = '', port] = address.split(':');
  const client = new KeyManagementServiceClient({
    apiEndpoint,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
  });
  const parent = 'projects/p/locations/global';
  await client.createKeyRing({ parent, keyRingId: 'r' });
  const versionTemplate = { algorithm: 'EC_SIGN_P256_SHA256' } as const;
  const cryptoKey = { purpose: 'ASYMMETRIC_SIGN', versionTemplate } as const;
  const [{ name }] = await client.createCryptoKey({ parent: `${parent}/keyRings/r`, cryptoKeyId: 'c', cryptoKey });
  await client.close();
  return `${name}/cryptoKeyVersions/1`;
}

async function shipped() {
  const rows = await bigquery.query("SELECT DISTINCT * FROM `p.trail.checkpoints` WHERE time > '2020-01-01'");
  return readAll(rows);
}

const integrity = () => {
  const { verify } = createKmsVerifier({ keyVersion, emulatorHost: kms.address, deadline: 4000 });
  return createIntegrity({ store, clock: systemClock, verify })();
};

test('thousands of chains are covered, in one line that two keepers at once do not fork', async () => {
  const heads = Array.from({ length: 1100 }, (_, seq) => ({
    ...{ chain: `ch_${String(seq).padStart(26, '0')}`, seq, hash: 'a'.repeat(64) },
    closed_at: seq % 100 === 0 ? '2026-01-01T00:00:00.000Z' : null,
  }));
  for (let from = 0; from < heads.length; from += 1000)
    await store.commit(
      heads.slice(from, from + 1000).map((head) => ({ op: 'create', path: `heads/${head.chain}`, data: head })),
    );

  await Promise.all([make(), another()]);
  await make();

  const checkpoints = await shipped();
  expect(flawsOf(checkpoints, await publicKeyOf({ keyVersion, emulatorHost: kms.address }))).toEqual([]);
  expect(checkpoints[0]?.chains).toHaveLength(1100);
  expect(checkpoints[0]?.chains.filter(({ closed }) => closed)).toHaveLength(11);
  expect(checkpoints.at(-1)?.chains).toHaveLength(1089);
  expect(checkpoints.at(-1)?.said.events).toBe(checkpoints[0]?.said.events);
  expect(await store.count({ collection: 'heads' })).toBe(1089);
  expect([...bucket.objects.values()].map((text) => JSON.parse(text).hash)).toEqual(
    checkpoints.map(({ hash }) => hash),
  );
  expect(await integrity()).toMatchObject({ state: 'ok', checkpoint: { signature: 'valid', heads: 1089 } });
});

test('while KMS or the bucket cannot be reached that is told, and the line goes on where it stopped', async () => {
  const before = (await shipped()).length;
  await kms.stop();

  const unsigned = make();
  await expect(unsigned).rejects.toThrow();
  const during = await integrity();
  kms = await startKms({ file: files.kms, port: Number(kms.address.split(':')[1]) });
  bucket.failures.push(503);
  const succeeds = (keeper: Checkpoints['make']) =>
    keeper().then(
      ({ made }) => made,
      () => false,
    );
  await expect.poll(() => succeeds(another), { timeout: 60_000 }).toBe(true);
  await expect.poll(() => succeeds(make), { timeout: 60_000 }).toBe(true);

  const checkpoints = await shipped();
  expect(during.why).toContainEqual(expect.stringContaining('KMS does not sign checkpoints'));
  expect(alerts).toEqual(expect.arrayContaining(['sign', 'archive']));
  expect(checkpoints.length).toBeGreaterThanOrEqual(before + 2);
  expect(bucket.objects.size).toBe(checkpoints.length);
  expect(flawsOf(checkpoints, await publicKeyOf({ keyVersion, emulatorHost: kms.address }))).toEqual([]);
  expect(await integrity()).toMatchObject({ state: 'ok' });
});
