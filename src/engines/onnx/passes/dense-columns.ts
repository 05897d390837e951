/**
 * @file Dense layers of evaluations as convolutions of one pixel, each thread with its own rows of the batch. onnxruntime then adds bias and applies ReLU on the way, and the next layer finds most of its
 * operands where they were computed. A product it shares out by columns, what follows by rows, and it packs the weights in every run.
 */
import { sizeOf } from '../../../arrays.ts';
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { findNeighbours } from '../../../compiler/passes/uses.ts';
import { at } from '../../../lookup.ts';
import type { OnnxBuilder, OnnxGraph } from '../operators.ts';
import { findPrepared } from '../preparation.ts';

/** Of a part. With fewer, weights are read for too little. */
const FEWEST_ROWS = 16;
/** Of a layer, at most: they are held twice. */
const MOST_WEIGHTS = 2 ** 22;

interface Layer {
  /** `[batch, in]` */
  readonly x: Value;
  /** `[in, out]`, of state that the graph never changes: their transposition is prepared. */
  readonly weights: Value;
  readonly bias?: Value;
  readonly isRectified: boolean;
}

/**
 * Over a lowered graph. Values between layers are columns, `[parts, features, rows, 1]`.
 *
 * @param threads of which each has as many parts of a batch; a batch that cannot be divided so is left to products
 */
export function multiplyColumns(graph: OnnxGraph, threads: number): OnnxGraph {
  const layers = findLayers(graph, threads);
  if (layers.size === 0) return graph;
  const columnsOf = new Map<Value, Value>();
  return rewrite(graph, ({ outputs: [output] }, builder, translate) => {
    const layer = output && layers.get(output);
    if (!layer) return undefined;
    const [batch = 1, inputs = 1] = layer.x.shape;
    const outputs = at(output.shape, 1);
    const parts = partsOf(batch, threads);
    const rows = batch / parts;
    const reshape = (value: Value, shape: number[]): Value => builder.emit('Reshape', [value], { shape });
    const turned = transpose(translate(layer.weights), [1, 0], builder);
    // The rows as they lie are images of one channel, and a filter is as wide as they are.
    const columns = columnsOf.get(layer.x);
    const operands = columns
      ? [columns, reshape(turned, [outputs, inputs, 1, 1])]
      : [reshape(translate(layer.x), [parts, 1, rows, inputs]), reshape(turned, [outputs, 1, 1, inputs])];
    if (layer.bias) operands.push(translate(layer.bias));
    const shape = [parts, outputs, rows, 1];
    const sums = builder.emit('Conv', operands, { shape }, { strides: [1, 1], pads: [0, 0, 0, 0] });
    const result = layer.isRectified ? builder.emit('Relu', [sums], { shape }) : sums;
    columnsOf.set(output, result);
    return [builder.emit('Reshape', [transpose(result, [0, 2, 1, 3], builder)], output)];
  });
}

/** By their results. */
function findLayers(graph: OnnxGraph, threads: number): Map<Value, Layer> {
  const { known } = findPrepared(graph);
  const { usersOf } = findNeighbours(graph);
  const layers = new Map<Value, Layer>();
  for (const { op, inputs, outputs } of graph.operations) {
    const [x, weights] = inputs;
    if (op !== 'MatMul' || !x || !weights || weights.shape.length !== 2 || x.shape.length !== 2) continue;
    const isKept = known.has(weights) && !known.has(x) && sizeOf(weights.shape) <= MOST_WEIGHTS;
    if (!isKept || partsOf(at(x.shape, 0), threads) === 1) continue;
    let output = at(outputs, 0);
    /** The single operation that uses the result so far, if it is of this kind. */
    const next = (wanted: 'Add' | 'Relu') => {
      const [user, ...others] = usersOf(output);
      return others.length === 0 && user?.op === wanted ? user : undefined;
    };
    const sum = next('Add');
    const bias = sum?.inputs.find((value) => value.shape.join() === `${at(weights.shape, 1)}`);
    if (sum && bias) output = at(sum.outputs, 0);
    const rectified = next('Relu');
    if (rectified) output = at(rectified.outputs, 0);
    if (usersOf(output).length > 0)
      layers.set(output, { x, weights, isRectified: rectified !== undefined, ...(bias && { bias }) });
  }
  return layers;
}

/** The fewest parts that share out evenly; 1 if there are none. */
function partsOf(batch: number, threads: number): number {
  for (let parts = threads; batch / parts >= FEWEST_ROWS; parts += threads)
    if (batch % parts === 0) return parts;
  return 1;
}

function transpose(value: Value, perm: readonly number[], builder: OnnxBuilder): Value {
  const shape = perm.map((axis) => at(value.shape, axis));
  return builder.emit('Transpose', [value], { shape }, { perm });
}
