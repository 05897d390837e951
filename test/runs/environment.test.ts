/** @file Checks that a run's environment names what computes. */
import { createRequire } from 'node:module';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { collectEnvironment, describeChange } from '../../src/runs/environment.ts';

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

describe('what a difference between two environments can come from', () => {
  const now = collectEnvironment({ engine: 'onnx', device: 'CPU, 2 threads', threads: 2 });

  it.skipIf(process.platform !== 'linux')('are the vector instructions of the processor, too', () => {
    expect(now.vectorInstructions).toMatch(/^[a-z0-9_ ]+$/);
    // Kernels are chosen by these on the machines that tests run on.
    expect(now.vectorInstructions).toMatch(/\bavx\b|\basimd\b/);
    expect(describeChange({ ...now, vectorInstructions: 'sse' }, now)).toBe(
      `vector instructions ${now.vectorInstructions} in place of sse`,
    );
  });

  it('are passes that the compiler leaves out', () => {
    expect(now.skippedPasses).toBe('none');
    vi.stubEnv('TD_SKIP_PASSES', 'blocked-layout');
    onTestFinished(() => void vi.unstubAllEnvs());
    const other = collectEnvironment({ engine: 'onnx', device: 'CPU, 2 threads', threads: 2 });
    expect(describeChange({ ...now }, other)).toBe('skipped compiler passes blocked-layout in place of none');
  });

  it('are engine, threads, versions and machine, but not what an earlier version did not write', () => {
    expect(describeChange({ ...now }, now)).toBeUndefined();
    const { vectorInstructions: _, skippedPasses: __, ...earlier } = now;
    expect(describeChange(earlier, now)).toBeUndefined();
    const elsewhere = {
      ...now,
      threads: 8,
      cpu: 'other',
      versions: { ...now.versions, node: '1.0.0' },
      cores: 99,
    };
    expect(describeChange(elsewhere, now)).toBe(
      `threads 2 in place of 8, version of node ${now.versions.node} in place of 1.0.0, processor ${now.cpu} in place of other`,
    );
  });

  it('are facts about the engine, in words, also those that only one of the two has', () => {
    const facts = { tensorflow: '2.21.0', denseLayers: 'joined products, 8 lanes' };
    const before = { ...now, engineFacts: { tensorflow: '2.20.0', driver: '570' } };
    expect(describeChange(before, { ...now, engineFacts: facts })).toBe(
      "engine's tensorflow 2.21.0 in place of 2.20.0, engine's driver none in place of 570, engine's dense layers \"joined products, 8 lanes\" in place of none",
    );
  });
});
