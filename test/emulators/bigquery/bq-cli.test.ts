import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BigQueryEmulator, startBigQuery } from '../../../emulators/bigquery/bigquery.ts';
import { clientOf } from './client.ts';

const run = promisify(execFile);

function installed(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v bq']);
    return true;
  } catch {
    return false;
  }
}

const hasBq = installed();
if (!hasBq) console.warn('SKIPPED: `bq` is not installed, so the emulator was not tried with it.');

describe.skipIf(!hasBq)('the bq command', () => {
  let emulator: BigQueryEmulator;
  let folder: string;

  beforeAll(async () => {
    emulator = await startBigQuery();
    folder = await mkdtemp(join(tmpdir(), 'bq-'));
    await writeFile(join(folder, 'token'), 'not-a-token');
    const [dataset] = await clientOf(emulator.url).createDataset('ds');
    const [table] = await dataset.createTable('t', { schema: [{ name: 'id', type: 'STRING' }] });
    await table.insert([{ json: { id: 'a' } }], { raw: true });
  });
  afterAll(async () => {
    await emulator.stop();
    await rm(folder, { recursive: true });
  });

  async function bq(...args: string[]) {
    const env = {
      ...process.env,
      CLOUDSDK_CONFIG: folder,
      CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    };
    const { stdout } = await run(
      'bq',
      ['--api', emulator.url, '--project_id', 'demo-project', '--format=json', ...args],
      { env },
    );
    return JSON.parse(stdout);
  }

  test('queries with parameters and lists tables', { timeout: 60_000 }, async () => {
    const [rows, tables] = await Promise.all([
      bq('query', '--use_legacy_sql=false', '--parameter=who:STRING:a', 'SELECT id, 1 AS n FROM ds.t WHERE id = @who'),
      bq('ls', 'ds'),
    ]);

    expect(rows).toEqual([{ id: 'a', n: '1' }]);
    expect(tables).toMatchObject([{ tableReference: { tableId: 't' }, type: 'TABLE' }]);
  });
});
