import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/end-with-npm.ts'],
    setupFiles: ['test/support/end-with-parent.ts'],
    include: ['test/**/*.test.ts'],
    // What a test does not say of the engine must not depend on what is installed here.
    env: { TD_ENGINE: 'onnx' },
    // Bounds for what hangs, not for what is slow: on a machine that is busy everything takes many times as long.
    testTimeout: 10 * 60_000,
    hookTimeout: 10 * 60_000,
    teardownTimeout: 10 * 60_000,
    // onnxruntime uses both cores by itself; more than two workers only contend.
    maxWorkers: 2,
  },
});
