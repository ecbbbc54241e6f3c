import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, readInstallConfig } from '../src/config.ts';

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
      'PORT',
      'GOOGLE_CLOUD_PROJECT',
      'SALLYPORT_ISSUERS',
      'SALLYPORT_APPROVAL_KEY',
      'SALLYPORT_CHECKPOINT_KEY',
      'SALLYPORT_SEAL_KEY',
      'SALLYPORT_CONSOLE_URL',
      'SALLYPORT_SCHEDULER',
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
});
