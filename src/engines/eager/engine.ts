/** @file The reference engine: tfjs' own cpu backend, op by op, the yardstick of correctness. */
import * as tf from '@tensorflow/tfjs';
import '../../compiler/quiet-tfjs.ts';
import type { Engine, EngineStatus } from '../types.ts';
import { EagerProgram } from './program.ts';

export async function createReferenceEngine(): Promise<Engine> {
  return {
    name: 'reference',
    device: 'CPU, 1 thread, plain JavaScript',
    busyThreads: 1,
    compile: async (step, signature) => new EagerProgram('cpu', step, signature),
  };
}

export async function referenceStatus(): Promise<EngineStatus> {
  return {
    name: 'reference',
    available: true,
    devices: ['CPU (plain JavaScript, slow)'],
    version: `tfjs ${tf.version_core}`,
  };
}
