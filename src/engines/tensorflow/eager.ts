/** @file TensorFlow's kernels called op by op, by the backend of tfjs-node. */

import { createRequire } from 'node:module';
import type * as util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import type { Signature, StepFunction } from '../../compiler/step.ts';
import { EagerProgram } from '../eager/program.ts';
import type { Program } from '../types.ts';
import type { Binding } from './native/load.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';
/** The name under which tfjs-node's kernels register. */
const BACKEND = 'tensorflow';

interface BackendModule {
  readonly NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend;
}

/** Prepares tfjs to run steps op by op; the package's own main module would look for its own native library. */
export function createEagerCompiler(binding: Binding): (step: StepFunction, signature: Signature) => Program {
  if (tf.findBackendFactory(BACKEND) === null) register(binding);
  return (step, signature) => new EagerProgram(BACKEND, step, signature);
}

function register(binding: Binding): void {
  const require = createRequire(import.meta.url);
  // The package calls a function that Node has dropped in version 23.
  const legacy = require('node:util') as typeof util & { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const { NodeJSKernelBackend } = require(`${PACKAGE}/dist/nodejs_kernel_backend.js`) as BackendModule;
  require(`${PACKAGE}/dist/register_all_kernels.js`);
  tf.registerBackend(BACKEND, () => new NodeJSKernelBackend(binding, PACKAGE));
}
