/** @file One training step on both devices, with the inputs of every ReLU; and once more with the same decisions on both. */
import { type ArrayData, type NamedSpecs, sizeOf } from '../../src/arrays.ts';
import { type NamedValue, rewrite, type Value } from '../../src/compiler/graph.ts';
import type { KernelGraph } from '../../src/compiler/kernels.ts';
import { FEED, NEXT, STATE, traceStep } from '../../src/compiler/trace-step.ts';
import type { RunSettings } from '../../src/config/schema.ts';
import type { Dataset, ImageShape, Split } from '../../src/data/types.ts';
import { blockSize } from '../../src/engines/onnx/block-size.ts';
import { lower } from '../../src/engines/onnx/lower/lower.ts';
import { adaptTypes } from '../../src/engines/onnx/lower/webgpu/element-types.ts';
import { optimize } from '../../src/engines/onnx/passes/simplify.ts';
import { ort } from '../../src/engines/onnx/runtime.ts';
import { serialize } from '../../src/engines/onnx/serialize.ts';
import { SessionPool } from '../../src/engines/onnx/session-pool.ts';
import type { Tensors } from '../../src/engines/onnx/tensors.ts';
import { DeviceSession, openDevice } from '../../src/engines/onnx/webgpu/session.ts';
import { at } from '../../src/lookup.ts';
import { fillUniform } from '../../src/random/streams.ts';
import { TrainingFeeds } from '../../src/training/feeds.ts';
import { initialState } from '../../src/training/initial-state.ts';
import { prepareTraining } from '../../src/training/setup.ts';

const RELU = 'fetch/relu/';
const MASK = 'mask/';
const CLASSES = 10;
/** With it, pools and ReLUs change places in gradients, which decide the same. */
const LEFT_OUT = new Set(['pooled-gradients']);

export interface Decisions {
  /** Largest of a number of the new state, relative to the largest number of its array. */
  readonly difference: number;
  /** Inputs of ReLUs, and those that lie above zero on one device only. */
  readonly decisions: number;
  readonly flips: number;
  /** Largest magnitude of an input that was decided otherwise, relative to the root mean square of the inputs of its ReLU. */
  readonly margin: number;
  /** As `difference`, of a step on the processor in which each ReLU decides as it did on the graphics card. */
  readonly differenceForced: number;
}

/** @param imageShape `[height, width, channels]` of random images */
export async function compareDecisions(
  settings: RunSettings,
  imageShape: ImageShape,
  seed: number,
): Promise<Decisions> {
  const { batchSize } = settings.schedule;
  const training = await prepareTraining({ settings, seed }, randomDataset(imageShape, batchSize));
  const { traced } = traceStep(training.step, training.signature, LEFT_OUT);
  const inputs = [
    ...new Set(traced.operations.filter(({ op }) => op === 'Relu').map(({ inputs: [x] }) => x as Value)),
  ];
  const images = inputs.filter(({ type }) => type === 'float32');
  const watched = watch(traced, images);
  const tensors = {
    ...toTensors(training.signature.state, initialState(training), STATE),
    ...toTensors(training.signature.feeds, new TrainingFeeds(training).fill(0), FEED),
  };
  const onCard = await runOnCard(watched, tensors);
  const onProcessor = await runOnProcessor(watched, tensors);
  const masks = Object.fromEntries(
    images.map(({ shape }, index) => {
      const decided = floats(onCard, RELU + index).map((x) => (x > 0 ? 1 : 0));
      return [MASK + index, new ort.Tensor('float32', decided, shape)];
    }),
  );
  const forced = await runOnProcessor(force(traced, images), { ...tensors, ...masks });
  return {
    ...countFlips(onCard, onProcessor, images.length),
    difference: differenceOf(onCard, onProcessor),
    differenceForced: differenceOf(onCard, forced),
  };
}

/** With the inputs of ReLUs among the results. */
function watch(graph: KernelGraph, images: readonly Value[]): KernelGraph {
  const outputs = images.map((value, index): NamedValue => ({ name: RELU + index, value }));
  return { ...graph, outputs: [...graph.outputs, ...outputs] };
}

