import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { generated } from '../../terraform/generate.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../terraform', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.tf'));
const all = files.map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('\n');

test.each(generated())('$name is what it is made from: else run npm run terraform:generate', ({ is, shouldBe }) => {
  expect(is).toBe(shouldBe);
});

test('no basic role is granted, nobody is everybody, and no secret is read by a right to a project', () => {
  const grants = all.match(/role\s*=\s*"[^"]+"/g) ?? [];

  expect(grants.length).toBeGreaterThan(10);
  expect(grants.filter((grant) => /roles\/(owner|editor|viewer)"/.test(grant))).toEqual([]);
  expect(all.replaceAll(/contains\(\[[^\]]*\]/g, '')).not.toMatch(/allUsers|allAuthenticatedUsers/);
  const onProject = all.match(/resource "google_project_iam_member" [^\n]*\n(?: .*\n|\n)*?}/g) ?? [];
  expect(onProject.filter((block) => block.includes('secretmanager'))).toEqual([]);
});

test('every variable and output is described', () => {
  const undescribed = [...all.matchAll(/^(variable|output) "(\w+)" \{\n(?! {2}description = ")/gm)].map(
    ([, kind, name]) => `${kind} ${name}`,
  );

  expect(undescribed).toEqual([]);
});

const offline = fileURLToPath(new URL('../../../shared/tools/terraform-offline/terraform-offline', import.meta.url));
const isThere =
  existsSync(offline) && (process.env['PATH'] ?? '').split(':').some((at) => existsSync(`${at}/terraform`));

describe.skipIf(!isThere)('with the provider’s own schema', () => {
  test.each(['.', 'examples/minimal', 'examples/complete'])(
    '%s is valid',
    async (path) => {
      const { stdout } = await run(offline, [`${folder}/${path}`, 'validate', '-no-color']);

      expect(stdout).toContain('The configuration is valid.');
    },
    300_000,
  );

  test('separation of duties holds, and inputs that would break it are refused', async () => {
    const { stdout } = await run(offline, [folder, 'test', '-no-color'], { maxBuffer: 64 * 1024 * 1024 });

    expect(stdout).toMatch(/Success! \d+ passed, 0 failed\./);
  }, 900_000);
});
