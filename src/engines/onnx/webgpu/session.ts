/** @file onnxruntime's sessions on a graphics card, each run of which proves that it took place. */
import { GraphBuilder, type NamedValue } from '../../../compiler/graph.ts';
import { DeviceError } from '../../device-error.ts';
import type { OnnxGraph, OnnxOperation } from '../operators.ts';
import { ort } from '../runtime.ts';
import { serialize } from '../serialize.ts';
import type { Session, SessionPool } from '../session-pool.ts';
import { pick, type Tensors } from '../tensors.ts';
import { toDeviceError } from './failures.ts';

/** Where a result is left: on the host, or on the device. */
export type Location = 'cpu' | 'gpu-buffer';

/** onnxruntime's scale of what it logs: 4 is fatal errors only. What it throws becomes a sentence in `failures.ts`. */
const LOG_FATAL_ONLY = 4;

/** Beside all else, each session computes the negative of a number that it is fed (`withPulse`). */
const PULSE = 'pulse';
const ANSWER = 'answer';
const PULSES = 2 ** 20;

/**
 * A model on the device. Each run is fed one more number, different from that of the run before, and its negative must come back. If the
 * device is lost or out of memory, some drivers return zeros, or what an earlier run left behind, instead of an error.
 */
export class DeviceSession {
  private pulses = 0;

  private constructor(private readonly session: Session) {}

  /**
   * @param graph lowered for WebGPU
   * @throws DeviceError if the device lacks a kernel for one of its operations, or memory
   */
  static async create(
    pool: SessionPool,
    graph: OnnxGraph,
    locationOf: (output: string) => Location,
  ): Promise<DeviceSession> {
    const locations = graph.outputs.map(({ name }) => [name, locationOf(name)] as const);
    const options = sessionOptions({ ...Object.fromEntries(locations), [ANSWER]: 'cpu' });
    try {
      return new DeviceSession(await pool.take(serialize(withPulse(graph)), options));
    } catch (error) {
      throw toDeviceError(error);
    }
  }

  /**
   * @param tensors by the names of the model's inputs; others are ignored
   * @throws DeviceError if the run fails, or did not take place
   */
  async run(tensors: Tensors): Promise<Tensors> {
    this.pulses = (this.pulses % PULSES) + 1;
    const pulse = new ort.Tensor('float32', Float32Array.of(this.pulses), [1]);
    const outputs = await this.session
      .run(pick({ ...tensors, [PULSE]: pulse }, this.session.inputNames))
      .catch((error: unknown) => {
        throw toDeviceError(error);
      });
    const { [ANSWER]: answer, ...results } = outputs;
    if (answer?.data[0] === -this.pulses) return results;
    disposeAll(Object.values(results));
    throw new DeviceError(
      'the graphics card returned numbers that it did not compute: it is out of memory, or its driver has failed',
    );
  }

  release(): void {
    this.session.release();
  }
}

/** Frees tensors on the device. Those on the host are left to the garbage collector. */
export function disposeAll(tensors: Iterable<ort.Tensor | undefined>): void {
  for (const tensor of tensors) if (tensor?.location === 'gpu-buffer') tensor.dispose();
}

function withPulse(graph: OnnxGraph): OnnxGraph {
  const builder = new GraphBuilder<OnnxOperation>();
  const value = builder.input([1], 'float32');
  const answer = builder.emit('Neg', [value], value);
  return {
    inputs: [...graph.inputs, { name: PULSE, value }],
    operations: [...graph.operations, ...builder.operations],
    outputs: [...graph.outputs, { name: ANSWER, value: answer }],
  };
}

function sessionOptions(
  preferredOutputLocation: Readonly<Record<string, Location>>,
): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [
      {
        name: 'webgpu',
        // With channels last, convolutions of some numbers of channels are wrong.
        preferredLayout: 'NCHW',
        // What the driver refuses makes the run fail, instead of being logged.
        validationMode: 'basic',
      },
    ],
    preferredOutputLocation,
    // onnxruntime's own passes make operations that have no kernel here, such as transposed booleans.
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    logSeverityLevel: LOG_FATAL_ONLY,
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  };
}

/** Never released: the promise keeps the collector away from it. */
let keeper: Promise<ort.InferenceSession> | undefined;

/**
 * Opens the device for as long as the process lives: freeing a tensor after the last session is gone would end the process.
 *
 * @throws Error in onnxruntime's words, if there is no device or it does not compute
 */
export async function openDevice(): Promise<void> {
  keeper ??= open();
  await keeper;
}

async function open(): Promise<ort.InferenceSession> {
  const builder = new GraphBuilder<OnnxOperation>();
  const x = builder.input([1], 'float32');
  const y = builder.emit('Add', [x, x], x);
  const named = (name: string, value: typeof x): NamedValue => ({ name, value });
  const graph = { inputs: [named('x', x)], operations: builder.operations, outputs: [named('y', y)] };
  const session = await ort.InferenceSession.create(serialize(graph), sessionOptions({ y: 'cpu' }));
  const results = await session.run({ x: new ort.Tensor('float32', Float32Array.of(2), [1]) });
  if (results.y?.data[0] !== 4) throw new Error('the device adds 2 and 2 wrongly');
  return session;
}
