import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { generated } from '../../terraform/generate.ts';
import { blocks, fieldsOf } from '../../terraform/inputs.ts';
import { folder, isThere, offline } from './offline.ts';

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

test('an input whose fields have types says of each field what it is', () => {
  const described = blocks(all, 'variable').flatMap(fieldsOf);

  expect(described.length).toBeGreaterThan(70);
  expect(described.filter(({ says }) => !says.endsWith('.')).map(({ path }) => path)).toEqual([]);
});

test('each validation of an input has a run that violates it', () => {
  const runs = readFileSync(`${folder}/tests/inputs.tftest.hcl`, 'utf8').match(/expect_failures = \[[^\]]*\]/g) ?? [];
  const expected = runs.join().match(/\bvar\.\w+/g) ?? [];

  const unlike = blocks(all, 'variable').filter(
    ({ name, body }) =>
      expected.filter((variable) => variable === `var.${name}`).length !==
      (body.match(/^ {2}validation \{/gm) ?? []).length,
  );

  expect(expected.length).toBeGreaterThan(40);
  expect(unlike.map(({ name }) => name)).toEqual([]);
});

test('no apply can destroy a key without which what it signed could not be verified', () => {
  const keys = /^resource "google_kms_crypto_key" "signing" \{\n[\s\S]*?\n\}/m.exec(all)?.[0];

  expect(keys).toMatch(/lifecycle \{\s+prevent_destroy = true\s+\}/);
});

test('what Terraform leaves as others set it is named, and is no more than that', () => {
  const left = [...all.matchAll(/ignore_changes = (\[[^\n]*\]|\w+)/g)].map(([, what]) => what);

  expect(new Set(left)).toEqual(
    new Set([
      '[access]',
      '[client, client_version]',
      '[client, client_version, template[0].revision]',
      '[client, client_version, template[0].template[0].containers]',
    ]),
  );
});

test('the module, its examples and the guide ask for the versions that they were checked with', () => {
  const asked = ['versions.tf', 'examples/minimal/main.tf', 'examples/complete/main.tf', '../docs/operator.md'].map(
    (name) => readFileSync(`${folder}/${name}`, 'utf8'),
  );

  for (const file of asked) {
    expect(file).toContain('required_version = ">= 1.9"');
    expect(file).toContain('version = ">= 7.45, < 8.0"');
  }
});

test('a person who applies is charged to the project, without which the API of Firebase rules refuses them', () => {
  const roots = ['examples/minimal/main.tf', 'examples/complete/main.tf', '../docs/operator.md'];

  for (const root of roots)
    expect(readFileSync(`${folder}/${root}`, 'utf8')).toMatch(
      /provider "google" \{[^}]*billing_project += var\.project[^}]*user_project_override = true/,
    );
});

test.skipIf(!isThere)('is written as terraform fmt writes it', async () => {
  const { stdout } = await promisify(execFile)('terraform', ['fmt', '-check', '-recursive', folder]);

  expect(stdout).toBe('');
});

describe.skipIf(!isThere)('with the provider’s own schema', () => {
  test('the module is valid', async () => {
    expect(await offline('validate', folder)).toContain('The configuration is valid.');
  }, 300_000);

  test('separation of duties holds, and inputs that would break it are refused', async () => {
    expect(await offline('test', folder)).toMatch(/Success! \d+ passed, 0 failed\./);
  }, 900_000);
});