/** With ReLUs, and the gradients behind them, that take their decisions from inputs of the graph. */
function force(graph: KernelGraph, images: readonly Value[]): KernelGraph {
  const masks = new Map(images.map((image) => [image, { shape: image.shape, type: 'float32' } as Value]));
  const originals = new Map(
    graph.operations.flatMap((operation) => operation.outputs.map((output) => [output, operation])),
  );
  const forced = rewrite(graph, ({ op, outputs, inputs }, builder) => {
    if (op !== 'Relu' && op !== 'Step') return undefined;
    const source = at(originals.get(at(outputs, 0))?.inputs ?? [], 0);
    const mask = masks.get(source);
    if (mask === undefined) return undefined;
    return [op === 'Step' ? mask : builder.emit('Multiply', [at(inputs, 0), mask], at(outputs, 0))];
  });
  const added = [...masks.values()].map((value, index): NamedValue => ({ name: MASK + index, value }));
  return { ...forced, inputs: [...forced.inputs, ...added] };
}

const pool = new SessionPool();

async function runOnCard(graph: KernelGraph, tensors: Tensors): Promise<Tensors> {
  await openDevice();
  const lowered = adaptTypes(optimize(lower(graph, { target: 'webgpu' })));
  const session = await DeviceSession.create(pool, lowered, () => 'cpu');
  const results = await session.run(tensors);
  session.release();
  return results;
}

async function runOnProcessor(graph: KernelGraph, tensors: Tensors): Promise<Tensors> {
  const lowered = optimize(lower(graph, { block: await blockSize() }));
  const session = await ort.InferenceSession.create(serialize(lowered), { logSeverityLevel: 3 });
  const given = session.inputNames.map((name) => [name, tensors[name] as ort.Tensor] as const);
  const results = await session.run(Object.fromEntries(given));
  await session.release();
  return results;
}

function floats(tensors: Tensors, name: string): Float32Array {
  return tensors[name]?.data as Float32Array;
}

function countFlips(card: Tensors, processor: Tensors, relus: number) {
  let [decisions, flips, margin] = [0, 0, 0];
  for (let relu = 0; relu < relus; relu++) {
    const [a, b] = [floats(card, RELU + relu), floats(processor, RELU + relu)];
    const scale = Math.sqrt(b.reduce((sum, x) => sum + x * x, 0) / b.length);
    decisions += b.length;
    b.forEach((x, index) => {
      if (x > 0 === (a[index] ?? 0) > 0) return;
      flips++;
      margin = Math.max(margin, Math.abs(x) / scale);
    });
  }
  return { decisions, flips, margin };
}

function differenceOf(actual: Tensors, expected: Tensors): number {
  const names = Object.keys(expected).filter((name) => name.startsWith(NEXT));
  const differences = names.map((name) => {
    const [a, b] = [floats(actual, name), floats(expected, name)];
    const scale = b.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0) || 1;
    return (
      b.reduce((largest, x, index) => Math.max(largest, Math.abs(x - (a[index] ?? Number.NaN))), 0) / scale
    );
  });
  return Math.max(...differences);
}

function toTensors(specs: NamedSpecs, arrays: Readonly<Record<string, ArrayData>>, prefix: string): Tensors {
  const entries = Object.entries(specs).map(([name, { shape, dtype }]) => [
    prefix + name,
    new ort.Tensor(dtype, arrays[name] as Float32Array, shape),
  ]);
  return Object.fromEntries(entries);
}

function randomDataset(imageShape: ImageShape, count: number): Dataset {
  const images = new Float32Array(count * sizeOf(imageShape));
  fillUniform({ seed: 11, purpose: 'images', index: 0 }, images);
  const split: Split = {
    count,
    images: Uint8Array.from(images, (share) => 256 * share),
    labels: Uint8Array.from({ length: count }, (_, index) => (index * 7) % CLASSES),
    normalization: 'standardize',
  };
  return { name: 'random', imageShape, classes: CLASSES, train: split, test: split };
}
