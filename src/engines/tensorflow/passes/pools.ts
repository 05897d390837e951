/** @file Pools of windows of 2 × 2 behind convolutions without a margin, and gradients of such pools, as td's own kernels (native/max-pools.h). */
import { rewrite, type Value } from '../../../compiler/graph.ts';
import type { PoolAttributes } from '../../../compiler/kernels.ts';
import { findNeighbours } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowCall, TensorflowGraph, TensorflowKernel, TensorflowOperation } from '../kernels.ts';

/** What becomes one kernel: ReLU of a convolution and a bias, and its pool. */
interface Rectified {
  readonly convolution: TensorflowCall<'ImplicitGemm'>;
  readonly bias: Value;
  readonly relu: Value;
  readonly pool: Value;
  /** Whether something else than the pool wants the ReLU. */
  readonly keeps: boolean;
}

/** Over a graph for a processor in float32, after `implicit-gemm`. */
export function joinPools(graph: TensorflowGraph): TensorflowGraph {
  const found = findRectified(graph);
  if (found.length === 0 && !graph.operations.some(isGradientOfPairs)) return graph;
  const byRelu = new Map(found.map((each) => [each.relu, each]));
  const byPool = new Map(found.map((each) => [each.pool, each]));
  const pooled = new Map<Rectified, Value>();
  return rewrite(graph, (operation, builder, translate) => {
    const output = at(operation.outputs, 0);
    const inputsOf = ({ convolution, bias }: Rectified) => [...convolution.inputs, bias].map(translate);
    const rectified = byRelu.get(output);
    if (rectified?.keeps) {
      const outputs = [rectified.relu, rectified.pool].map((value) => ({ ...value }));
      builder.append({ op: 'RectifiedConvolution', inputs: inputsOf(rectified), attributes: {}, outputs });
      pooled.set(rectified, at(outputs, 1));
      return [at(outputs, 0)];
    }
    const whole = byPool.get(output);
    if (whole !== undefined)
      return [pooled.get(whole) ?? builder.emit('PooledConvolution', inputsOf(whole), output)];
    return isGradientOfPairs(operation)
      ? [builder.emit('PoolGradient', operation.inputs, output)]
      : undefined;
  });
}

function findRectified(graph: TensorflowGraph): Rectified[] {
  const { producerOf, usersOf } = findNeighbours(graph);
  const made = <K extends TensorflowKernel>(
    op: K,
    value: Value | undefined,
  ): TensorflowCall<K> | undefined => {
    const producer = value && producerOf(value);
    return producer?.op === op ? (producer as TensorflowCall<K>) : undefined;
  };
  /** Two pools of the same ReLU are left alone, but for the first. */
  const taken = new Set<Value>();
  return graph.operations.flatMap((pool) => {
    if (pool.op !== 'MaxPool' || !isOfPairs(at(pool.inputs, 0), pool.attributes)) return [];
    const relu = at(pool.inputs, 0);
    const sum = made('Relu', relu)?.inputs[0];
    const [a, b] = (sum && usersOf(sum).length === 1 && made('Add', sum)?.inputs) || [];
    for (const [product, bias] of [[a, b] as const, [b, a] as const]) {
      const convolution =
        product && usersOf(product).length === 1 ? made('ImplicitGemm', product) : undefined;
      const isWhole = product?.shape.join() === relu.shape.join();
      const fits = isWhole && bias?.shape.join() === String(relu.shape.at(-1));
      if (convolution === undefined || bias === undefined || !fits || taken.has(relu)) continue;
      taken.add(relu);
      return [{ convolution, bias, relu, pool: at(pool.outputs, 0), keeps: usersOf(relu).length !== 1 }];
    }
    return [];
  });
}

function isGradientOfPairs(operation: TensorflowOperation): boolean {
  return operation.op === 'MaxPoolGrad' && isOfPairs(at(operation.inputs, 1), operation.attributes);
}

/** Whether windows of 2 × 2 pixels cover the images. */
function isOfPairs({ shape, type }: Value, { window, strides, pads }: PoolAttributes): boolean {
  const isEven = shape.slice(1, 3).every((extent) => extent % 2 === 0);
  const isPair = [window, strides].every((extents) => extents.join() === '2,2');
  return isEven && isPair && pads.every((pad) => pad === 0) && shape.length === 4 && type === 'float32';
}
