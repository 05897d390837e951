import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/end-with-npm.ts'],
    setupFiles: ['test/support/end-with-parent.ts'],
    include: ['test/cluster/slurm/*.test.ts'],
    env: { TD_CLUSTER: '1', TD_ENGINE: 'onnx' },
    testTimeout: 4 * 60 * 60_000,
    hookTimeout: 10 * 60_000,
    maxWorkers: 1,
  },
});
