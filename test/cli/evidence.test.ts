import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ConsoleRefused } from '../../src/cli/console-client.ts';
import { exportBundle } from '../../src/cli/evidence.ts';
import { unpack } from '../../src/cli/unpack.ts';
import { comment, endOfArchive, fileHeader, padding } from '../../src/evidence/bundle/tar.ts';
import type { Manifest } from '../../src/evidence/evidence.ts';
import { aManifest } from '../console/fixture.ts';
import { aFolder, aTerminal } from './folders.ts';
import { servedConsole } from './served-console.ts';

const asked = { from: '2026-01-01', to: '2026-02-01', recordings: false };
const contents = { 'README.txt': 'read me', 'trail/events.ndjson': '{}\n', 'results/approvals.csv': 'a,b\r\n' };

const listed = (files: Record<string, string>): Manifest['files'] =>
  Object.entries(files).map(([path, text]) => ({
    path,
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: Buffer.byteLength(text),
  }));

const manifestOf = (files: Record<string, string>, trail = {}) =>
  JSON.stringify({ ...aManifest, files: listed(files), trail: { ...aManifest.trail, ...trail } });

const whole = (files: Record<string, string> = contents, trail = {}) => ({
  ...files,
  'manifest.json': manifestOf(files, trail),
  'manifest.sig': '{}',
});

function archiveOf(files: Record<string, string>): Uint8Array[] {
  return Object.entries(files).flatMap(([path, text]) => [
    fileHeader(path, Buffer.byteLength(text)),
    Buffer.from(text),
    padding(Buffer.byteLength(text)),
  ]);
}

/** A console whose bundle is these bytes; then it fails, where it is to fail. */
async function serving(pieces: readonly Uint8Array[], failure?: Error) {
  const { url } = await servedConsole({
    bundles: {
      async *export() {
        for (const piece of pieces) yield piece;
        if (failure === undefined) return;
        await pause(50);
        throw failure;
      },
    },
  });
  const parent = await aFolder({});
  const out = join(parent, 'bundle');
  const terminal = aTerminal();
  const lines: string[] = [];
  const options = { console: url, token: 'auditor', out, asked };
  return {
    out,
    terminal,
    lines,
    run: (more: Partial<typeof options> = {}) =>
      exportBundle({ ...terminal, progress: (line) => void lines.push(line) }, { ...options, ...more }),
    /** Of the folder in which the bundle was to be. */
    left: () => readdir(parent),
  };
}

describe('a bundle that comes whole', () => {
  test('is in the folder, as it came, and its state is told', async () => {
    const { run, out, terminal, left } = await serving([
      ...archiveOf(whole(contents, { sealed: true, events: 12 })),
      endOfArchive,
    ]);

    const status = await run();

    expect(status).toBe(0);
    expect(await readFile(join(out, 'trail/events.ndjson'), 'utf8')).toBe('{}\n');
    expect((await readdir(out, { recursive: true })).sort()).toEqual(
      [...Object.keys(whole()), 'results', 'trail'].sort(),
    );
    expect(terminal.out()).toContain('The trail is complete');
    expect(terminal.out()).toContain('12 events');
    expect(await left()).toEqual(['bundle']);
  });

  test.each([
    [{ sealed: false }, 'no checkpoint covers the end'],
    [{ sealed: true, findings: 3 }, 'does not hold: 3 findings'],
  ])('whose trail is %j says so', async (trail, words) => {
    const { run, terminal } = await serving([...archiveOf(whole(contents, trail)), endOfArchive]);

    await run();

    expect(terminal.out()).toContain(words);
  });

  test('comes in pieces of any size', async () => {
    const archive = Buffer.concat([...archiveOf(whole()), endOfArchive]);
    const pieces = Array.from({ length: Math.ceil(archive.length / 7) }, (_, index) =>
      archive.subarray(index * 7, index * 7 + 7),
    );
    const { run, left } = await serving(pieces);

    expect(await run()).toBe(0);
    expect(await left()).toEqual(['bundle']);
  });

  test('shows how far it is', async () => {
    const { run, lines } = await serving([
      comment('sallyport {"step":"reading the trail","done":50,"total":100}'),
      comment('something else'),
      comment('sallyport {"step":"writing","done":0,"total":14}'),
      ...archiveOf(whole()),
      endOfArchive,
    ]);

    await run();

    expect(lines[0]).toBe('████████████────────────   50 %  reading the trail');
    expect(lines.some((line) => line.endsWith('50 %  writing'))).toBe(true);
    expect(lines.at(-1)).toBe('');
  });
});

