/** @file TensorFlow op by op: the native module as a tfjs backend, by the JavaScript of tfjs-node-gpu. */
import { createRequire } from 'node:module';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { EagerProgram } from '../../eager/program.ts';
import type { Engine } from '../../types.ts';

const BACKEND = 'tensorflow';

interface Binding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
}

/** @throws Error if the module does not load */
export function loadAddon(addon: string): Binding {
  return createRequire(import.meta.url)(addon) as Binding;
}

export async function createEagerEngine(addon: string): Promise<Engine> {
  const binding = loadAddon(addon);
  const require = createRequire(import.meta.url);
  // Node 23 took a function away that tfjs-node-gpu calls.
  const former = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  former.isNullOrUndefined ??= (value) => value === null || value === undefined;
  require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend;
  };
  tf.registerBackend(BACKEND, () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'));
  return {
    name: 'tensorflow',
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
    compile: async (step, signature) => new EagerProgram(BACKEND, step, signature),
  };
}
