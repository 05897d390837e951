import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What a test does not say of the engine must not depend on what is installed here.
    env: { TD_ENGINE: 'onnx' },
    testTimeout: 60_000,
    // onnxruntime uses both cores by itself; more than two workers only contend.
    maxWorkers: 2,
  },
});