describe('nothing is left of a bundle', () => {
  test.each(Array.from({ length: 6 }, (_, index) => index * 2 + 1))(
    'that breaks off after %i pieces',
    async (pieces) => {
      const { run, left } = await serving(archiveOf(whole()).slice(0, pieces), new Error('gone'));

      await expect(run()).rejects.toThrow(ConsoleRefused);
      expect(await left()).toEqual([]);
    },
  );

  test('that ends without its end', async () => {
    const { run, left } = await serving(archiveOf(whole()));

    await expect(run()).rejects.toThrow('The archive broke off. Nothing was written.');
    expect(await left()).toEqual([]);
  });

  test('whose console says why it could not be made, without obeying what it says', async () => {
    const { run, left } = await serving(
      [comment('sallyport {"failed":"The audit trail \\u001b[2Jcannot be written."}')],
      new Error('gone'),
    );

    await expect(run()).rejects.toThrow('The audit trail \\u{1b}[2Jcannot be written. Nothing was written.');
    expect(await left()).toEqual([]);
  });

  const { 'manifest.json': manifest, 'manifest.sig': signature, ...rest } = whole();
  test.each<[string, Record<string, string>]>([
    ['leads out of the folder', { '../evil': 'x', ...whole() }],
    ['has an absolute path', { '/tmp/evil': 'x', ...whole() }],
    ['leads out of a folder within', { 'trail/../../evil': 'x', ...whole() }],
    ['hides a file', { '.bashrc': 'x', ...whole() }],
    ['has a path with a backslash', { 'trail\\evil': 'x', ...whole() }],
    ['has a folder of its own', { 'bin/evil': 'x', ...whole() }],
    ['has a changed file', { ...whole(), 'README.txt': 'read you' }],
    ['has a file more', { ...whole(), 'results/more.csv': 'x' }],
    ['lacks a file', { 'manifest.json': manifest, 'manifest.sig': signature }],
    ['lacks its signature', { ...rest, 'manifest.json': manifest }],
    ['lacks its manifest', { ...rest, 'manifest.sig': signature }],
    ['has a manifest that is none', { ...rest, 'manifest.json': '{}', 'manifest.sig': signature }],
  ])('that %s', async (_, files) => {
    const { run, left } = await serving([...archiveOf(files), endOfArchive]);

    await expect(run()).rejects.toThrow(ConsoleRefused);
    expect(await left()).toEqual([]);
  });

  test.each([
    ['a link', '2'],
    ['a folder', '5'],
    ['a device', '3'],
    ['an extended header', 'x'],
  ])('with %s in it', async (_, type) => {
    const header = Buffer.from(fileHeader('trail/events.ndjson', 0));
    header.write(type, 156);
    const sum = header.fill(' ', 148, 156).reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const { run, left } = await serving([header, ...archiveOf(whole()), endOfArchive]);

    await expect(run()).rejects.toThrow('something other than files');
    expect(await left()).toEqual([]);
  });

  test('with a file that is there twice', async () => {
    const { run, left } = await serving([...archiveOf({ 'README.txt': 'x' }), ...archiveOf(whole()), endOfArchive]);

    await expect(run()).rejects.toThrow(ConsoleRefused);
    expect(await left()).toEqual([]);
  });

  test('that goes on after its end', async () => {
    const { run, left } = await serving([...archiveOf(whole()), endOfArchive, Buffer.from('x')]);

    await expect(run()).rejects.toThrow('The archive goes on after its end.');
    expect(await left()).toEqual([]);
  });

  test('that is no archive', async () => {
    const { run, left } = await serving([Buffer.alloc(2048, 'x')]);

    await expect(run()).rejects.toThrow('What came is no archive.');
    expect(await left()).toEqual([]);
  });
});

test('the connection is let go of once all of it came', async () => {
  let released = false;
  async function* source() {
    try {
      yield Buffer.concat([...archiveOf(whole()), endOfArchive]);
    } finally {
      released = true;
    }
  }

  await unpack(source(), join(await aFolder({}), 'bundle'), { onRemark: () => {}, onBytes: () => {} });

  expect(released).toBe(true);
});

describe('nothing is asked', () => {
  test('for a folder that holds something, and that stays as it is', async () => {
    const { run, out } = await serving([...archiveOf(whole()), endOfArchive]);
    await mkdir(out);
    await writeFile(join(out, 'mine'), 'mine');

    await expect(run()).rejects.toThrow('The folder is not empty.');
    expect(await readdir(out)).toEqual(['mine']);
  });

  test('for a name that is a file, or a link to a folder that holds something', async () => {
    const { run, out } = await serving([...archiveOf(whole()), endOfArchive]);
    await writeFile(out, 'mine');
    await symlink(dirname(out), `${out}-link`);

    await expect(run()).rejects.toThrow('The folder cannot be used.');
    await expect(run({ out: `${out}-link` })).rejects.toThrow('The folder is not empty.');
  });

  test('of a console that is neither this machine nor behind TLS', async () => {
    const { run } = await serving([]);

    await expect(run({ console: 'http://console.example' })).rejects.toThrow('over https alone');
  });

  test('by who is no auditor', async () => {
    const { run, left } = await serving([...archiveOf(whole()), endOfArchive]);

    await expect(run({ token: 'dba' })).rejects.toThrow('group:sallyport-auditors');
    expect(await left()).toEqual([]);
  });
});
