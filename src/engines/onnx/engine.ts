/** @file The engine that compiles steps to ONNX for onnxruntime, on the processor or on a graphics card. */
import { cpus } from 'node:os';
import type { Engine, EngineOptions, EngineStatus } from '../types.ts';
import { createCpuEngine } from './cpu-engine.ts';
import { ort } from './runtime.ts';
import { describeAdapter, findCard } from './webgpu/adapter.ts';
import { createWebGpuEngine } from './webgpu/engine.ts';

/**
 * On the processor unless another device is asked for.
 *
 * @throws UserError if the device cannot be used, or the environment variable TD_SKIP_PASSES names an unknown pass of the compiler
 */
export async function createOnnxEngine(options: EngineOptions = {}): Promise<Engine> {
  return options.device === 'webgpu' ? createWebGpuEngine(options) : createCpuEngine(options);
}

/** @param listsDevices whether to look for a graphics card, which takes a second */
export async function onnxStatus(listsDevices = false): Promise<EngineStatus> {
  const backends = ort.listSupportedBackends().filter(({ bundled }) => bundled);
  const card = listsDevices ? await findCard() : undefined;
  return {
    name: 'onnx',
    available: true,
    devices: [
      `CPU (${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores)`,
      ...(card === undefined ? [] : [describeAdapter(card)]),
    ],
    version: `onnxruntime ${ort.env.versions.node}, providers in this build: ${backends.map(({ name }) => name).join(', ')}`,
  };
}
