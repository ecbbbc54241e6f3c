import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { startStand } from '../../demo/stand.ts';

/** A product of its own for each file of tests that ill-treats it, so that none meets what another has broken. */
const dir = await mkdtemp(join(tmpdir(), 'sallyport-stand-'));
const running = await startStand({ portBase: 0, dir });
process.env['SALLYPORT_TEST_STAND'] = dir;

afterAll(async () => {
  await running.stop();
  await rm(dir, { recursive: true, force: true });
});
