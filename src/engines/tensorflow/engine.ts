/** @file The engine on TensorFlow: steps are traced, lowered to one TensorFlow graph, and run by its native library. */

import { recordStep } from '../../compiler/trace-step.ts';
import { skippedPasses } from '../pass-names.ts';
import type { Engine, EngineOptions, EngineStatus, Program, Signature, StepFunction } from '../types.ts';
import { locateTensorflow } from './installation/locate.ts';
import { type LoadableInstallation, loadNative, type Native } from './native/load.ts';
import { optimizeForTensorflow } from './passes/join-kernels.ts';
import { TensorflowProgram } from './program.ts';
import { buildSavedModel } from './saved-model.ts';

export async function createTensorflowEngine(
  options: EngineOptions = {},
  installation?: LoadableInstallation,
): Promise<Engine> {
  const native = loadNative({ threads: options.threads ?? 2, device: 'auto' }, installation);
  // TensorFlow selects by rank on processors only.
  const skip = new Set([...skippedPasses(), ...(native.usesGpu ? ['rank-lookups'] : [])]);
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
  const graph = optimizeForTensorflow(recordStep(step, signature), skip);
  const feedsAsWords = native.usesGpu;
  const { bytes, names } = buildSavedModel(graph, signature, { feedsAsWords });
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
