/**
 * @file Convolutions of few channels whose result is pooled by windows of 2 × 2, and their gradients, without positions of maxima: onnxruntime takes longer to find
 * these than to convolve.
 */
import { sizeOf } from '../../../arrays.ts';
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { findNeighbours } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import type { OnnxBuilder, OnnxCall, OnnxGraph, OnnxOperation, OnnxOperator } from '../operators.ts';

/** Numbers of a filter, at most: with more, what is multiplied beside it costs more than positions do. */
const MOST_TAPS = 64;
/** So steep that HardSigmoid with 1 added gives 1 from zero on, and 0 below the smallest numbers of full precision. */
const STEEP = 3e38;
/** The four pixels of a window, in the order in which the first of equal maxima is taken. */
const PHASES = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

interface PooledConvolution {
  readonly convolution: OnnxCall<'Conv'>;
  readonly pool: OnnxCall<'MaxPool'>;
  /** Of a training. */
  readonly gradient?: FilterGradient;
}

interface FilterGradient {
  readonly unpool: OnnxCall<'MaxUnpool'>;
  /** Of images with the batch as channels, and the pool's gradient as their filters. */
  readonly correlation: OnnxCall<'Conv'>;
}

/** The result of a convolution in four parts, each with a pixel of every window, and maxima of two of them. */
interface Phases {
  readonly parts: readonly Value[];
  readonly pairs: readonly [upper: Value, lower: Value];
}

/**
 * Over a lowered graph. A convolution by strides of 2, whose filters are the given one at four places in a larger one, gives the four pixels of each window as channels. Their
 * maximum is the pool, comparisons tell which was the first maximum, and the filter's gradient is found in the same way.
 */
export function poolByPhases(graph: OnnxGraph): OnnxGraph {
  const found = findPooledConvolutions(graph);
  if (found.length === 0) return graph;
  const [pools, gradients] = [new Map<Value, PooledConvolution>(), new Map<Value, PooledConvolution>()];
  for (const each of found) {
    pools.set(at(each.pool.outputs, 0), each);
    if (each.gradient) gradients.set(at(each.gradient.correlation.outputs, 0), each);
  }
  const phases = new Map<PooledConvolution, Phases>();
  return rewrite(graph, (operation, builder, translate) => {
    const output = at(operation.outputs, 0);
    const pooled = pools.get(output);
    if (pooled !== undefined) {
      const pixels = convolvePhases(pooled.convolution, output.shape, builder, translate);
      // Nothing asks for the positions any more.
      const others = operation.outputs.slice(1);
      if (pooled.gradient === undefined) return [largestOf(pixels, output, builder), ...others];
      const split = splitPhases(pixels, output, builder);
      phases.set(pooled, split);
      return [builder.emit('Max', split.pairs, output), ...others];
    }
    const known = gradients.get(output);
    const split = known && phases.get(known);
    return split && known.gradient && [correlatePhases(known.gradient, split, builder, translate)];
  });
}

function findPooledConvolutions(graph: OnnxGraph): PooledConvolution[] {
  const { producerOf, usersOf } = findNeighbours(graph);
  /** What alone uses a value. */
  const onlyUser = (value: Value | undefined): OnnxOperation | undefined => {
    const all = value === undefined ? [] : usersOf(value);
    return all.length === 1 ? all[0] : undefined;
  };
  const onlyUseOf = <K extends OnnxOperator>(op: K, value: Value | undefined): OnnxCall<K> | undefined => {
    const producer = value && onlyUser(value) && producerOf(value);
    return producer?.op === op ? (producer as OnnxCall<K>) : undefined;
  };
  return graph.operations.flatMap((pool) => {
    if (pool.op !== 'MaxPool' || !isOfPairs(pool)) return [];
    const convolution = onlyUseOf('Conv', onlyUseOf('Relu', pool.inputs[0])?.inputs[0]);
    if (!convolution || !isSmall(convolution)) return [];
    const [, positions] = pool.outputs;
    if (positions === undefined || usersOf(positions).length === 0) return [{ convolution, pool }];
    const unpool = onlyUser(positions);
    const turned = unpool?.op === 'MaxUnpool' ? onlyUser(unpool.outputs[0]) : undefined;
    const isTurned = turned?.op === 'Transpose' && turned.attributes.perm.join() === '1,0,2,3';
    const correlation = isTurned ? onlyUser(turned.outputs[0]) : undefined;
    if (unpool?.op !== 'MaxUnpool' || correlation?.op !== 'Conv') return [];
    const [, filter, ...others] = correlation.inputs;
    const isFilter = filter === turned?.outputs[0] && others.length === 0;
    return isFilter && isPlain(correlation) ? [{ convolution, pool, gradient: { unpool, correlation } }] : [];
  });
}

