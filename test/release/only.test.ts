import { expect, test } from 'vitest';
import { refuseSecond } from '../../release/only.ts';
import { readSettings } from '../../release/settings.ts';

const release = (id: string, startTime?: string, name = 'sallyport') => ({
  id,
  ...(startTime !== undefined && { startTime }),
  substitutions: { _NAME: name },
});
const first = release('b1', '2026-01-01T10:00:00.5Z');
const second = release('b2', '2026-01-01T10:00:01.123456789Z');
const among = (builds: object[], build: string) => {
  const gcloud = { ask: async () => builds, tell: () => Promise.reject(new Error('Nothing is to be changed.')) };
  return refuseSecond(gcloud, { region: 'europe-west1', name: 'sallyport', build });
};

test('of two releases at once the one that was begun first goes on, and the other refuses, whichever looks first', async () => {
  await expect(among([second, first], 'b1')).resolves.toBeUndefined();
  await expect(among([second, first], 'b2')).rejects.toThrow('Release b1 goes on');
});

test('a release that was made earlier and still waits keeps none from going on', async () => {
  await expect(among([release('b0'), first], 'b1')).resolves.toBeUndefined();
  await expect(among([release('b0'), first], 'b0')).rejects.toThrow('is not among the releases');
});

test('two of the same moment do not both go on', async () => {
  const twin = { ...first, id: 'b0' };

  await expect(among([first, twin], 'b1')).rejects.toThrow('Release b0 goes on');
  await expect(among([first, twin], 'b0')).resolves.toBeUndefined();
});

test('a release of another deployment in the same project is none of its business', async () => {
  await expect(among([release('b0', '2025-12-31T00:00:00Z', 'other'), first], 'b1')).resolves.toBeUndefined();
});

test('a release that does not find itself does not go on, as it would not find others either', async () => {
  await expect(among([], 'b1')).rejects.toThrow('is not among the releases');
});

test('settings are told all at once when they are wrong', () => {
  const good = {
    PROJECT_ID: 'acme',
    REGION: 'europe-west1',
    NAME: 'sallyport',
    BUILD_ID: 'b1',
    AUDIENCE: 'https://sallyport.example.com',
    DATASET: 'sallyport_audit',
    STEPS: '10 50 100',
    WATCH_SECONDS: '300',
    MAX_ERRORS: '0.02',
    MAX_LAG: '300',
  };

  expect(readSettings(good).steps).toEqual([10, 50, 100]);
  expect(() => readSettings({ ...good, NAME: '', AUDIENCE: '' })).toThrow(/NAME[\s\S]*AUDIENCE|AUDIENCE[\s\S]*NAME/);
  for (const STEPS of ['10 50', '50 10 100', '0 100', '100 100', 'all', ''])
    expect(() => readSettings({ ...good, STEPS }), STEPS).toThrow('STEPS');
});
