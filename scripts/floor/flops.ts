/** @file Counts the arithmetic of a step: multiplications and additions in convolutions and matrix products. */
import { sizeOf } from '../../src/arrays.ts';
import type { Value } from '../../src/compiler/graph.ts';
import type { KernelGraph, KernelOperation } from '../../src/compiler/kernels.ts';
import { at } from '../../src/lookup.ts';

/**
 * Additions and multiplications, two for each weight at each place where a filter is laid, zeros around the image included. A way to
 * compute a convolution that takes fewer counts as much.
 */
export function countFlops({ operations }: KernelGraph): number {
  return operations.reduce((sum, operation) => sum + flopsOf(operation), 0);
}

function flopsOf(operation: KernelOperation): number {
  const { op, inputs, outputs } = operation;
  switch (op) {
    case 'Conv2D':
      return convolutionFlops(at(inputs, 1), at(outputs, 0));
    case 'Conv2DBackpropInput':
      return convolutionFlops(at(inputs, 1), at(inputs, 0));
    case 'Conv2DBackpropFilter':
      return convolutionFlops(at(outputs, 0), at(inputs, 1));
    case 'BatchMatMul': {
      const { shape } = at(inputs, 0);
      return (
        2 * sizeOf(at(outputs, 0).shape) * at(shape, shape.length - (operation.attributes.transposeA ? 2 : 1))
      );
    }
    default:
      return 0;
  }
}

/**
 * @param filter `[height, width, channels, filters]`
 * @param images that it gives, `[batch, height, width, filters]`
 */
function convolutionFlops(filter: Value, images: Value): number {
  return 2 * sizeOf(images.shape) * sizeOf(filter.shape.slice(0, 3));
}
