/** @file Lowering of a convolution's gradient with respect to its filter, for graphics cards. */
import { sizeOf } from '../../../../arrays.ts';
import type { ConvolutionAttributes } from '../../../../compiler/kernels.ts';
import { at } from '../../../../lookup.ts';
import { gatherPatches } from '../filter-gradient.ts';
import type { LoweringRule } from '../lowering.ts';

/**
 * The product of each image's own output gradient `[out, P]` and patches `[P, height · width · in]`, summed over the
 * images. One product over all images would have few results, so few threads to share them, and each a very long sum.
 */
export const filterGradientPerImage: LoweringRule<ConvolutionAttributes> = (operation, context) => {
  const [dy, output] = [at(operation.inputs, 1), at(operation.outputs, 0)];
  const { builder } = context;
  const filters = at(output.shape, 3);
  const [batch, positions] = [at(dy.shape, 0), sizeOf(dy.shape.slice(1, 3))];
  const patchSize = sizeOf(output.shape.slice(0, 3));
  const patches = context.reshape(gatherPatches(operation, context), [batch, positions, patchSize]);
  const gradient = context.reshape(context.channelsFirst(dy), [batch, filters, positions]);
  const products = builder.emit('MatMul', [gradient, patches], { shape: [batch, filters, patchSize] });
  const attributes = { axes: [0], keepdims: 0 } as const;
  const sum = builder.emit('ReduceSum', [products], { shape: [filters, patchSize] }, attributes);
  context.set(output, context.reshape(context.transpose(sum, [1, 0]), output.shape));
};
