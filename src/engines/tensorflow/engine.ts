/** @file The engine on TensorFlow: steps are traced, lowered to one TensorFlow graph, and run by its native library. */

import { traceStep } from '../../compiler/trace-step.ts';
import { skippedPasses } from '../pass-names.ts';
import type { Engine, EngineOptions, EngineStatus, Program, Signature, StepFunction } from '../types.ts';
import { locateTensorflow } from './installation/locate.ts';
import { type LoadableInstallation, loadNative, type Native } from './native.ts';
import { joinKernels } from './passes/join-kernels.ts';
import { TensorflowProgram } from './program.ts';
import { buildSavedModel } from './saved-model.ts';

export async function createTensorflowEngine(
  options: EngineOptions = {},
  installation?: LoadableInstallation,
): Promise<Engine> {
  const native = loadNative({ threads: options.threads ?? 2, device: 'auto' }, installation);
  const skip = skippedPasses();
  return {
    name: 'tensorflow',
    device: native.usesGpu ? 'GPU' : `CPU, ${native.threads} ${native.threads === 1 ? 'thread' : 'threads'}`,
    compile: async (step, signature) => compile(step, signature, native, skip),
  };
}

function compile(
  step: StepFunction,
  signature: Signature,
  native: Native,
  skip: ReadonlySet<string>,
): Program {
  const { traced } = traceStep(step, signature, skip);
  const feedsAsWords = native.usesGpu;
  const { bytes, names } = buildSavedModel(joinKernels(traced, skip), signature, { feedsAsWords });
  return new TensorflowProgram(native.binding, signature, { names, feedsAsWords }, bytes);
}

export async function tensorflowStatus(): Promise<EngineStatus> {
  const installation = locateTensorflow();
  if ('reason' in installation) return { name: 'tensorflow', available: false, reason: installation.reason };
  return {
    name: 'tensorflow',
    available: true,
    devices: installation.selfTest.devices,
    version: `TensorFlow ${installation.version}`,
  };
}
