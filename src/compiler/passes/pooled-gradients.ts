/** @file Masks and sums gradients before a pool spreads them: on its outputs, which are fewer than its inputs. */
import type { Attribute, Graph, GraphBuilder, Operation, Value } from '../graph.ts';
import { rewriteJoining, type Uses } from './uses.ts';

/** Over a traced graph. */
export function moveThroughPools(graph: Graph): Graph {
  return rewriteJoining(graph, join);
}

function join(operation: Operation, builder: GraphBuilder, uses: Uses): Value | undefined {
  const [a, b] = operation.inputs;
  if (operation.op === 'Multiply' && a && b) {
    return mask(a, b, builder, uses) ?? mask(b, a, builder, uses);
  }
  return operation.op === 'Sum' && a ? sum(a, operation, builder) : undefined;
}

/**
 * A pool of x = ReLU(c) sends each gradient to a maximum m of its window, where ReLU lets it pass if c > 0: if m > 0.
 */
function mask(gradient: Value, step: Value, builder: GraphBuilder, uses: Uses): Value | undefined {
  const spread = builder.producerOf(gradient);
  const derivative = builder.producerOf(step);
  const [dy, x, maxima] = spread?.inputs ?? [];
  if (spread?.op !== 'MaxPoolGrad' || uses.of(gradient) !== 1 || !dy || !x || !maxima) return undefined;
  if (derivative?.op !== 'Step' || derivative.attributes.alpha !== 0) return undefined;
  const relu = builder.producerOf(x);
  const isItsReLU = relu?.op === 'Relu' && [x, relu.inputs[0]].includes(derivative.inputs[0]);
  if (!isItsReLU || !isPoolOf(builder.producerOf(maxima), x, spread)) return undefined;
  const passes = builder.emit('Step', [maxima], maxima, { alpha: 0 });
  const masked = builder.emit('Multiply', [dy, passes], dy);
  return builder.emit('MaxPoolGrad', [masked, x, maxima], gradient, spread.attributes);
}

function isPoolOf(pool: Operation | undefined, x: Value, { attributes }: Operation): boolean {
  return pool?.op === 'MaxPool' && pool.inputs[0] === x && text(pool.attributes) === text(attributes);
}

function text(attributes: Readonly<Record<string, Attribute>>): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every gradient arrives once, within its own image and channel: a sum over the pixels does not see where. */
function sum(spread: Value, { attributes, outputs }: Operation, builder: GraphBuilder): Value | undefined {
  const producer = builder.producerOf(spread);
  const [dy] = producer?.inputs ?? [];
  const [output] = outputs;
  const axes = attributes.axes;
  if (producer?.op !== 'MaxPoolGrad' || !dy || !output || !Array.isArray(axes)) return undefined;
  const sumsPixels = axes.includes(1) && axes.includes(2);
  return sumsPixels ? builder.emit('Sum', [dy], output, attributes) : undefined;
}
