import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { TAG } from '../../release/only.ts';
import { TROUBLE } from '../../release/watch.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');

const stepSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  entrypoint: z.string(),
  args: z.array(z.string()),
  env: z.array(z.string()).default([]),
  timeout: z.string().regex(/^\d+s$/),
});
const buildSchema = z.strictObject({
  steps: z.array(stepSchema),
  images: z.array(z.string()),
  substitutions: z.record(z.string(), z.string()),
  options: z.record(z.string(), z.string()),
  tags: z.array(z.string()),
  timeout: z.string().regex(/^\d+s$/),
});

const text = read('cloudbuild.yaml');
const build = buildSchema.parse(parse(text));
/** What Cloud Build knows by itself. */
const given = ['PROJECT_ID', 'BUILD_ID', 'TAG_NAME', 'COMMIT_SHA'];
const used = new Set(
  [...JSON.stringify({ ...build, substitutions: {} }).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? ''),
);
const trigger =
  /resource "google_cloudbuild_trigger" "release" \{[\s\S]*?\n\}/.exec(read('terraform/build.tf'))?.[0] ?? '';
const passed = [...trigger.matchAll(/^ {4}(_[A-Z_]+) +=/gm)].map(([, name]) => name ?? '');
const scripts = readdirSync(`${root}/release`).filter((name) => name.endsWith('.sh'));

test('a release is checked, built, pushed, described, attested and rolled out, in this order', () => {
  expect(build.steps.map(({ id }) => id)).toEqual(['check', 'build', 'push', 'sbom', 'attest', 'roll-out']);
  expect(text).not.toContain('waitFor');
});

test('every step runs in an image that is named by digest', () => {
  for (const { name } of build.steps) expect(name).toMatch(/^[a-z0-9./-]+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/);
  expect(text).not.toMatch(/latest/);
});

test('every step runs one script that is there, and may be run', () => {
  for (const { entrypoint, args } of build.steps) {
    expect([entrypoint, args.length]).toEqual(['bash', 1]);
    expect(statSync(`${root}/${args[0]}`).mode & 0o111, args[0]).not.toBe(0);
  }
  expect(build.steps.flatMap(({ args }) => args).sort()).toEqual(
    ['.ci/run', ...scripts.map((name) => `release/${name}`)].sort(),
  );
});

test('no step ends the build by itself: what it is given is in the environment, and no secret is', () => {
  expect(text).not.toMatch(/secretEnv|availableSecrets|allowFailure|allowExitCodes/);
  expect(text).not.toMatch(/password|token|BEGIN /i);
});

test('the steps together fit into the time that the build has', () => {
  const seconds = build.steps.reduce((sum, { timeout }) => sum + Number.parseInt(timeout, 10), 0);

  expect(seconds).toBeLessThanOrEqual(Number.parseInt(build.timeout, 10));
});

test('what a step may take is more than what it waits for', () => {
  const { _STEPS = '', _WATCH_SECONDS = '' } = build.substitutions;
  const watched = (_STEPS.split(' ').length + 1) * 2 * Number(_WATCH_SECONDS);
  const rollOut = build.steps.find(({ id }) => id === 'roll-out');

  expect(watched).toBeLessThan(Number.parseInt(rollOut?.timeout ?? '', 10));
});

test('logs go to Cloud Logging, as builds under an account of their own need it, and provenance is asked for', () => {
  expect(build.options).toMatchObject({ logging: 'CLOUD_LOGGING_ONLY', requestedVerifyOption: 'VERIFIED' });
  expect(build.images).toEqual(['$_REGISTRY/sallyport:$TAG_NAME']);
  expect(build.steps.find(({ id }) => id === 'push')?.env).toContain('IMAGE=$_REGISTRY/sallyport');
});

test('each substitution that is used has a value, and each value is used', () => {
  const known = [...given, ...passed, ...Object.keys(build.substitutions)];

  expect(passed.length).toBeGreaterThan(5);
  expect([...used].filter((name) => !known.includes(name))).toEqual([]);
  expect([...passed, ...Object.keys(build.substitutions)].filter((name) => !used.has(name))).toEqual([]);
});

