import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { processEnvironment, processOptions } from '../../image/process.ts';

type Instruction = { name: string; value: string };
type Stage = { base: string; name: string; instructions: Instruction[] };

const { globals, stages } = read(readFileSync('Dockerfile', 'utf8'));
const everything = stages.flatMap(({ instructions }) => instructions);
const last = stages.at(-1) ?? { base: '', name: '', instructions: [] };
const valuesOf = (name: string, instructions = last.instructions) =>
  instructions.filter((one) => one.name === name).map(({ value }) => value);

describe('the Dockerfile', () => {
  test('stands on images that are named by their digest, and on no others', () => {
    const bases = stages.map(({ base }) => expanded(base)).filter((base) => !stages.some(({ name }) => name === base));

    expect(bases.length).toBeGreaterThan(1);
    for (const base of bases) expect(base).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
    expect(bases.filter((base) => base.includes(':latest'))).toEqual([]);
  });

  test('ends in an image without a shell, to which only what was built is added', () => {
    expect(expanded(baseOf(last))).toMatch(/^gcr\.io\/distroless\/nodejs24-debian13:nonroot@/);
    expect(valuesOf('RUN')).toEqual([]);
    expect(valuesOf('COPY')).toEqual(['--from=build --chown=0:0 /app /app']);
  });

  test('says what it stands on, and which version and commit it is', () => {
    const [labels = ''] = valuesOf('LABEL');

    expect(valuesOf('ARG')).toContain('RUNTIME_IMAGE');
    for (const [label, argument] of Object.entries({
      'base.name': 'RUNTIME_IMAGE',
      version: 'VERSION',
      revision: 'REVISION',
    }))
      expect(labels).toContain(`org.opencontainers.image.${label}="\${${argument}}"`);
  });

  test('runs as a user who is not root, by number', () => {
    expect(valuesOf('USER')).toEqual(['65532:65532']);
  });

  test('takes the role as the argument, without a shell between', () => {
    const [entry, ...others] = valuesOf('ENTRYPOINT');

    expect(others).toEqual([]);
    expect(JSON.parse(entry ?? '')).toEqual(['/nodejs/bin/node', ...processOptions, '/app/main.cjs']);
    expect(valuesOf('CMD')).toEqual([]);
    expect(valuesOf('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(valuesOf('EXPOSE')).toEqual(['8080']);
  });

  test('starts a role as `npm start` does, and warms the compile cache with the same options', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

    expect(scripts.start).toBe(`node ${processOptions.join(' ')} src/main.ts`);
    expect(valuesOf('RUN', everything).filter((run) => run.includes('image/warm.ts'))).toEqual([
      expect.stringContaining(`/nodejs/bin/node ${processOptions.join(' ')} image/warm.ts /app`),
    ]);
    for (const [name, value] of Object.entries(processEnvironment))
      expect(valuesOf('ENV')).toContain(`${name}=${value}`);
  });

  test('fetches nothing by address, and runs no script of a package', () => {
    const runs = valuesOf('RUN', everything);

    expect(valuesOf('ADD', everything)).toEqual([]);
    expect(runs.filter((run) => /\b(curl|wget|git|npx)\b|https?:/.test(run))).toEqual([]);
    expect(runs.filter((run) => /\bnpm\b/.test(run))).toEqual([expect.stringMatching(/^npm ci --ignore-scripts\b/)]);
  });

  test('is told no secret', () => {
    const told = [...globals, ...everything].filter(({ name }) => name === 'ARG' || name === 'ENV');

    expect(told.length).toBeGreaterThan(3);
    expect(told.filter(({ value }) => /token|secret|password|credential|api_?key/i.test(value))).toEqual([]);
  });

  test('sees of the repository what it is built of, and nothing else', () => {
    const lines = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const copied = valuesOf('COPY', everything)
      .filter((value) => !value.startsWith('--from'))
      .flatMap((value) => value.split(' ').slice(0, -1));

    expect(lines[0]).toBe('*');
    expect(lines.slice(1).sort()).toEqual(copied.map((path) => `!${path}`).sort());
  });
});

/** The instructions of each stage, as the format has them: `#` starts a comment, and a backslash goes on with the next line. */
function read(text: string): { globals: Instruction[]; stages: Stage[] } {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const globals: Instruction[] = [];
  const stages: Stage[] = [];
  for (const line of lines) {
    const [name = '', ...rest] = line.split(' ');
    const value = rest.join(' ').trim();
    const stage = /^(\S+)(?: AS (\S+))?$/.exec(value);
    if (name === 'FROM') stages.push({ base: stage?.[1] ?? '', name: stage?.[2] ?? '', instructions: [] });
    else (stages.at(-1)?.instructions ?? globals).push({ name, value });
  }
  return { globals, stages };
}

function expanded(base: string): string {
  return base.replaceAll(/\$\{(\w+)\}/g, (_, name) => {
    const argument = globals.find(({ value }) => value.startsWith(`${name}=`));
    return argument?.value.slice(name.length + 1) ?? '';
  });
}

/** The image below a stage that goes on from another. */
function baseOf(stage: Stage): string {
  const below = stages.find(({ name }) => name === stage.base);
  return below === undefined ? stage.base : baseOf(below);
}
