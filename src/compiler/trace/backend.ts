/** @file A tfjs backend whose kernels record operations on symbols instead of computing numbers. */
import * as tf from '@tensorflow/tfjs';
import { messageOf } from '../../errors.ts';
import { at, namesOf } from '../../lookup.ts';
import { withBackend } from '../backend-scope.ts';
import { type ConstantData, GraphBuilder, type NamedValue, type Value } from '../graph.ts';
import type { Kernel, KernelCall, KernelGraph, KernelOperation, TfjsKernels } from '../kernels.ts';
import { arrayRules } from './arrays.ts';
import { elementwiseRules, valueType } from './elementwise.ts';
import { layerRules } from './layers.ts';
import type { CallAttributes, TraceRule, TraceRules } from './rules.ts';

const BACKEND = 'trace';

const traceRules: TraceRules = { ...elementwiseRules, ...arrayRules, ...layerRules };

/** Every kernel that can be traced. */
export const KERNELS = namesOf(traceRules);

/** Keeps for every tensor the symbol that it stands for. tfjs identifies a tensor's data by an opaque object. */
class TraceBackend extends tf.KernelBackend {
  builder = new GraphBuilder<KernelOperation>();
  /** A read whose promise nobody may have awaited; it fails the trace all the same. */
  asynchronousRead: Error | undefined;
  private readonly values = new Map<object, Value>();

  /** Registers a symbol and returns the identity by which tfjs knows it. */
  adopt(value: Value): object {
    const dataId = {};
    this.values.set(dataId, value);
    return dataId;
  }

  symbolOf(tensor: tf.TensorInfo | undefined): Value {
    if (tensor === undefined) throw new Error('an operand is missing');
    const value = this.values.get(tensor.dataId);
    if (value === undefined)
      throw new Error('the step uses a tensor that was made outside of it; pass it as state or feed');
    return value;
  }

  reset(): void {
    this.builder = new GraphBuilder<KernelOperation>();
    this.values.clear();
    this.asynchronousRead = undefined;
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    const type = valueType(dtype);
    return this.adopt(this.builder.constant(constantData(values as ArrayLike<number>, dtype), shape, type));
  }

  override readSync(dataId: object): never {
    throw this.refusedRead(dataId);
  }

  override read(dataId: object): Promise<never> {
    this.asynchronousRead = this.refusedRead(dataId);
    return Promise.reject(this.asynchronousRead);
  }

  private refusedRead(dataId: object): Error {
    const value = this.values.get(dataId);
    const producer = value && this.builder.producerOf(value);
    const source = producer ? `the result of ${producer.op}` : 'its input';
    return new Error(`a step must not read values, here of ${source}: it is compiled before there are any`);
  }

  override numDataIds(): number {
    return this.values.size;
  }

  override disposeData(): boolean {
    return true;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  override floatPrecision(): 32 {
    return 32;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override dispose(): void {
    this.reset();
  }
}

const backend = new TraceBackend();
let registered = false;

function register(): void {
  if (registered) return;
  registered = true;
  tf.registerBackend(BACKEND, () => backend, 0);
  for (const kernel of KERNELS) registerKernel(kernel);
}

function registerKernel<K extends Kernel>(kernelName: K): void {
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    // tfjs calls all kernels by one type, and each with the attributes of its own.
    kernelFunc: ({ inputs, attrs }) => record(kernelName, inputs, (attrs ?? {}) as CallAttributes<K>),
  });
}

function record<K extends Kernel>(
  op: K,
  named: tf.NamedTensorInfoMap,
  attributes: CallAttributes<K>,
): tf.TensorInfo | tf.TensorInfo[] {
  const rule: TraceRule<CallAttributes<K>, TfjsKernels[K]> = traceRules[op];
  const tensors = rule.inputs === 'list' ? Object.values(named) : rule.inputs.map((name) => named[name]);
  const { inputs, inferred } = explainRefusal(`the kernel ${op}`, () => {
    const inputs = tensors.map((tensor) => backend.symbolOf(tensor));
    for (const { type } of inputs) {
      if (!rule.accepts.includes(type)) throw new Error(`it has an operand of type ${type}`);
    }
    return { inputs, inferred: rule.infer(inputs, attributes) };
  });
  const outputs = inferred.outputs.map(({ shape, type }): Value => ({ shape: [...shape], type }));
  const call: KernelCall<K> = { op, inputs, attributes: inferred.attributes, outputs };
  // TypeScript does not see that a call of one kernel is among the calls of all kernels.
  backend.builder.append(call as KernelCall);
  const infos = outputs.map((value) => ({
    dataId: backend.adopt(value),
    shape: [...value.shape],
    // Tracing makes no integers of 64 bits, which tfjs does not know.
    dtype: value.type as tf.DataType,
  }));
  // tfjs hands a list on as a list: only kernels with several results return one.
  return infos.length === 1 ? at(infos, 0) : infos;
}

/** Says what was refused, a kernel's call or an output, before why. */
function explainRefusal<T>(what: string, infer: () => T): T {
  try {
    return infer();
  } catch (error) {
    throw new Error(`${what} cannot be compiled: ${messageOf(error)}`, { cause: error });
  }
}

/** A symbol that the traced function takes as an argument. */
export interface TraceInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: 'float32' | 'int32' | 'bool';
}

/**
 * Runs a function of tensors once with symbols, and returns what it computed as a graph of tfjs kernels.
 *
 * @throws Error naming the op, if the function reads a tensor's values or uses a kernel without a tracing rule
 */
export function trace(
  inputs: readonly TraceInput[],
  compute: (tensors: Record<string, tf.Tensor>) => Record<string, tf.Tensor>,
): KernelGraph {
  register();
  try {
    return withBackend(BACKEND, () => traceInside(inputs, compute));
  } finally {
    backend.reset();
  }
}

function traceInside(
  inputs: readonly TraceInput[],
  compute: (tensors: Record<string, tf.Tensor>) => Record<string, tf.Tensor>,
): KernelGraph {
  const symbols: NamedValue[] = [];
  const tensors: Record<string, tf.Tensor> = {};
  for (const { name, shape, type } of inputs) {
    const value: Value = { shape: [...shape], type };
    symbols.push({ name, value });
    tensors[name] = tf
      .engine()
      .makeTensorFromTensorInfo({ dataId: backend.adopt(value), shape: [...shape], dtype: type });
  }
  const results = compute(tensors);
  if (backend.asynchronousRead) throw backend.asynchronousRead;
  const outputs = Object.entries(results).map(([name, tensor]) => ({
    name,
    value: explainRefusal(`the output "${name}"`, () => backend.symbolOf(tensor)),
  }));
  // What the step kept outlives the scope around it.
  tf.dispose(results);
  return { inputs: symbols, operations: backend.builder.operations, outputs };
}

function constantData(values: ArrayLike<number>, dtype: tf.DataType): ConstantData {
  if (dtype === 'int32') return Int32Array.from(values);
  if (dtype === 'bool') return Uint8Array.from(values);
  return Float32Array.from(values);
}
