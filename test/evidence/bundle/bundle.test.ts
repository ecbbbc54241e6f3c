import { createPublicKey, verify } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { verifyBundle } from '../../../src/evidence/evidence.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import type { Checkpoint } from '../../../src/model/checkpoint.ts';
import { aPassage } from '../../audit/trail.ts';
import { aStand, exported, linesOf, type Stand, sha256 } from './stand.ts';

/** The trail's clock starts at nine on 5 January 2026; this period is some minutes of that hour. */
const period = { from: new Date('2026-01-05T09:04:00Z'), to: new Date('2026-01-05T09:08:00Z') };

let stand: Stand;
let made: Awaited<ReturnType<typeof exported>>;

beforeAll(async () => {
  stand = await aStand();
  await tellTheStory();
  made = await exported(stand.bundles, period);
}, 120_000);
afterAll(() => stand.stop());

async function run(operationId: string, rows = 1) {
  const intent = await stand.audit.intend(aPassage({ operationId }));
  await intent.complete({ type: 'completed', rows });
}

async function until(time: string) {
  await stand.shipped();
  stand.clock.advance(Date.parse(time) - stand.clock.now().getTime());
}

/** Something before, within and after the period, with a checkpoint on each side of both ends. */
async function tellTheStory() {
  await stand.audit.open();
  await run('op_before');
  await until('2026-01-05T09:03:30Z');
  await stand.checkpoint();
  await run('op_just_before');
  await until('2026-01-05T09:05:00Z');
  await run('op_first', 3);
  await until('2026-01-05T09:06:00Z');
  await stand.checkpoint();
  await run('op_last');
  await until('2026-01-05T09:08:10Z');
  await run('op_after');
  await until('2026-01-05T09:09:00Z');
  await stand.checkpoint();
  await run('op_much_later');
  await until('2026-01-05T09:10:00Z');
  await stand.checkpoint();
}

describe('a bundle', () => {
  test('is found in order by the verifier, which reads nothing but its folder', async () => {
    const folder = await aFolderWith(made.files);

    const report = await verifyBundle(folder);

    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ events: 8, checkpoints: 3, unsealed: 0, sealed: { number: 2 } });
  });

  test('holds the trail from the last checkpoint before the period to the first that covers it', () => {
    const { events, files, manifest } = made;

    expect(operationsOf(events)).toEqual(['op_just_before', 'op_first', 'op_last', 'op_after']);
    expect(linesOf<Checkpoint>(files, 'trail/checkpoints.ndjson').map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(manifest.trail).toEqual({
      from_checkpoint: 'cp_0000000000',
      to_checkpoint: 'cp_0000000002',
      sealed: true,
      recordings_from: null,
      findings: 0,
      chains: 1,
      checkpoints: 3,
      events: 8,
      events_in_period: 4,
      first_time: '2026-01-05T09:03:30.000Z',
      last_time: '2026-01-05T09:08:10.000Z',
    });
  });

  test('is the same to the last byte whenever it is made, whatever is written meanwhile, but for when and by whom', {
    timeout: 120_000,
  }, async () => {
    await run('op_later');
    await until('2026-01-05T09:11:00Z');
    await stand.checkpoint();
    const writing = [1, 2, 3, 4, 5].map((number) => run(`op_meanwhile_${number}`));

    const [second] = await Promise.all([exported(stand.bundles, period, 'user:other@example.com'), ...writing]);

    const differing = [...made.files].filter(([path, content]) => second.files.get(path) !== content);
    expect(differing.map(([path]) => path)).toEqual(['manifest.json', 'manifest.sig']);
    const same = { exported_at: '', exported_by: '' };
    expect({ ...second.manifest, ...same }).toEqual({ ...made.manifest, ...same });
  });

  test('names each of its files with its hash, and is signed by the console', () => {
    const { files, manifest, told } = made;

    const said = manifest.files.map(({ path, sha256, bytes }) => [path, sha256, bytes]);
    const others = [...files].filter(([path]) => !path.startsWith('manifest.'));
    expect(said).toEqual(
      others
        .map(([path, text]) => [path, sha256(text), Buffer.byteLength(text)])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    const [signature] = linesOf<{ signed: string; signature: string; key: string }>(
      new Map([['sig', JSON.stringify(JSON.parse(files.get('manifest.sig') ?? ''))]]),
      'sig',
    );
    const key = createPublicKey(files.get('keys/approval.pem') ?? '');
    expect(
      verify('sha256', Buffer.from(signature?.signed ?? ''), key, Buffer.from(signature?.signature ?? '', 'base64')),
    ).toBe(true);
    expect(JSON.parse(signature?.signed ?? '')).toEqual({
      type: 'sallyport-evidence-manifest',
      version: 1,
      sha256: sha256(files.get('manifest.json') ?? ''),
      signed_at: manifest.exported_at,
    });
    expect(told.map((made) => made.sha256)).toEqual([sha256(files.get('manifest.json') ?? '')]);
  });

  test('holds each event as the text that was hashed', () => {
    const { files, events } = made;

    const lines = (files.get('trail/events.ndjson') ?? '').trimEnd().split('\n');
    expect(lines).toEqual(events.map((event) => canonicalJson(event)));
    expect(events.map(({ hash: _, ...others }) => sha256(canonicalJson(others)))).toEqual(
      events.map(({ hash }) => hash),
    );
  });
});

async function aFolderWith(files: ReadonlyMap<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bundle-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

const operationsOf = (events: readonly { operation: string | null; phase: string }[]) =>
  events.filter(({ phase }) => phase === 'intent').map(({ operation }) => operation);
