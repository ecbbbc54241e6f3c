import { defineConfig } from 'vitest/config';

/** `flow` runs against the whole local stand, started once; `stand` ill-treats stands of its own; everything else brings its own parts. */
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
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts'],
          globalSetup: 'test/flow/start-stand.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'stand',
          include: ['test/stand/**/*.test.ts'],
          // They kill and mostly wait, and what they promise is bounded in time: so after all others, each on a stand of its own.
          sequence: { groupOrder: 1 },
          setupFiles: 'test/stand/own-stand.ts',
          testTimeout: 240_000,
        },
      },
    ],
  },
});
