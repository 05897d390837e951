/** @file Checks that a run's environment names what computes. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { collectEnvironment } from '../../src/results/environment.ts';

describe('collectEnvironment', () => {
  it('names engine, device, versions and machine', () => {
    const environment = collectEnvironment({ engine: 'onnx', device: 'CPU, 2 threads', threads: 2 });
    const installed = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    expect(environment).toMatchObject({ engine: 'onnx', device: 'CPU, 2 threads', threads: 2 });
    expect(environment.versions).toMatchObject({
      node: process.versions.node,
      'onnxruntime-node': installed.version,
      '@tensorflow/tfjs': expect.stringMatching(/^\d+\.\d+\.\d+/),
      td: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(environment.cores).toBeGreaterThanOrEqual(1);
    expect(environment.commit ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
  });
});
