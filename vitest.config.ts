import { defineConfig } from 'vitest/config';

/** `flow` runs against the whole local stand, started once; `stand` ill-treats one of its own; everything else brings its own parts. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 3,
    env: { METADATA_SERVER_DETECTION: 'none' },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: ['test/flow/**', 'test/stand/**'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts'],
          globalSetup: 'test/flow/start-stand.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'stand',
          include: ['test/stand/**/*.test.ts'],
          // Each kills roles of the one stand, so they take turns, after all others.
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          globalSetup: 'test/flow/start-stand.ts',
          testTimeout: 240_000,
        },
      },
    ],
  },
});