/** Whether a pool has windows of 2 × 2 pixels that cover the images. */
function isOfPairs({ inputs, attributes }: OnnxCall<'MaxPool'>): boolean {
  const { kernel_shape, strides, pads } = attributes;
  const isEven = at(inputs, 0)
    .shape.slice(2)
    .every((extent) => extent % 2 === 0);
  return (
    isEven && kernel_shape.join() === '2,2' && strides.join() === '2,2' && pads.every((pad) => pad === 0)
  );
}

function isSmall(convolution: OnnxCall<'Conv'>): boolean {
  return isPlain(convolution) && sizeOf(at(convolution.inputs, 1).shape.slice(1)) <= MOST_TAPS;
}

/** Whether a convolution is of stride 1, by filters without holes. */
function isPlain({ domain, inputs, attributes }: OnnxCall<'Conv'>): boolean {
  const { strides = [], dilations = [], group = 1, kernel_shape, activation } = attributes;
  const isOfOnes = [...strides, ...dilations, group].every((number) => number === 1);
  const isStandard = domain === undefined && activation === undefined && kernel_shape === undefined;
  return isStandard && isOfOnes && at(inputs, 0).shape.length === 4;
}

/** ReLU of the convolution, `[batch, 4, channels · height · width]` of the pool. */
function convolvePhases(
  { inputs, attributes }: OnnxCall<'Conv'>,
  pooled: readonly number[],
  builder: OnnxBuilder,
  translate: (value: Value) => Value,
): Value {
  const [x, filter, bias] = [at(inputs, 0), at(inputs, 1), inputs[2]].map(
    (value) => value && translate(value),
  );
  const [batch = 1, channels = 1, height = 1, width = 1] = pooled;
  const [, depth = 1, tall = 1, wide = 1] = at(inputs, 1).shape;
  const larger = [channels, depth, tall + 1, wide + 1];
  const placed = PHASES.map(([down, right]) => {
    const pads = [0, 0, down, right, 0, 0, 1 - down, 1 - right];
    return builder.emit('Pad', [filter as Value], { shape: larger }, { pads, value: 0 });
  });
  const count = PHASES.length * channels;
  const filters = builder.emit('Concat', placed, { shape: [count, ...larger.slice(1)] }, { axis: 0 });
  const copies = bias && PHASES.map(() => bias);
  const biases = copies && [builder.emit('Concat', copies, { shape: [count] }, { axis: 0 })];
  const shape = [batch, count, height, width];
  const sums = builder.emit(
    'Conv',
    [x as Value, filters, ...(biases ?? [])],
    { shape },
    { ...attributes, strides: [2, 2] },
  );
  const rectified = builder.emit('Relu', [sums], { shape });
  const size = channels * height * width;
  return builder.emit('Reshape', [rectified], { shape: [batch, PHASES.length, size] });
}

function largestOf(pixels: Value, pooled: Value, builder: OnnxBuilder): Value {
  const [batch = 1, , size = 1] = pixels.shape;
  const attributes = { axes: [1], keepdims: 0 } as const;
  const largest = builder.emit('ReduceMax', [pixels], { shape: [batch, size] }, attributes);
  return builder.emit('Reshape', [largest], pooled);
}

function splitPhases(pixels: Value, pooled: Value, builder: OnnxBuilder): Phases {
  const [batch = 1, , size = 1] = pixels.shape;
  const parts = PHASES.map((_, index) => {
    const place = builder.constant(Int32Array.of(index), [1], 'int32');
    const row = builder.emit('Gather', [pixels, place], { shape: [batch, 1, size] }, { axis: 1 });
    return builder.emit('Reshape', [row], pooled);
  });
  const maximum = (a: number, b: number): Value => builder.emit('Max', [at(parts, a), at(parts, b)], pooled);
  return { parts, pairs: [maximum(0, 1), maximum(2, 3)] };
}

