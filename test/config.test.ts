import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generated } from '../docs/generate.ts';
import type { Variable } from '../src/config/variable.ts';
import { variables } from '../src/config/variables.ts';
import { ConfigError, readApplyConfig, readConfig, readInstallConfig } from '../src/config.ts';

const whole = {
  GOOGLE_CLOUD_PROJECT: 'p',
  SALLYPORT_ISSUERS: JSON.stringify([{ preset: 'google', audience: 'https://gateway.example' }]),
  SALLYPORT_APPROVAL_KEY: 'projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
  SALLYPORT_CHECKPOINT_KEY: 'projects/p/locations/global/keyRings/r/cryptoKeys/c/cryptoKeyVersions/1',
  SALLYPORT_SEAL_KEY: 'projects/p/secrets/seal',
  SALLYPORT_CONSOLE_URL: 'https://console.example',
  SALLYPORT_SCHEDULER: 'serviceAccount:scheduler@p.iam.gserviceaccount.com',
};

function errorsOf(role: string | undefined, environment: Record<string, string>): readonly string[] {
  try {
    readConfig(role, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}

describe('the configuration', () => {
  test('is read from the environment', () => {
    const config = readConfig('gateway', whole);

    expect(config).toMatchObject({
      role: 'gateway',
      project: 'p',
      ports: { gateway: 8080 },
      tokenSignIn: false,
      local: true,
    });
  });

  test('tells every error at once, by the name of its variable', () => {
    const errors = errorsOf(undefined, { SALLYPORT_ISSUERS: 'nonsense', PORT: 'x' });

    expect(errors.map((line) => line.split(':')[0])).toEqual([
      'role',
      'GOOGLE_CLOUD_PROJECT',
      'SALLYPORT_ISSUERS',
      'SALLYPORT_APPROVAL_KEY',
      'SALLYPORT_CHECKPOINT_KEY',
      'SALLYPORT_SEAL_KEY',
      'SALLYPORT_CONSOLE_URL',
      'SALLYPORT_SCHEDULER',
      'PORT',
    ]);
  });

  test('never shows a value', () => {
    const errors = errorsOf('gateway', {
      ...whole,
      SALLYPORT_APPROVAL_KEY: 'hunter2',
      SALLYPORT_ISSUERS: '{"hunter2":1}',
    });

    expect(errors).toHaveLength(2);
    expect(errors.join()).not.toContain('hunter2');
  });

  test.each([
    ['an emulator', { FIRESTORE_EMULATOR_HOST: '127.0.0.1:8084' }],
    ['an emulated bucket', { STORAGE_EMULATOR_HOST: 'http://127.0.0.1:8089' }],
    ['an emulated BigQuery', { BIGQUERY_EMULATOR_HOST: 'http://127.0.0.1:8086' }],
    ['a sign-in by pasted tokens', { SALLYPORT_TOKEN_SIGN_IN: 'true' }],
    [
      'an issuer without TLS',
      {
        SALLYPORT_ISSUERS: JSON.stringify([{ issuer: 'http://127.0.0.1:8083', audience: 'a', subject_kind: 'agent' }]),
      },
    ],
    ['a console without TLS', { SALLYPORT_CONSOLE_URL: 'http://127.0.0.1:8081' }],
  ])('with %s is refused on Cloud Run, and taken on a laptop', (_name, more) => {
    expect(errorsOf('gateway', { ...whole, ...more })).toEqual([]);
    expect(errorsOf('gateway', { ...whole, ...more, K_SERVICE: 'gateway' })).not.toEqual([]);
  });

  test('signs checkpoints with another key than approvals, as nobody may use both', () => {
    const errors = errorsOf('keeper', { ...whole, SALLYPORT_CHECKPOINT_KEY: whole.SALLYPORT_APPROVAL_KEY });

    expect(errors).toEqual(['SALLYPORT_CHECKPOINT_KEY: must be another key than SALLYPORT_APPROVAL_KEY']);
  });

  test.each([
    ['{"events": 400, "recordings": 90}', 0],
    ['{"events": 0, "recordings": 0}', 2],
    ['{"events": 30}', 0],
    ['{"events": 30, "recordings": 31}', 1],
    ['{"checkpoints": 30}', 1],
    ['30', 1],
  ])('takes %s for a retention only if nothing is kept longer than what explains it', (text, errors) => {
    expect(errorsOf('keeper', { ...whole, SALLYPORT_RETENTION: text })).toHaveLength(errors);
  });

  test('keeps recordings as long as events unless it says otherwise', () => {
    const days = (text: string) => readConfig('keeper', { ...whole, SALLYPORT_RETENTION: text }).retention.days;

    expect(days('{"events": 30}')).toEqual({ events: 30, recordings: 30 });
    expect(days('{"events": 30, "recordings": 7}')).toEqual({ events: 30, recordings: 7 });
    expect(days('{"recordings": 7}')).toEqual({ recordings: 7 });
    expect(days('')).toEqual({});
  });

  test('of an installation asks for no more than it needs', () => {
    const config = readInstallConfig({ GOOGLE_CLOUD_PROJECT: 'p', SALLYPORT_LEGAL_HOLD: 'true' });

    expect(config).toMatchObject({ project: 'p', retention: { days: {}, legalHold: true } });
    expect(() => readInstallConfig({})).toThrow('GOOGLE_CLOUD_PROJECT: is not set');
  });

  test('takes emulators on loopback only', () => {
    expect(errorsOf('gateway', { ...whole, KMS_EMULATOR_HOST: '10.0.0.5:8087' })).not.toEqual([]);
  });

  test('trusts somebody, or nobody could call', () => {
    expect(errorsOf('gateway', { ...whole, SALLYPORT_ISSUERS: '[]' })).toEqual([
      'SALLYPORT_ISSUERS: names no issuer, so nobody could call',
    ]);
  });

  test.each([
    ['SALLYPORT_RETENSION', 'SALLYPORT_RETENTION'],
    ['SALLYPORT_ISSUER', 'SALLYPORT_ISSUERS'],
    ['SALLYPORT_CALLS_PER_MINUTES', 'SALLYPORT_CALLS_PER_MINUTE'],
    ['SALLYPORT_CHECKPOINTS_BUCKET', 'SALLYPORT_CHECKPOINT_BUCKET'],
  ])('refuses %s, which nobody reads, and names %s', (name, meant) => {
    const expected = `${name}: is no variable of Sallyport; the nearest is ${meant}`;

    expect(errorsOf('gateway', { ...whole, [name]: 'x' })).toEqual([expected]);
    expect(() => readInstallConfig({ GOOGLE_CLOUD_PROJECT: 'p', [name]: 'x' })).toThrow(expected);
    expect(() => readApplyConfig({ GOOGLE_CLOUD_PROJECT: 'p', SALLYPORT_DOCUMENTS: 'f', [name]: 'x' })).toThrow(
      expected,
    );
  });

  test('leaves alone what others read: the command line in the same shell, and every name that is not ours', () => {
    const others = { SALLYPORT_GATEWAY: 'https://gateway.example', SALLYPORT_TOKEN: 't', PATH: '/bin', SALLY: 'x' };

    expect(errorsOf('all', { ...whole, ...others })).toEqual([]);
  });

  test.each([
    ['install', () => readInstallConfig, {}],
    ['apply', () => readApplyConfig, { SALLYPORT_DOCUMENTS: 'f' }],
  ])('of %s refuses emulators in a job on Cloud Run, too', (_name, reader, more) => {
    const laptop = {
      GOOGLE_CLOUD_PROJECT: 'p',
      ...more,
      BIGQUERY_EMULATOR_HOST: '127.0.0.1:1',
      FIRESTORE_EMULATOR_HOST: '127.0.0.1:2',
    };

    expect(() => reader()(laptop)).not.toThrow();
    expect(() => reader()({ ...laptop, CLOUD_RUN_JOB: 'job' })).toThrow('is for a laptop, and refused on Cloud Run');
  });
});

const table: [string, Variable][] = Object.entries(variables);

describe('the table of variables', () => {
  test.each(generated())('is what $name shows: else run npm run docs:generate', ({ is, shouldBe }) => {
    expect(is).toBe(shouldBe);
  });

  test('says a sentence of each, and what holds where it is unset', () => {
    const untold = table.filter(([, { what }]) => !/^[A-Z].*\.$/.test(what));

    expect(untold).toEqual([]);
  });

  test('names what is refused on Cloud Run, and all of it is', () => {
    const refused = table.filter(([, { onCloudRun }]) => onCloudRun === 'refused').map(([name]) => name);

    const errors = refused.map((name) => {
      const value = variables[name as keyof typeof variables].is.safeParse('true').success ? 'true' : '127.0.0.1:1';
      return errorsOf('all', { ...whole, [name]: value, K_SERVICE: 'gateway' });
    });

    expect(errors).toEqual(refused.map((name) => [expect.stringContaining(`${name}: is for a laptop`)]));
    expect(refused.length).toBeGreaterThan(5);
  });

  test('is what the command line reads', () => {
    const commands: Record<string, string> = {
      cli: 'sallyport',
      grants: 'sallyport postgres',
      'doctor-facts': 'sallyport doctor',
    };
    const read = readdirSync('src/cli').flatMap((file) =>
      [...readFileSync(`src/cli/${file}`, 'utf8').matchAll(/environment\['(\w+)'\]/g)].map(([, name = '']) => {
        const command = file.replace('.ts', '');
        return { name, by: commands[command] ?? `sallyport ${command}` };
      }),
    );

    const untold = read.filter(
      ({ name, by }) => !(table.find(([known]) => known === name)?.[1].readBy ?? []).includes(by as never),
    );
    const unread = table
      .filter(([, { readBy }]) => readBy.every((reader) => reader.startsWith('sallyport')))
      .filter(([known]) => !read.some(({ name }) => name === known));

    expect(untold).toEqual([]);
    expect(unread).toEqual([]);
  });
});

describe('a deployment by Terraform', () => {
  const all = readdirSync('terraform')
    .filter((name) => name.endsWith('.tf'))
    .map((name) => readFileSync(`terraform/${name}`, 'utf8'))
    .join('\n');
  const environments = [...all.matchAll(/\b(SALLYPORT_[A-Z_]+|GOOGLE_CLOUD_PROJECT)\s+=/g)].map(
    ([, name = '']) => name,
  );

  test('names no variable that does not exist, and neither do the image and the release', () => {
    const others = readdirSync('.', { recursive: false, encoding: 'utf8' }).filter((name) =>
      /^(Dockerfile|cloudbuild\.yaml)$/.test(name),
    );
    const below = ['terraform', 'release', 'image'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(tf|hcl|sh|ts)$/.test(name) && !name.includes('.terraform'))
        .map((name) => `${folder}/${name}`),
    );
    const named = [...others, ...below].flatMap(
      (path) => readFileSync(path, 'utf8').match(/\bSALLYPORT_[A-Z_]*[A-Z]/g) ?? [],
    );

    expect(environments.length).toBeGreaterThan(20);
    expect([...environments, ...named].filter((name) => !(name in variables))).toEqual([]);
  });

  test('sets every variable of its own that a role reads, but for those of a laptop', () => {
    const ofLaptops = ['SALLYPORT_HOST', 'SALLYPORT_CONSOLE_PORT', 'SALLYPORT_KEEPER_PORT', 'SALLYPORT_LOG_LEVEL'];
    const wanted = table
      .filter(([name]) => name.startsWith('SALLYPORT_') || name === 'GOOGLE_CLOUD_PROJECT')
      .filter(
        ([, { readBy, onCloudRun }]) =>
          onCloudRun !== 'refused' && readBy.some((who) => /^(gateway|console|keeper)$/.test(who)),
      )
      .map(([name]) => name);

    expect(wanted.filter((name) => !ofLaptops.includes(name) && !environments.includes(name))).toEqual([]);
  });
});
