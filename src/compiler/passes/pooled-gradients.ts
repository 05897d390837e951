/** @file Masks and sums gradients before a pool spreads them: on its outputs, which are fewer than its inputs. */
import type { Value } from '../graph.ts';
import type { KernelBuilder, KernelCall, KernelGraph, KernelOperation, PoolAttributes } from '../kernels.ts';
import { rewriteJoining, type Uses } from './uses.ts';

/** Over a traced graph. */
export function moveThroughPools(graph: KernelGraph): KernelGraph {
  return rewriteJoining(graph, join);
}

function join(operation: KernelOperation, builder: KernelBuilder, uses: Uses): Value | undefined {
  const [a, b] = operation.inputs;
  if (operation.op === 'Multiply' && a && b) {
    return mask(a, b, builder, uses) ?? mask(b, a, builder, uses);
  }
  return operation.op === 'Sum' && a ? sum(a, operation, builder) : undefined;
}

/**
 * The gradient of ReLU behind that of a max-pool, in the other order. For a pool of x = ReLU(c), the pool's gradient goes to the
 * maximum m of each window, and ReLU lets it pass where c > 0, which at that place is the same as m > 0. So the mask can be taken
 * from the maxima, of which there are fewer.
 */
function mask(gradient: Value, step: Value, builder: KernelBuilder, uses: Uses): Value | undefined {
  const spread = builder.producerOf(gradient);
  const derivative = builder.producerOf(step);
  const [dy, x, maxima] = spread?.inputs ?? [];
  if (spread?.op !== 'MaxPoolGrad' || uses.of(gradient) !== 1 || !dy || !x || !maxima) return undefined;
  if (derivative?.op !== 'Step' || derivative.attributes.alpha !== 0) return undefined;
  const relu = builder.producerOf(x);
  const isItsReLU = relu?.op === 'Relu' && [x, relu.inputs[0]].includes(derivative.inputs[0]);
  if (!isItsReLU || !isPoolOf(builder.producerOf(maxima), x, spread.attributes)) return undefined;
  const passes = builder.emit('Step', [maxima], maxima, { alpha: 0 });
  const masked = builder.emit('Multiply', [dy, passes], dy);
  return builder.emit('MaxPoolGrad', [masked, x, maxima], gradient, spread.attributes);
}

function isPoolOf(pool: KernelOperation | undefined, x: Value, attributes: PoolAttributes): boolean {
  return pool?.op === 'MaxPool' && pool.inputs[0] === x && text(pool.attributes) === text(attributes);
}

function text(attributes: PoolAttributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The sum over all pixels of a max-pool's gradient is the sum of the gradients that came in: the pool only moves each of them to a
 * pixel of the same image and channel.
 */
function sum(
  spread: Value,
  { attributes, outputs }: KernelCall<'Sum'>,
  builder: KernelBuilder,
): Value | undefined {
  const producer = builder.producerOf(spread);
  const [dy] = producer?.inputs ?? [];
  const [output] = outputs;
  const { axes } = attributes;
  if (producer?.op !== 'MaxPoolGrad' || !dy || !output) return undefined;
  const sumsPixels = axes.includes(1) && axes.includes(2);
  return sumsPixels ? builder.emit('Sum', [dy], output, attributes) : undefined;
}
