/** @file The part of the device check on WebGPU. */
import { createCpuEngine } from '../../src/engines/onnx/cpu-engine.ts';
import { describeAdapter, type WebGpuAdapter, webGpuAdapter } from '../../src/engines/onnx/webgpu/adapter.ts';
import { createWebGpuEngine } from '../../src/engines/onnx/webgpu/engine.ts';
import {
  CHECKED_NETWORKS,
  type CheckLimits,
  checkEpoch,
  checkLearning,
  checkStep,
  type EpochCheck,
  listChecks,
  type StepCheck,
  secondsForEpoch,
} from './device.ts';

export interface WebGpuCheck {
  readonly engine: 'onnx';
  readonly device: string;
  readonly adapter: WebGpuAdapter;
  readonly steps: readonly StepCheck[];
  readonly epochs: readonly EpochCheck[];
  /** Most that the process held in memory, in megabytes. */
  readonly peakMegabytes: number;
}

export interface WebGpuCheckOptions extends CheckLimits {
  readonly networks?: readonly string[];
  /** For an epoch; more is broken off. */
  readonly epochSeconds: number;
  /** Called before and after each part. */
  onProgress?(line: string): void;
}

export async function checkWebGpu(options: WebGpuCheckOptions): Promise<WebGpuCheck> {
  const adapter = await webGpuAdapter();
  const found = { engine: 'onnx', device: describeAdapter(adapter), adapter } as const;
  if (adapter.kind === 'none') return { ...found, steps: [], epochs: [], peakMegabytes: peakMegabytes() };
  const reference = await createCpuEngine();
  // Each step is compared here, whatever was found before on this machine.
  const engine = await createWebGpuEngine({ selfTest: false });
  const steps: StepCheck[] = [];
  for (const comparand of listChecks(options.networks ?? CHECKED_NETWORKS)) {
    options.onProgress?.(`${comparand.workload.name}, ${comparand.variant}`);
    steps.push(await checkStep(comparand, engine, reference, options));
  }
  options.onProgress?.('an epoch on MNIST');
  const epochs = [await checkLearning(engine, secondsForEpoch(options, options.epochSeconds))];
  options.onProgress?.('an epoch of configs/quick/cifar-resnet.yaml on random images');
  epochs.push(await checkEpoch(engine, secondsForEpoch(options, options.epochSeconds)));
  return { ...found, steps, epochs, peakMegabytes: peakMegabytes() };
}

function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
