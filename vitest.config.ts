import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // onnxruntime uses both cores by itself; more than two workers only contend.
    maxWorkers: 2,
  },
});
