/** @file Tracing rules of the kernels behind layers: products, convolutions, pooling and their gradients. */
import { backend_util } from '@tensorflow/tfjs';
import { type Attribute, at, type Value } from '../graph.ts';
import { type KernelAttributes, REAL, type TraceRules } from './rules.ts';

type Quad = [number, number, number, number];
type Padding = 'valid' | 'same' | backend_util.ExplicitPadding;

function convolution(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: KernelAttributes,
): { outShape: readonly number[]; attributes: Record<string, Attribute> } {
  if (attributes.dataFormat !== undefined && attributes.dataFormat !== 'NHWC') {
    throw new Error('its channels come before height and width');
  }
  refuseDoubtfulSizes(attributes);
  const info = backend_util.computeConv2DInfo(
    [...inputShape] as Quad,
    [...filterShape] as Quad,
    attributes.strides as number,
    (attributes.dilations as number | undefined) ?? 1,
    attributes.pad as Padding,
    attributes.dimRoundingMode as 'floor' | undefined,
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

function pooling(
  x: Value,
  attributes: KernelAttributes,
): { outShape: readonly number[]; attributes: Record<string, Attribute> } {
  refuseDoubtfulSizes(attributes);
  const info = backend_util.computePool2DInfo(
    [...x.shape] as Quad,
    attributes.filterSize as number,
    attributes.strides as number,
    1,
    attributes.pad as Padding,
    attributes.dimRoundingMode as 'floor' | undefined,
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
function refuseDoubtfulSizes({ dimRoundingMode, pad }: KernelAttributes): void {
  if (typeof pad === 'number') throw new Error('its padding is one number instead of one for each side');
  if (dimRoundingMode === 'ceil' || dimRoundingMode === 'round') {
    throw new Error(`it rounds sizes by "${dimRoundingMode}"`);
  }
}

export const layerRules: TraceRules = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    accepts: REAL,
    infer: (inputs, attributes) => {
      const [a, b] = [at(inputs, 0), at(inputs, 1)];
      const transposeA = attributes.transposeA === true;
      const transposeB = attributes.transposeB === true;
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
    infer: (inputs, attributes) => {
      const resolved = convolution(at(inputs, 0).shape, at(inputs, 1).shape, attributes);
      return { outputs: [{ shape: resolved.outShape, type: 'float32' }], attributes: resolved.attributes };
    },
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    accepts: REAL,
    infer: (inputs, attributes) => {
      const inputShape = attributes.inputShape as number[];
      const resolved = convolution(inputShape, at(inputs, 1).shape, attributes);
      return { outputs: [{ shape: inputShape, type: 'float32' }], attributes: resolved.attributes };
    },
  },
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    accepts: REAL,
    infer: (inputs, attributes) => {
      const filterShape = attributes.filterShape as number[];
      const resolved = convolution(at(inputs, 0).shape, filterShape, attributes);
      return { outputs: [{ shape: filterShape, type: 'float32' }], attributes: resolved.attributes };
    },
  },
  MaxPool: {
    inputs: ['x'],
    accepts: REAL,
    infer: (inputs, attributes) => {
      const resolved = pooling(at(inputs, 0), attributes);
      return { outputs: [{ shape: resolved.outShape, type: 'float32' }], attributes: resolved.attributes };
    },
  },
  MaxPoolGrad: {
    inputs: ['dy', 'input', 'output'],
    accepts: REAL,
    infer: (inputs, attributes) => {
      const x = at(inputs, 1);
      return {
        outputs: [{ shape: x.shape, type: 'float32' }],
        attributes: pooling(x, attributes).attributes,
      };
    },
  },
};
