import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

// Compiled code, of the sources too, is what all processes of all tests share: it changes nothing but how long a start takes.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), `cosmos-test-compiled-${userInfo().uid}`);

export default defineConfig({
  root,
  test: {
    // ffmpeg and worker processes are children of the tests: of three files at once, one usually waits for something.
    maxWorkers: 3,
    projects: [
      {
        root,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // These share nothing but code: one process for many files spares reading it again for each.
          isolate: false,
          globalSetup: ['scripts/bundle-page.ts'],
          testTimeout: 120_000,
        },
      },
      {
        root,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: ['test/remote/**', 'test/unit/**'],
          globalSetup: ['scripts/bundle-page.ts', 'scripts/bundle-worker.ts'],
          // Bounds of failures only: no test depends on how fast the machine is.
          testTimeout: 240_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        root,
        test: {
          name: 'remote',
          include: ['test/remote/**/*.test.ts'],
          // A Docker engine for all of them, with the image that the project's own code builds.
          globalSetup: ['scripts/bundle-worker.ts', 'test/remote/set-up.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
