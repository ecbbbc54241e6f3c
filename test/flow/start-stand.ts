import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startStand } from '../../demo/stand.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder with `stand.json` and the log of the roles. */
    standDir: string;
  }
}

/** The whole product on this machine, once for all flow tests. */
export default async function setup(project: TestProject) {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-flow-'));
  const running = await startStand({ portBase: 0, dir });
  project.provide('standDir', dir);
  return async () => {
    await running.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
