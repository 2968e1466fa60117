import { defineConfig } from 'vitest/config';

/** Tests that start servers, browsers and encoders: one file at a time, so that they do not starve each other. */
const HEAVY = ['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts', 'test/web/*.browser.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['test/**/*.test.{ts,mjs}'],
          exclude: HEAVY,
          maxWorkers: 2,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: HEAVY,
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
