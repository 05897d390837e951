/** @file Engines by name, and the choice among those that can run here. */
import { suggest, UserError } from '../errors.ts';
import { createReferenceEngine, referenceStatus } from './eager/engine.ts';
import { createOnnxEngine, onnxStatus } from './onnx/engine.ts';
import { createTensorflowEngine, tensorflowStatus } from './tensorflow/engine.ts';
import {
  type DeviceName,
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

/** The state of one engine, without a search for devices that takes a while. */
export function engineStatus(name: EngineName): Promise<EngineStatus> {
  return engines[name].status();
}

export interface ChosenEngine {
  readonly engine: Engine;
  /** Why this one, in a clause. */
  readonly reason: string;
}

/**
 * Creates the named engine; `auto` takes what the options ask for, else TensorFlow where it has a GPU, else onnx.
 *
 * @throws UserError if the name is unknown, the engine cannot run here, or it has no such device or option
 */
export async function chooseEngine(name: string, options: EngineOptions = {}): Promise<ChosenEngine> {
  if (name === 'auto') return chooseAutomatically(options);
  if (!isEngineName(name))
    throw new UserError(`unknown engine "${name}"${suggest(name, ['auto', ...ENGINE_NAMES])}`);
  return createEngine(name, options, 'asked for');
}

async function chooseAutomatically(options: EngineOptions): Promise<ChosenEngine> {
  const { device = 'auto', eager = false, xla = false, precision = 'float32' } = options;
  if (device === 'webgpu') return createEngine('onnx', options, 'its device is asked for');
  if (device === 'gpu') return createEngine('tensorflow', options, 'its device is asked for');
  if (eager || xla) return createEngine('tensorflow', options, 'its option is asked for');
  if (precision !== 'float32')
    return createEngine('tensorflow', options, `precision: ${precision} is asked for`);
  const tensorflow = await engines.tensorflow.status();
  const hasGpu = tensorflow.available && tensorflow.devices.some((name) => name.startsWith('GPU'));
  if (hasGpu && device === 'auto') return createEngine('tensorflow', options, 'TensorFlow has a GPU');
  return createEngine('onnx', options, 'the fastest engine here');
}

async function createEngine(name: EngineName, options: EngineOptions, reason: string): Promise<ChosenEngine> {
  refuseForeignOptions(name, options);
  const status = await engines[name].status();
  if (!status.available) {
    const cause = options.precision === undefined || options.precision === 'float32' ? '' : `${reason}, and `;
    throw new UserError(`${cause}the engine "${name}" cannot run here: ${status.reason}`);
  }
  return { engine: await engines[name].create(options), reason };
}

/** @throws UserError if an option belongs to another engine */
function refuseForeignOptions(name: EngineName, { device = 'auto', eager, xla }: EngineOptions): void {
  const devices: readonly string[] = ['auto', 'cpu', ...(DEVICES[name] ?? [])];
  if (!devices.includes(device))
    throw new UserError(`the engine "${name}" has no device "${device}"${suggest(device, devices)}`);
  if (name === 'tensorflow') return;
  if (eager) throw new UserError(`--eager is an option of the engine "tensorflow", not of "${name}"`);
  if (xla) throw new UserError(`--xla is an option of the engine "tensorflow", not of "${name}"`);
}

/** Devices of an engine besides the processor. */
const DEVICES: Partial<Record<EngineName, readonly DeviceName[]>> = {
  onnx: ['webgpu'],
  tensorflow: ['gpu'],
};

function isEngineName(name: string): name is EngineName {
  return ENGINE_NAMES.some((known) => known === name);
}
