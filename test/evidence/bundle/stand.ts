import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { installAudit } from '../../../src/audit/audit.ts';
import { type Bundles, createBundles, installEvidence, type Manifest } from '../../../src/evidence/evidence.ts';
import type { AuditEvent } from '../../../src/model/audit-event.ts';
import {
  type ChainHead,
  type CheckpointBody,
  checkpointOf,
  noCheckpoint,
  rootOf,
} from '../../../src/model/checkpoint.ts';
import { createBigQuery } from '../../../src/platform/bigquery.ts';
import { aTrail } from '../../audit/trail.ts';

const datasets = { audit: 'sallyport_audit', evidence: 'sallyport_evidence' };

/** A key of the laptop's own, as KMS has them. */
function aKey(version: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    version,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (text: string) => sign('sha256', Buffer.from(text), privateKey).toString('base64'),
  };
}

/** A trail in an emulated BigQuery, with a keeper that makes checkpoints when it is told to, and bundles of it. */
export async function aStand() {
  const emulator = await startBigQuery();
  const bigquery = createBigQuery({ projectId: 'demo-project', emulatorHost: new URL(emulator.url).host });
  await installAudit(bigquery, datasets.audit);
  await installEvidence(bigquery, datasets);
  const [checkpointKey, approvalKey] = [aKey('checkpoints/1'), aKey('approvals/1')];
  const append = (table: string, rows: Parameters<typeof bigquery.append>[1]) =>
    bigquery.append(`${datasets.audit}.${table}`, rows);
  const trail = aTrail({ append });
  const bundles = createBundles({
    bigquery,
    datasets,
    signer: { keyVersion: approvalKey.version, sign: async (text) => approvalKey.sign(text) },
    keys: async () => ({ approval: approvalKey, checkpoint: checkpointKey }),
    now: () => trail.clock.now(),
  });

  /** Resolves when every row has reached BigQuery. */
  async function shipped() {
    while (Object.keys(trail.store.contents('outbox')).length > 0) await pause(5);
  }

  let before: { body: CheckpointBody; hash: string } | undefined;
  const closed = new Set<string>();

  /** What the keeper would sign now: the heads of all chains as BigQuery has them. */
  async function checkpoint() {
    const rows = await bigquery.query(
      'SELECT chain, seq, `hash`, type FROM `sallyport_audit.events` WHERE time >= @since ORDER BY chain, seq',
      { since: new Date('2020-01-01') },
    );
    const heads = [
      ...new Map(rows.map((row) => [row['chain'], row as Omit<ChainHead, 'closed'> & { type: string }])).values(),
    ]
      .filter(({ chain }) => !closed.has(chain))
      .map(({ chain, seq, hash, type }) => ({ chain, seq, hash, closed: type === 'chain_closed' }));
    for (const head of heads) if (head.closed) closed.add(head.chain);
    const body: CheckpointBody = {
      ...{ type: 'sallyport-checkpoint', version: 1 },
      number: (before?.body.number ?? -1) + 1,
      time: trail.clock.now().toISOString(),
      keeper: 'ins_keeper',
      previous: before?.hash ?? noCheckpoint,
      root: rootOf(heads),
      heads: heads.length,
      events: heads.reduce((sum, { seq }) => sum + seq + 1, 0),
      retained_from: null,
      recordings_from: null,
    };
    const made = checkpointOf(body, heads);
    before = { body, hash: made.hash };
    const row = { ...made, signature: checkpointKey.sign(made.body), key: checkpointKey.version };
    await append('checkpoints', [{ insertId: made.hash, json: row }]);
    return made;
  }

  return {
    ...trail,
    shipped,
    bigquery,
    bundles,
    append,
    checkpoint,
    keys: { checkpointKey, approvalKey },
    stop: () => emulator.stop(),
  };
}

export type Stand = Awaited<ReturnType<typeof aStand>>;

/** A bundle, its files by path. */
export async function exported(bundles: Bundles, period: { from: Date; to: Date }, by = 'user:auditor@example.com') {
  const told: { manifest: Manifest; sha256: string }[] = [];
  const pieces: Uint8Array[] = [];
  for await (const piece of bundles.export({
    period,
    by,
    recordings: false,
    onReady: async (made) => void told.push(made),
  }))
    pieces.push(piece);
  const { files, remarks } = unpacked(Buffer.concat(pieces));
  const manifest = told[0]?.manifest;
  if (manifest === undefined) throw new Error('Nobody was told of the bundle.');
  return { files, remarks, manifest, told, events: linesOf<AuditEvent>(files, 'trail/events.ndjson') };
}

export function linesOf<T>(files: ReadonlyMap<string, string>, path: string): T[] {
  return (files.get(path) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line));
}

/** Read here by another program than the product's. */
function unpacked(archive: Buffer) {
  const files = new Map<string, string>();
  const remarks: string[] = [];
  for (let at = 0; at < archive.length && archive[at] !== 0; ) {
    const name = archive.toString('utf8', at, archive.indexOf(0, at));
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    const content = archive.toString('utf8', at + 512, at + 512 + size);
    if (archive.toString('latin1', at + 156, at + 157) === 'g') remarks.push(content);
    else files.set(name, content);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return { files, remarks };
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
