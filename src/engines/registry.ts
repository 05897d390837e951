/** @file Engines by name, and the choice among those that can run here. */
import { suggest, UserError } from '../errors.ts';
import { createReferenceEngine, referenceStatus } from './eager/engine.ts';
import { createOnnxEngine, onnxStatus } from './onnx/engine.ts';
import { createTensorflowEngine, tensorflowStatus } from './tensorflow/engine.ts';
import {
  ENGINE_NAMES,
  type Engine,
  type EngineName,
  type EngineOptions,
  type EngineStatus,
} from './types.ts';

interface EngineEntry {
  create(options: EngineOptions): Promise<Engine>;
  /** @param listsDevices whether devices are wanted that take a while to be looked for, too */
  status(listsDevices?: boolean): Promise<EngineStatus>;
}

const engines: Readonly<Record<EngineName, EngineEntry>> = {
  onnx: { create: createOnnxEngine, status: onnxStatus },
  tensorflow: { create: createTensorflowEngine, status: tensorflowStatus },
  reference: { create: createReferenceEngine, status: referenceStatus },
};

/** The state of every engine on this machine. */
export function listEngines(): Promise<EngineStatus[]> {
  return Promise.all(ENGINE_NAMES.map((name) => engines[name].status(true)));
}

export interface ChosenEngine {
  readonly engine: Engine;
  /** Why this one, in a clause. */
  readonly reason: string;
}

/**
 * Creates the named engine; `auto` takes TensorFlow where it has a GPU, else onnx.
 *
 * @throws UserError if the name is unknown or the engine cannot run here
 */
export async function chooseEngine(name: string, options: EngineOptions = {}): Promise<ChosenEngine> {
  if (name === 'auto' && options.device !== 'webgpu') return chooseAutomatically(options);
  if (name === 'auto') return { engine: await engines.onnx.create(options), reason: 'asked for' };
  if (!isEngineName(name))
    throw new UserError(`unknown engine "${name}"${suggest(name, ['auto', ...ENGINE_NAMES])}`);
  if (options.device === 'webgpu' && name !== 'onnx')
    throw new UserError(`the engine "${name}" has no device "webgpu", expected --engine onnx`);
  const status = await engines[name].status();
  if (!status.available) throw new UserError(`the engine "${name}" cannot run here: ${status.reason}`);
  return { engine: await engines[name].create(options), reason: 'asked for' };
}

async function chooseAutomatically(options: EngineOptions): Promise<ChosenEngine> {
  const tensorflow = await engines.tensorflow.status();
  if (tensorflow.available && tensorflow.devices.some((device) => device.startsWith('GPU'))) {
    return { engine: await engines.tensorflow.create(options), reason: 'TensorFlow has a GPU' };
  }
  return { engine: await engines.onnx.create(options), reason: 'the fastest engine here' };
}

function isEngineName(name: string): name is EngineName {
  return (ENGINE_NAMES as readonly string[]).includes(name);
}
