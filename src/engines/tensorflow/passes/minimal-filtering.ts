/** @file Convolutions of 3 × 3, and their gradients, as td's own kernels for them, which multiply four times less (native/winograd.h). */
import { rewrite } from '../../../compiler/graph.ts';
import type { ConvolutionAttributes } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowGraph, TensorflowOperation } from '../kernels.ts';

/** A smaller image wastes more of a tile of 4 × 4 than the method saves. */
const SMALLEST_SIDE = 4;

const OWN_KERNELS = {
  Conv2D: 'Convolve',
  Conv2DBackpropInput: 'ConvolveInputGradient',
  Conv2DBackpropFilter: 'ConvolveFilterGradient',
} as const;

/**
 * Over a graph for a processor.
 *
 * @param lanes channels must be multiples of this
 */
export function filterMinimally(graph: TensorflowGraph, lanes: number): TensorflowGraph {
  if (!graph.operations.some((operation) => ownKernelFor(operation, lanes))) return graph;
  return rewrite(graph, (operation, builder) => {
    const kernel = ownKernelFor(operation, lanes);
    return kernel && [builder.emit(kernel, operation.inputs, at(operation.outputs, 0))];
  });
}

type OwnKernel = (typeof OWN_KERNELS)[keyof typeof OWN_KERNELS];

function ownKernelFor(operation: TensorflowOperation, lanes: number): OwnKernel | undefined {
  const convolution = convolutionOf(operation);
  return convolution && suits(convolution, lanes) ? OWN_KERNELS[convolution.op] : undefined;
}

/** A convolution or one of its gradients. */
export interface Convolution {
  readonly op: keyof typeof OWN_KERNELS;
  readonly attributes: ConvolutionAttributes;
  /** `[batch, height, width, channels]`, of what goes in; of an input's gradient, that of the result. */
  readonly image: readonly number[];
  /** `[height, width, in, out]` */
  readonly filter: readonly number[];
}

export function convolutionOf(operation: TensorflowOperation): Convolution | undefined {
  const { op, attributes } = operation;
  if (op !== 'Conv2D' && op !== 'Conv2DBackpropInput' && op !== 'Conv2DBackpropFilter') return undefined;
  const [first, second, result] = [...operation.inputs, ...operation.outputs].map(({ shape }) => shape);
  const [filter, image] = op === 'Conv2DBackpropFilter' ? [result, first] : [second, first];
  return filter && image && { op, attributes, image, filter };
}

function suits(
  { attributes: { strides, dilations, pads }, image, filter }: Convolution,
  lanes: number,
): boolean {
  return (
    [...strides, ...dilations, ...pads].every((number) => number === 1) &&
    filter.slice(0, 2).every((extent) => extent === 3) &&
    filter.slice(2).every((channels) => channels % lanes === 0) &&
    image.slice(1, 3).every((side) => side >= SMALLEST_SIDE)
  );
}
