import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../model/canonical.ts';
import { type Manifest, manifestSchema, manifestSignatureSchema, signedText } from './manifest.ts';
import { checkFiles } from './verify/files.ts';
import { createFindings, type Findings } from './verify/findings.ts';
import { jsonOf, linesOf, valuesOf } from './verify/lines.ts';
import { csvRows, jsonRows } from './verify/row-count.ts';
import { createSignatures, isKey, type TrustedKey } from './verify/signatures.ts';
import { type Report, type VerifyOptions, verifyTrail } from './verify.ts';

type VerifyBundleOptions = Pick<VerifyOptions, 'tolerance' | 'onFinding'> & {
  /** Instead of those that the bundle brings with it, which whoever made it up would have made up, too. */
  keys?: { checkpoint?: readonly TrustedKey[]; approval?: readonly TrustedKey[] };
  /** Told now and then how many events of how many were read. */
  onProgress?: (events: number, of: number) => void;
};

export type BundleReport = Report & {
  manifest: Manifest;
  /** The keys that were trusted. */
  keys: { checkpoint: readonly TrustedKey[]; approval: readonly TrustedKey[] };
};

/** There is nothing that could be verified: no bundle, or one that cannot be read. */
export class NotABundle extends Error {
  override name = 'NotABundle';
}

const paths = {
  events: 'trail/events.ndjson',
  checkpoints: 'trail/checkpoints.ndjson',
  recordings: 'trail/recordings.ndjson',
} as const;

/**
 * Verifies a bundle in a folder without any network: its files by the manifest, the manifest by its signature, the results by their
 * counts, and the trail as `verifyTrail` does. Reads in flat memory. Throws `NotABundle` where there is none.
 */
export async function verifyBundle(folder: string, options: VerifyBundleOptions = {}): Promise<BundleReport> {
  const findings = createFindings(options.onFinding);
  const manifestText = await textOf(join(folder, 'manifest.json'));
  const manifest = manifestOf(manifestText);
  const keys = {
    checkpoint: options.keys?.checkpoint ?? (await keysIn(folder, 'checkpoint')),
    approval: options.keys?.approval ?? (await keysIn(folder, 'approval')),
  };
  const intact = await checkFiles(folder, manifest, findings);
  await checkSignature(folder, { manifestText, manifest }, keys.approval, findings);
  await checkResults(folder, manifest, intact, findings);
  const listed = (path: string) => manifest.files.some((file) => file.path === path);
  const { onProgress, onFinding, tolerance } = options;
  const report = await verifyTrail(
    {
      events: listed(paths.events) ? linesOf(join(folder, paths.events)) : nothing(),
      checkpoints: listed(paths.checkpoints) ? valuesOf(join(folder, paths.checkpoints)) : nothing(),
      ...(listed(paths.recordings) && { recordings: valuesOf(join(folder, paths.recordings)) }),
    },
    {
      keys,
      excerpt: manifest.trail.from_checkpoint !== null,
      ordered: true,
      recorded: { from: new Date(manifest.period.from), to: new Date(manifest.period.to) },
      ...(manifest.trail.recordings_from !== null && { recordingsFrom: new Date(manifest.trail.recordings_from) }),
      ...(!manifest.trail.sealed && { readAt: new Date(manifest.exported_at) }),
      ...(tolerance && { tolerance }),
      ...(onFinding && { onFinding }),
      ...(onProgress && { onProgress: (events: number) => onProgress(events, manifest.trail.events) }),
    },
  ).catch(unreadable);
  compare(manifest, report, findings);
  return {
    ...report,
    findings: [...findings.list, ...report.findings].slice(0, 1000),
    found: findings.count() + report.found,
    manifest,
    keys,
  };
}

function unreadable(error: unknown): never {
  const isOfFile = error instanceof RangeError || (error instanceof Error && 'code' in error);
  if (isOfFile) throw new NotABundle(`The bundle cannot be read: ${error.message}`, { cause: error });
  throw error;
}

