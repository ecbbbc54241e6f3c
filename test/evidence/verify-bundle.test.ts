import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { verifyBundle } from '../../src/evidence/evidence.ts';
import { aBundle, type Bundled, removeBundles } from './verify/bundled.ts';
import { anHonestTrail, type Honest, keys } from './verify/honest.ts';

let honest: Honest;
beforeAll(async () => {
  honest = await anHonestTrail();
});
afterEach(removeBundles);

const findingsIn = async ({ folder }: Bundled) => (await verifyBundle(folder)).findings;

describe('an honest bundle has no findings', () => {
  test('of a whole trail', async () => {
    const { folder } = await aBundle(honest);

    const report = await verifyBundle(folder);

    expect(report).toMatchObject({ findings: [], found: 0, notes: [], unsealed: 0, events: honest.events.length });
  });

  test('of every part of it, from one checkpoint to another', async () => {
    const last = honest.checkpoints.length - 1;
    const parts = honest.checkpoints.flatMap((_, from) => [[from, from + 1] as const, [from, last] as const]);
    for (const [from, to] of parts.filter(([from, to]) => from < to && to <= last)) {
      const report = await verifyBundle((await aBundle(honest, [from, to])).folder);

      expect({ from, to, findings: report.findings }).toEqual({ from, to, findings: [] });
    }
  });
});

describe('whoever changes a bundle is found out, as the verifier names', () => {
  test.each(['trail/events.ndjson', 'results/approvals.csv', 'summary.html', 'keys/checkpoint.pem'])(
    'the file that was changed: %s',
    async (path) => {
      const bundle = await aBundle(honest);

      await bundle.write(path, `${await bundle.read(path)} `);

      expect(await findingsIn(bundle)).toContainEqual(expect.objectContaining({ kind: 'file-changed', file: path }));
    },
  );

  test('the file that was removed, the one that was added, and the one that is a link', async () => {
    const bundle = await aBundle(honest);

    await bundle.remove('summary.html');
    await bundle.remove('results/approvals.csv');
    await bundle.write('results/more.csv', 'a\n');
    await symlink('/etc/hostname', join(bundle.folder, 'results/approvals.csv'));

    const found = (await findingsIn(bundle)).map(({ kind, file }) => `${kind}: ${file}`);
    expect(found.sort()).toEqual([
      'file-added: results/more.csv',
      'file-missing: results/approvals.csv',
      'file-missing: summary.html',
    ]);
  });

  test('a manifest that was made anew and signed by somebody else, or by nobody', async () => {
    const bundle = await aBundle(honest);
    await bundle.remake(keys.strange);
    const strange = await findingsIn(bundle);
    await bundle.remove('manifest.sig');
    const unsigned = await findingsIn(bundle);

    expect(strange).toEqual([expect.objectContaining({ kind: 'bad-signature', file: 'manifest.sig' })]);
    expect(unsigned).toEqual([expect.objectContaining({ kind: 'file-missing', file: 'manifest.sig' })]);
  });

  test('an event that was changed, though the manifest was made anew for it and the signature is that of another manifest', async () => {
    const bundle = await aBundle(honest);
    const signature = await bundle.read('manifest.sig');
    const events = await bundle.read('trail/events.ndjson');

    await bundle.write('trail/events.ndjson', events.replace('"operation":"op_read_1"', '"operation":"op_other"'));
    await bundle.remake(keys.approval);
    await bundle.write('manifest.sig', signature);

    const { chain, seq } = honest.events.find(({ operation }) => operation === 'op_read_1') ?? {};
    const findings = await findingsIn(bundle);
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'bad-signature', file: 'manifest.sig' }));
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'changed', chain, seq }));
  });

  test('fewer rows than were answered', async () => {
    const bundle = await aBundle(honest);

    await bundle.write('results/approvals.csv', 'operation,reason\r\nop_2,\r\n');
    await bundle.write('results/approvals.json', '{"rows": []}');
    await bundle.remake(keys.approval);

    expect(await findingsIn(bundle)).toEqual([
      expect.objectContaining({ kind: 'file-changed', file: 'results/approvals.csv' }),
      expect.objectContaining({ kind: 'file-changed', file: 'results/approvals.json' }),
    ]);
  });

  test('a query other than the one that was asked', async () => {
    const bundle = await aBundle(honest);

    await bundle.write('sql/approvals.sql', 'SELECT 2');
    await bundle.remake(keys.approval);

    expect(await findingsIn(bundle)).toEqual([expect.objectContaining({ file: 'sql/approvals.sql' })]);
  });

  test('a whole bundle that was made up, with keys of its own: by the keys that the auditor brings', async () => {
    const bundle = await aBundle(honest);
    await bundle.write('keys/approval.pem', keys.strange.pem);
    await bundle.remake(keys.strange);

    const alone = await verifyBundle(bundle.folder);
    const known = await verifyBundle(bundle.folder, { keys: { approval: [keys.approval] } });

    expect(alone.findings.map(({ kind }) => kind)).toContain('forged-approval');
    expect(known.findings).toEqual([expect.objectContaining({ kind: 'bad-signature', file: 'manifest.sig' })]);
  });
});

test.each([
  ['a folder without a manifest', undefined],
  ['a manifest that is none', '{"format":"sallyport-evidence","version":2}'],
])('%s is no bundle, which is not the same as a good one', async (_, text) => {
  const bundle = await aBundle(honest);
  if (text === undefined) await bundle.remove('manifest.json');
  else await bundle.write('manifest.json', text);

  await expect(verifyBundle(bundle.folder)).rejects.toMatchObject({ name: 'NotABundle' });
});

test('a manifest that names files outside of the bundle leads nowhere', async () => {
  const bundle = await aBundle(honest);
  const outside = { path: '../../../../etc/hostname', sha256: 'a'.repeat(64), bytes: 1 };

  await bundle.remake(keys.approval, (manifest) => ({ ...manifest, files: [...manifest.files, outside] }));

  expect(await findingsIn(bundle)).toEqual([expect.objectContaining({ kind: 'file-missing', file: outside.path })]);
});
