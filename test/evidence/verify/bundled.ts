import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Manifest, signedText } from '../../../src/evidence/manifest.ts';
import { canonicalJson, sha256 } from '../../../src/model/canonical.ts';
import { type ChainHead, checkpointId } from '../../../src/model/checkpoint.ts';
import { type Honest, keys, type SigningKey, signedBy } from './honest.ts';

/** A bundle in a folder of its own. */
export type Bundled = {
  folder: string;
  manifest: Manifest;
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Lists the files as they are now and signs that, as whoever made the bundle up would. */
  remake(key: SigningKey, change?: (manifest: Manifest) => Manifest): Promise<void>;
};

const folders: string[] = [];
export const removeBundles = () => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));

/** The trail from the heads of one checkpoint to those of another: all of it without these. */
export async function aBundle(honest: Honest, [from, to]: [number?, number?] = []): Promise<Bundled> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bundle-'));
  folders.push(folder);
  const { checkpoints } = honest;
  const reach = (number: number | undefined, none: number) => {
    const known = checkpoints.slice(0, (number ?? -1) + 1).flatMap(({ heads }): ChainHead[] => JSON.parse(heads));
    return (chain: string) => Math.max(none, ...known.filter((head) => head.chain === chain).map(({ seq }) => seq));
  };
  const last = to ?? checkpoints.length - 1;
  const [start, end] = [reach(from, -1), reach(last, -1)];
  const events = honest.events.filter(({ chain, seq }) => seq > start(chain) && seq <= end(chain));
  const within = checkpoints.slice(from ?? 0, last + 1);
  const ids = new Set(events.map(({ event_id }) => event_id));
  const recordings = honest.recordings.filter(({ event_id }) => ids.has(String(event_id)));
  const lines = (rows: readonly unknown[]) => rows.map((row) => `${canonicalJson(row)}\n`).join('');
  const texts: Record<string, string> = {
    'trail/events.ndjson': lines(events),
    'trail/checkpoints.ndjson': lines(within),
    'trail/recordings.ndjson': lines(recordings),
    'keys/checkpoint.pem': keys.checkpoint.pem,
    'keys/approval.pem': keys.approval.pem,
    'results/approvals.csv': 'operation,reason\r\nop_1,"two ""words"",\nand a line"\r\nop_2,\r\n',
    'results/approvals.json': JSON.stringify({ columns: [{ name: 'rows' }], rows: [{ a: '"rows": [{' }, { a: [{}] }] }),
    'sql/approvals.sql': 'SELECT 1',
    'summary.html': '<!doctype html>',
  };
  for (const [path, text] of Object.entries(texts)) await write(path, text);
  const manifest: Manifest = {
    ...{ format: 'sallyport-evidence', version: 1, project: 'demo-project' },
    period: { from: within[0]?.time ?? '', to: within.at(-1)?.time ?? '' },
    exported_at: '2026-01-06T00:00:00.000Z',
    exported_by: 'user:auditor@example.com',
    files: [],
    trail: {
      events: events.length,
      events_in_period: events.length,
      first_time: null,
      last_time: null,
      chains: new Set(
        [...events, ...within.flatMap(({ heads }): ChainHead[] => JSON.parse(heads))].map(({ chain }) => chain),
      ).size,
      checkpoints: within.length,
      from_checkpoint: from === undefined ? null : checkpointId(from),
      to_checkpoint: checkpointId(last),
      sealed: true,
      recordings_from: null,
      findings: 0,
    },
    queries: [
      {
        ...{ name: 'approvals', question: 'Who approved it?', criteria: ['CC6.3'], sql_sha256: sha256('SELECT 1') },
        ...{ parameters: {}, rows: 2, population: { events: 0, first: null, last: null }, chain_status: 'complete' },
      },
    ],
  };

  async function write(path: string, text: string) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }

  async function remake(key: SigningKey, change: (manifest: Manifest) => Manifest = (one) => one) {
    const files = [];
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
      if (!entry.isFile() || path.startsWith('manifest.')) continue;
      const text = await readFile(join(folder, path), 'utf8');
      files.push({ path, sha256: sha256(text), bytes: Buffer.byteLength(text) });
    }
    const text = JSON.stringify(change({ ...manifest, files }));
    const signed = signedText(text, manifest.exported_at);
    await write('manifest.json', text);
    await write('manifest.sig', JSON.stringify({ signed, signature: signedBy(key, signed), key: key.version }));
  }

  await remake(keys.approval);
  return {
    ...{ folder, manifest, write, remake },
    read: (path) => readFile(join(folder, path), 'utf8'),
    remove: (path) => rm(join(folder, path)),
  };
}
