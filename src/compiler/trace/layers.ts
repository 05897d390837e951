/** @file Tracing rules of the kernels behind layers: products, convolutions, pooling and their gradients. */
import { backend_util, type Conv2DAttrs, type MaxPoolAttrs } from '@tensorflow/tfjs';
import { at } from '../../lookup.ts';
import type { ConvolutionAttributes, PoolAttributes } from '../kernels.ts';
import { type Inferred, type OutputSpec, REAL, type TraceRules } from './rules.ts';

type Sizes = readonly number[];
type Quad = [number, number, number, number];

/** The gradients of a convolution are called without dilations. */
type ConvolutionCall = Omit<Conv2DAttrs, 'dilations'> & Partial<Pick<Conv2DAttrs, 'dilations'>>;

interface Resolved<A> {
  readonly outShape: Sizes;
  readonly attributes: A;
}

function convolution(
  inputShape: Sizes,
  filterShape: Sizes,
  call: ConvolutionCall,
): Resolved<ConvolutionAttributes> {
  if (call.dataFormat !== undefined && call.dataFormat !== 'NHWC') {
    throw new Error('its channels come before height and width');
  }
  refuseDoubtfulSizes(call);
  const info = backend_util.computeConv2DInfo(
    ofRank4(inputShape),
    ofRank4(filterShape),
    call.strides,
    call.dilations ?? 1,
    call.pad,
    call.dimRoundingMode,
    false,
    'channelsLast',
  );
  return {
    outShape: info.outShape,
    attributes: {
      strides: [info.strideHeight, info.strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      pads: [info.padInfo.top, info.padInfo.left, info.padInfo.bottom, info.padInfo.right],
    },
  };
}

function pooling(shape: Sizes, call: MaxPoolAttrs): Resolved<PoolAttributes> {
  refuseDoubtfulSizes(call);
  const info = backend_util.computePool2DInfo(
    ofRank4(shape),
    call.filterSize,
    call.strides,
    1,
    call.pad,
    call.dimRoundingMode,
  );
  return {
    outShape: info.outShape,
    attributes: {
      window: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      pads: [info.padInfo.top, info.padInfo.left, info.padInfo.bottom, info.padInfo.right],
    },
  };
}

/**
 * Sizes rounded up reach beyond the padded input, which ONNX's pads cannot say. From a padding given as one number
 * tfjs computes the width with the filter's height and vertical stride.
 */
function refuseDoubtfulSizes({ dimRoundingMode, pad }: Pick<Conv2DAttrs, 'dimRoundingMode' | 'pad'>): void {
  if (typeof pad === 'number') throw new Error('its padding is one number instead of one for each side');
  if (dimRoundingMode === 'ceil' || dimRoundingMode === 'round') {
    throw new Error(`it rounds sizes by "${dimRoundingMode}"`);
  }
}

function ofRank4(shape: Sizes): Quad {
  const [first, second, third, fourth, ...more] = shape;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new Error(`its operand of shape [${shape}] has fewer than 4 axes`);
  if (more.length > 0) throw new Error(`its operand of shape [${shape}] has more than 4 axes`);
  return [first, second, third, fourth];
}

function inferred<A extends ConvolutionAttributes | PoolAttributes>(
  shape: Sizes,
  attributes: A,
): Inferred<A> {
  const output: OutputSpec = { shape, type: 'float32' };
  return { outputs: [output], attributes };
}

export const layerRules = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    accepts: REAL,
    infer: (inputs, call) => {
      const [a, b] = [at(inputs, 0), at(inputs, 1)];
      const transposeA = call.transposeA === true;
      const transposeB = call.transposeB === true;
      const rows = at(a.shape, a.shape.length - (transposeA ? 1 : 2));
      const columns = at(b.shape, b.shape.length - (transposeB ? 2 : 1));
      const batch = backend_util.assertAndGetBroadcastShape(
        [...a.shape.slice(0, -2)],
        [...b.shape.slice(0, -2)],
      );
      return {
        outputs: [{ shape: [...batch, rows, columns], type: 'float32' }],
        attributes: { transposeA, transposeB },
      };
    },
  },
  Conv2D: {
    inputs: ['x', 'filter'],
    accepts: REAL,
    infer: (inputs, call) => {
      const resolved = convolution(at(inputs, 0).shape, at(inputs, 1).shape, call);
      return inferred(resolved.outShape, resolved.attributes);
    },
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    accepts: REAL,
    infer: (inputs, call) => {
      const { inputShape } = call;
      return inferred(inputShape, convolution(inputShape, at(inputs, 1).shape, call).attributes);
    },
  },
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    accepts: REAL,
    infer: (inputs, call) => {
      const { filterShape } = call;
      return inferred(filterShape, convolution(at(inputs, 0).shape, filterShape, call).attributes);
    },
  },
  MaxPool: {
    inputs: ['x'],
    accepts: REAL,
    infer: (inputs, call) => {
      const resolved = pooling(at(inputs, 0).shape, call);
      return inferred(resolved.outShape, resolved.attributes);
    },
  },
  MaxPoolGrad: {
    inputs: ['dy', 'input', 'output'],
    accepts: REAL,
    infer: (inputs, call) => {
      const { shape } = at(inputs, 1);
      return inferred(shape, pooling(shape, call).attributes);
    },
  },
} satisfies Partial<TraceRules>;
