/**
 * @file Orders the terms of a sum of numbers, such as the norm of all gradients, so that the step needs little memory.
 *
 * onnxruntime computes a term when it reaches it in the sum, and keeps until then the arrays that the term is computed from. The
 * gradients of filters come first, as soon as the backward pass reaches them: the images of each layer can then be freed. The
 * gradient of a dense layer that has more weights than the batch has activations comes last, when the images are gone.
 */
import { sizeOf } from '../../arrays.ts';
import type { Value } from '../graph.ts';
import type { KernelGraph, KernelOperation } from '../kernels.ts';
import { rewriteJoining } from './uses.ts';

interface Made {
  readonly by: KernelOperation;
  readonly position: number;
}

/** Over a traced graph, whose operations stand in the order of the layers, forward and back. */
export function orderSums(graph: KernelGraph): KernelGraph {
  const made = new Map<Value, Made>();
  for (const [position, by] of graph.operations.entries()) {
    for (const output of by.outputs) made.set(output, { by, position });
  }
  return rewriteJoining(graph, ({ op, inputs, outputs: [sum] }, builder) => {
    if (op !== 'AddN' || !sum || sizeOf(sum.shape) !== 1) return undefined;
    const terms = inputs.map((value) => ({ value, ...rankOf(value, made) }));
    const ordered = terms
      .toSorted((a, b) => Number(a.grows) - Number(b.grows) || a.position - b.position)
      .map(({ value }) => value);
    if (ordered.every((value, index) => value === inputs[index])) return undefined;
    return builder.emit('AddN', ordered, sum);
  });
}

/**
 * Where a term belongs in the order: `position` is that of the operation that computes the array which the term sums up, and `grows`
 * says that this array is a matrix larger than the operands that it is computed from.
 */
function rankOf(term: Value, made: ReadonlyMap<Value, Made>): { position: number; grows: boolean } {
  const [array] = made.get(term)?.by.inputs ?? [];
  const last = array && lastOfAnotherSize(array, made);
  if (array === undefined || last === undefined) return { position: -1, grows: false };
  const operands = last.by.inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return { position: last.position, grows: array.shape.length === 2 && operands < sizeOf(array.shape) };
}

/**
 * The last of the operations behind an array that has no operand of the array's own size. Of a gradient that was decayed or clipped,
 * which keeps its size, it is the product that computed the gradient.
 */
function lastOfAnotherSize(array: Value, made: ReadonlyMap<Value, Made>): Made | undefined {
  const size = sizeOf(array.shape);
  const waiting = [array];
  const seen = new Set(waiting);
  let last: Made | undefined;
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const maker = made.get(value);
    const alike = maker?.by.inputs.filter(({ shape }) => sizeOf(shape) === size) ?? [];
    if (maker && alike.length === 0 && maker.position > (last?.position ?? -1)) last = maker;
    for (const input of alike.filter((input) => !seen.has(input))) {
      seen.add(input);
      waiting.push(input);
    }
  }
  return last;
}
