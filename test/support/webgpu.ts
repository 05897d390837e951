/** @file Tests that need a WebGPU adapter: skipped with the reason where there is none, or failing where it is required. */
import { describe } from 'vitest';
import { webGpuAdapter } from '../../src/engines/onnx/webgpu/adapter.ts';
import { describeAbsent } from './required-engines.ts';

const adapter = await webGpuAdapter();

export function describeOnWebGpu(what: string, tests: () => void): void {
  describe(what, () => {
    if (adapter.kind === 'none') describeAbsent('webgpu', `no WebGPU adapter: ${adapter.reason}`);
    else tests();
  });
}