/** The gradient of the filter, `[in, out, height, width]`. */
function correlatePhases(
  { unpool, correlation }: FilterGradient,
  { parts, pairs }: Phases,
  builder: OnnxBuilder,
  translate: (value: Value) => Value,
): Value {
  const gradient = translate(at(unpool.inputs, 0));
  const { shape } = gradient;
  const channels = at(shape, 1);
  /** What of a gradient belongs to the first of two, unless the second is larger, and what to the second. */
  const divide = (whole: Value, [first, second]: readonly [Value, Value]): readonly [Value, Value] => {
    const difference = builder.emit('Sub', [first, second], { shape });
    const isFirst = builder.emit('HardSigmoid', [difference], { shape }, { alpha: STEEP, beta: 1 });
    const own = builder.emit('Mul', [whole, isFirst], { shape });
    return [own, builder.emit('Sub', [whole, own], { shape })];
  };
  const [upper, lower] = divide(gradient, pairs);
  const divided = [
    ...divide(upper, [at(parts, 0), at(parts, 1)]),
    ...divide(lower, [at(parts, 2), at(parts, 3)]),
  ];
  const output = at(correlation.outputs, 0);
  const [depth = 1, , tall = 1, wide = 1] = output.shape;
  const shapeOfAll = [depth, PHASES.length * channels, tall + 1, wide + 1];
  const attributes = { ...correlation.attributes, dilations: [2, 2] };
  const images = translate(at(correlation.inputs, 0));
  // With more filters than places of the result, onnxruntime copies patches on one thread.
  const correlate = channels <= (tall + 1) * (wide + 1) ? correlateByImage : correlateBatch;
  const correlated = correlate({ images, gradients: divided, shape: shapeOfAll, attributes }, builder);
  const [first, ...others] = PHASES.map(([down, right], index) =>
    builder.emit('Slice', [correlated], output, {
      starts: [0, index * channels, down, right],
      ends: [depth, (index + 1) * channels, down + tall, right + wide],
    }),
  );
  return others.reduce((sum, part) => builder.emit('Add', [sum, part], output), first as Value);
}

interface Correlation {
  /** `[depth, batch, height, width]` */
  readonly images: Value;
  /** Of each phase, `[batch, channels, height, width]`. */
  readonly gradients: readonly Value[];
  /** Of the result, `[depth, phases · channels, height, width]`. */
  readonly shape: readonly number[];
  readonly attributes: OnnxCall<'Conv'>['attributes'];
}

/** One convolution with images of the batch as its channels. */
function correlateBatch({ images, gradients, shape, attributes }: Correlation, builder: OnnxBuilder): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = at(gradients, 0).shape;
  const count = PHASES.length * channels;
  const whole = builder.emit('Concat', gradients, { shape: [batch, count, height, width] }, { axis: 1 });
  const turned = [count, batch, height, width];
  const filters = builder.emit('Transpose', [whole], { shape: turned }, { perm: [1, 0, 2, 3] });
  return builder.emit('Conv', [images, filters], { shape }, attributes);
}

/** Each image by itself with its own gradients, as they lie; then the sum over the batch. */
function correlateByImage(
  { images, gradients, shape, attributes }: Correlation,
  builder: OnnxBuilder,
): Value {
  const [batch = 1, channels = 1, height = 1, width = 1] = at(gradients, 0).shape;
  const [depth = 1, count = 1, tall = 1, wide = 1] = shape;
  const size = channels * tall * wide;
  const ones = builder.constant(new Float32Array(batch).fill(1), [1, batch], 'float32');
  const sums = gradients.map((gradient) => {
    const filters = builder.emit('Reshape', [gradient], { shape: [batch * channels, 1, height, width] });
    const each = builder.emit(
      'Conv',
      [images, filters],
      { shape: [depth, batch * channels, tall, wide] },
      { ...attributes, group: batch },
    );
    const rows = builder.emit('Reshape', [each], { shape: [depth, batch, size] });
    return builder.emit('MatMul', [ones, rows], { shape: [depth, 1, size] });
  });
  const all = builder.emit('Concat', sums, { shape: [depth, PHASES.length, size] }, { axis: 1 });
  return builder.emit('Reshape', [all], { shape: [depth, count, tall, wide] });
}