test('each step is given what its script reads, and nothing besides', () => {
  const rollOut = read('release/settings.ts');
  for (const { id, args, env } of build.steps) {
    const source = id === 'roll-out' ? rollOut : read(args[0] ?? '');
    const names = env.map((entry) => entry.split('=')[0] ?? '');
    for (const name of names) expect(source, `${id}: ${name}`).toMatch(new RegExp(`\\b${name}\\b`));
    if (id === 'roll-out' || id === 'check') continue;
    const reads = [...source.matchAll(/\$\{?([A-Z_]+)\b/g)].map(([, name]) => name);
    expect(new Set(reads), id).toEqual(new Set(names));
  }
});

test('the trigger builds as an account of its own, and a human says yes by default', () => {
  expect(trigger).toContain('service_account = google_service_account.builder[0].id');
  expect(trigger).toContain('approval_required = var.build.approval');
  expect(/approval\s*= optional\(bool, true\)/.test(read('terraform/variables.tf'))).toBe(true);
});

test('releases find each other by the tag that their builds have', () => {
  expect(build.tags).toEqual([TAG]);
});

test('what a release watches for are alerts that are there', () => {
  for (const name of TROUBLE) expect(read('terraform/monitoring.tf')).toMatch(new RegExp(`^ {4}${name} = \\{`, 'm'));
});

test('every script stops at the first fault', () => {
  for (const name of scripts)
    expect(read(`release/${name}`), name).toMatch(/^#!\/usr\/bin\/env bash\n#[^\n]*\nset -euo pipefail\n/);
});

const found = (tool: string) => (process.env['PATH'] ?? '').split(':').some((at) => existsSync(`${at}/${tool}`));

test.skipIf(!found('shellcheck'))('shellcheck finds nothing to say', () => {
  const check = () =>
    execFileSync('shellcheck', [...scripts.map((name) => `${root}/release/${name}`), `${root}/.ci/run`]);

  expect(check).not.toThrow();
});

const tree = gcloudTree();

describe.skipIf(tree === undefined)('with gcloud itself', () => {
  const commands = gcloudCommands();

  test('there are commands to look at', () => {
    expect(commands.map(({ words }) => words.join(' ')).sort()).toEqual([
      'artifacts sbom load',
      'beta container binauthz attestations sign-and-create',
      'builds list',
      'run jobs execute',
      'run jobs update',
      'run revisions describe',
      'run services describe',
      'run services update',
      'run services update-traffic',
    ]);
  });

  test.each(commands.map((command) => ({ ...command, line: command.words.join(' ') })))(
    'gcloud $line has every flag that is used',
    ({ words, flags }) => {
      const command = words.reduce<Commands | undefined>((found, word) => found?.commands[word], tree);
      const known = Object.keys({ ...tree?.flags, ...command?.flags });

      expect(flags.length).toBeGreaterThan(0);
      expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
    },
  );
});

type Commands = { commands: Record<string, Commands>; flags: Record<string, unknown> };

/** Every command and flag of the gcloud that is here, as it completes them; undefined where there is none. */
function gcloudTree(): Commands | undefined {
  const gcloud = (process.env['PATH'] ?? '').split(':').find((at) => existsSync(`${at}/gcloud`));
  if (gcloud === undefined) return undefined;
  const file = join(dirname(realpathSync(`${gcloud}/gcloud`)), '../data/cli/gcloud_completions.py');
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8').split('STATIC_COMPLETION_CLI_TREE = ')[1] ?? '');
}

/** Every gcloud command of the scripts, with its flags: from the shell's lines, and from what the programs hand to `gcloud(…)`. */
function gcloudCommands() {
  const shell = scripts.flatMap((name) => [
    ...read(`release/${name}`)
      .replaceAll('\\\n', ' ')
      .matchAll(/^gcloud (.*)$/gm),
  ]);
  const programs = readdirSync(`${root}/release`)
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...read(`release/${name}`).matchAll(/gcloud\.(?:ask|tell)\(([\s\S]*?)\);?\n/g)])
    .filter(([, words]) => words?.includes("'"));
  const commands = [
    ...shell.map(([, line = '']) => ({ words: line.split(' -')[0]?.split(' ') ?? [], text: line })),
    ...programs.map(([, text = '']) => ({
      words: [...text.matchAll(/'([a-z-]+)'(?=[,\]])/g)].map(([, word]) => word ?? ''),
      text: `${text} --region`,
    })),
  ];
  return commands.map(({ words, text }) => ({
    words: words.filter((word) => !word.startsWith('-')),
    flags: [...new Set(text.match(/--[a-z][a-z-]*/g))],
  }));
}