async function* nothing(): AsyncGenerator<never> {}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new NotABundle(`${path} cannot be read, so there is no bundle.`, { cause });
  });
}

function manifestOf(text: string): Manifest {
  const read = manifestSchema.safeParse(jsonOf(text));
  if (!read.success) throw new NotABundle('manifest.json is not the manifest of a bundle of this version.');
  return read.data;
}

/** None where the bundle brings none, or something else: then no signature is good. */
async function keysIn(folder: string, name: 'checkpoint' | 'approval'): Promise<TrustedKey[]> {
  const pem = await readFile(join(folder, 'keys', `${name}.pem`), 'utf8').catch(() => undefined);
  return pem === undefined || !isKey(pem) ? [] : [{ pem }];
}

async function checkSignature(
  folder: string,
  { manifestText, manifest }: { manifestText: string; manifest: Manifest },
  keys: readonly TrustedKey[],
  findings: Findings,
) {
  const file = 'manifest.sig';
  const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
  if (text === undefined) {
    findings.add({ kind: 'file-missing', file, detail: 'Nobody signed the manifest.' });
    return;
  }
  const read = manifestSignatureSchema.safeParse(jsonOf(text));
  const time = read.success ? timeIn(read.data.signed) : undefined;
  const complain = (detail: string) => findings.add({ kind: 'bad-signature', file, detail });
  if (!read.success || time === undefined) complain('It is no signature of a manifest.');
  else if (read.data.signed !== signedText(manifestText, time)) complain('It signs another manifest.');
  else if (!createSignatures(keys).isGood(read.data.signed, read.data.signature, read.data.key))
    complain(`None of the keys that are trusted signed the manifest; it names ${read.data.key}.`);
  else if (Date.parse(time) < Date.parse(manifest.exported_at)) complain('It is older than the export.');
}

function timeIn(signed: string): string | undefined {
  const value = jsonOf(signed);
  if (typeof value !== 'object' || value === null || !('signed_at' in value)) return undefined;
  return typeof value.signed_at === 'string' ? value.signed_at : undefined;
}

/** The results as they were counted when they were exported. Their content is proven by the manifest alone. */
async function checkResults(
  folder: string,
  { queries, files }: Manifest,
  intact: ReadonlySet<string>,
  findings: Findings,
) {
  for (const { name, rows, sql_sha256 } of queries) {
    for (const [path, count] of [
      [`results/${name}.csv`, csvRows],
      [`results/${name}.json`, jsonRows],
    ] as const) {
      if (!files.some((file) => file.path === path))
        findings.add({
          kind: 'file-missing',
          file: path,
          detail: 'The manifest tells of its query, and does not list it.',
        });
      const found = intact.has(path) ? await count(join(folder, path)) : rows;
      if (found !== rows)
        findings.add({ kind: 'file-changed', file: path, detail: `It holds ${found} rows; there were ${rows}.` });
    }
    const sql = files.find(({ path }) => path === `sql/${name}.sql`);
    if (sql?.sha256 !== sql_sha256)
      findings.add({ kind: 'file-changed', file: `sql/${name}.sql`, detail: 'It is not the query that was asked.' });
  }
}

/** What the manifest says of the trail, and what is there. */
function compare({ trail }: Manifest, report: Report, findings: Findings) {
  const said = { events: trail.events, chains: trail.chains, checkpoints: trail.checkpoints };
  for (const [what, count] of Object.entries({
    events: report.events,
    chains: report.chains,
    checkpoints: report.checkpoints,
  })) {
    const expected = said[what as keyof typeof said];
    if (count !== expected)
      findings.add({
        kind: 'file-changed',
        file: 'trail',
        detail: `It holds ${count} ${what}; there were ${expected}.`,
      });
  }
  if (trail.sealed && report.unsealed > 0)
    findings.add({
      kind: 'added',
      detail: `${report.unsealed} events are in no checkpoint, and the bundle says that all are.`,
    });
}

/** A key by which it can be known: SHA-256 over its SPKI in DER. */
export const fingerprintOf = (pem: string) => sha256(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
