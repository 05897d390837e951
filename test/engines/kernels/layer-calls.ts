/** @file Random calls of products, convolutions, pooling and their gradients. */
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import type { KernelCalls, KernelTable } from './kernel-table.ts';
import { calls, extent, type KernelCall, shapes } from './samples.ts';

/**
 * All four transpositions, operands of rank 2 to 4, batches that broadcast: leading axes left out or all of extent 1,
 * since tfjs' cpu backend goes wrong where an inner batch axis broadcasts.
 */
const matrixProduct: KernelCalls = {
  calls: fc
    .record({
      batch: shapes(0, 2, 3),
      sizes: fc.tuple(extent(5), extent(5), extent(5)),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
    })
    .chain((product) => fc.tuple(fc.constant(product), batches(product.batch), batches(product.batch)))
    .chain(
      ([
        {
          sizes: [rows, inner, columns],
          transposeA,
          transposeB,
        },
        batchA,
        batchB,
      ]) => {
        const a = [...batchA, ...(transposeA ? [inner, rows] : [rows, inner])];
        const b = [...batchB, ...(transposeB ? [columns, inner] : [inner, columns])];
        return calls({ a: [a, 'float32', 'real'], b: [b, 'float32', 'real'] }, { transposeA, transposeB });
      },
    ),
};

function batches(shape: readonly number[]): fc.Arbitrary<number[]> {
  const shortened = fc.nat(shape.length).map((dropped) => shape.slice(dropped));
  return fc.oneof(shortened, fc.constant(shape.map(() => 1)));
}

/** Explicit pads differ on all four sides, and may exceed what the filter reaches. */
const EXPLICIT: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [2, 1],
  [0, 3],
  [0, 0],
];
type Pad = 'same' | 'valid' | typeof EXPLICIT;

interface Geometry {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: Pad;
}

/**
 * Images and filters of any small size, not square, with strides that need not divide the image; with valid padding
 * images are at least as large as filters.
 */
function geometries({ dilated }: { dilated: boolean }): fc.Arbitrary<Geometry> {
  const stride = extent(3);
  return fc
    .record({
      batch: extent(2),
      // Filter gradients take another way where there are many channels.
      channels: fc.constantFrom(1, 2, 3, 8, 9),
      filters: extent(3),
      kernel: fc.tuple(extent(4), extent(4)),
      spare: fc.tuple(fc.nat(5), fc.nat(5)),
      strides: fc.tuple(stride, stride),
      dilations: fc.tuple(extent(2), extent(2)),
      pad: fc.constantFrom<Pad>('same', 'valid', EXPLICIT),
    })
    .map(({ batch, channels, filters, kernel, spare, strides, dilations, pad }) => {
      // tfjs takes either strides or dilations.
      const spread: [number, number] = dilated && strides[0] * strides[1] === 1 ? dilations : [1, 1];
      const reach = kernel.map((size, axis) => (size - 1) * (spread[axis] ?? 1) + 1);
      const [height = 1, width = 1] = spare.map(
        (more, axis) => (pad === 'same' ? 0 : (reach[axis] ?? 1) - 1) + more + 1,
      );
      return {
        x: [batch, height, width, channels],
        filter: [...kernel, channels, filters],
        strides,
        dilations: spread,
        pad,
      };
    });
}

function outputShape({ x, filter, strides, dilations, pad }: Geometry): number[] {
  return tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, pad).outShape;
}

const convolution: KernelCalls = {
  calls: geometries({ dilated: true }).chain(({ x, filter, strides, dilations, pad }) =>
    calls(
      { x: [x, 'float32', 'real'], filter: [filter, 'float32', 'real'] },
      { strides, pad, dataFormat: 'NHWC', dilations },
    ),
  ),
};

const inputGradient: KernelCalls = {
  calls: geometries({ dilated: false }).chain((geometry) =>
    calls(
      { dy: [outputShape(geometry), 'float32', 'real'], filter: [geometry.filter, 'float32', 'real'] },
      { strides: geometry.strides, pad: geometry.pad, dataFormat: 'NHWC', inputShape: geometry.x },
    ),
  ),
};

const filterGradient: KernelCalls = {
  calls: geometries({ dilated: false }).chain((geometry) =>
    calls(
      { x: [geometry.x, 'float32', 'real'], dy: [outputShape(geometry), 'float32', 'real'] },
      { strides: geometry.strides, pad: geometry.pad, dataFormat: 'NHWC', filterShape: geometry.filter },
    ),
  ),
};

interface Pooling {
  readonly x: [number, number, number, number];
  readonly attributes: { filterSize: [number, number]; strides: [number, number]; pad: 'same' | 'valid' };
}

/** Windows that overlap, touch or leave gaps. */
const poolings: fc.Arbitrary<Pooling> = geometries({ dilated: false })
  .filter(({ pad }) => pad !== EXPLICIT)
  .map(({ x, filter, strides, pad }) => ({
    x,
    attributes: { filterSize: [filter[0], filter[1]], strides, pad: pad as 'same' | 'valid' },
  }));

/** Numbers with ties half of the time. */
const content = fc.constantFrom('real' as const, 'few' as const);

const maxPool: KernelCalls = {
  exact: true,
  calls: fc
    .tuple(poolings, content)
    .chain(([{ x, attributes }, kind]) => calls({ x: [x, 'float32', kind] }, attributes)),
};

const maxPoolGradient: KernelCalls = {
  calls: fc.tuple(poolings, content).chain(([{ x, attributes }, kind]) => {
    const { filterSize, strides, pad } = attributes;
    const { outShape } = tf.backend_util.computePool2DInfo(x, filterSize, strides, 1, pad);
    return calls({ dy: [outShape, 'float32', 'real'], input: [x, 'float32', kind] }, attributes);
  }),
  complete: ({ input, ...others }, attributes) => ({
    ...others,
    input: input as tf.Tensor,
    output: tf.engine().runKernel('MaxPool', { x: input as tf.Tensor }, attributes as KernelAttributes),
  }),
};

type KernelAttributes = KernelCall['attributes'] & tf.NamedAttrMap;

export const layerCalls: KernelTable = {
  BatchMatMul: matrixProduct,
  Conv2D: convolution,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
};
