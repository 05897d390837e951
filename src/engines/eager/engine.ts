/** @file The eager engines: tfjs' own cpu backend, the yardstick, and TensorFlow's native library where it loads. */
import * as tf from '@tensorflow/tfjs';
import type { Engine, EngineStatus } from '../types.ts';
import { EagerProgram } from './program.ts';

/** Packages that bring a native tfjs backend, the faster one first. */
const NATIVE_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;
const NATIVE_BACKEND = 'tensorflow';

type Native =
  | { readonly packageName: string; readonly version: string; readonly gpu: boolean }
  | { readonly reason: string };

/** tfjs prints an advertisement when its cpu backend is first used in Node, unless it is in production mode. */
tf.enableProdMode();

export async function createReferenceEngine(): Promise<Engine> {
  return {
    name: 'reference',
    device: 'CPU, 1 thread, plain JavaScript',
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

/** @throws Error with the reason, if no native package loads */
export async function createTensorflowEngine(): Promise<Engine> {
  const native = await loadNative();
  if ('reason' in native) throw new Error(native.reason);
  return {
    name: 'tensorflow',
    device: native.gpu ? 'GPU (CUDA)' : 'CPU',
    compile: async (step, signature) => new EagerProgram(NATIVE_BACKEND, step, signature),
  };
}

export async function tensorflowStatus(): Promise<EngineStatus> {
  const native = await loadNative();
  if ('reason' in native) return { name: 'tensorflow', available: false, reason: native.reason };
  return {
    name: 'tensorflow',
    available: true,
    devices: [native.gpu ? 'GPU (CUDA)' : 'CPU'],
    version: `${native.packageName} ${native.version}`,
  };
}

let loading: Promise<Native> | undefined;

/** Loads a native package once. Its absence, or a library that does not load here, is an answer and not an error. */
function loadNative(): Promise<Native> {
  loading ??= findNative();
  return loading;
}

async function findNative(): Promise<Native> {
  const reasons: string[] = [];
  for (const packageName of NATIVE_PACKAGES) {
    try {
      const loaded = (await import(packageName)) as { version?: { 'tfjs-node'?: string } };
      const gpu = packageName.endsWith('-gpu') && nativeBackendUsesGpu();
      return { packageName, version: loaded.version?.['tfjs-node'] ?? 'unknown', gpu };
    } catch (error) {
      reasons.push(`${packageName} ${explain(error)}`);
    }
  }
  return { reason: reasons.join('; ') };
}

function nativeBackendUsesGpu(): boolean {
  const backend = tf.findBackend(NATIVE_BACKEND) as { isUsingGpuDevice?: boolean } | null;
  return backend?.isUsingGpuDevice === true;
}

/** One clause for what a failed import says over many lines. */
function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/Cannot find (package|module) '@tensorflow/.test(message)) return 'is not installed';
  if (/can ?not be found at path/.test(message))
    return 'is installed without its native library (td engines install tensorflow)';
  return `does not load: ${message.split('\n')[0]}`;
}
