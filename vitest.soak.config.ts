import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
    env: { TD_SOAK: '1', TD_ENGINE: 'onnx' },
    testTimeout: 4 * 60 * 60_000,
    hookTimeout: 10 * 60_000,
    maxWorkers: 1,
  },
});
