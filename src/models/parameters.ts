/** @file Describes the arrays of one layer: its parameters and, where it has a kernel, its weight. */
import type { Initializer } from '../random/types.ts';
import type { Parameter, PrunableWeight } from './types.ts';

/** What a layer with a kernel contributes to a model. */
export interface LayerDescription {
  readonly parameters: readonly Parameter[];
  /** The kernel as regularizers and pruning see it; the model decides whether it is prunable. */
  readonly weight: PrunableWeight;
}

interface Initialization {
  readonly kernel: Initializer;
  /** First value of every bias. A layer without one has no bias: the batch normalisation that follows would subtract it. */
  readonly bias?: number;
}

/** A dense layer `[batch, inputs] → [batch, units]` with kernel `[inputs, units]`. */
export function describeDense(
  layer: string,
  inputs: number,
  units: number,
  initialization: Initialization,
): LayerDescription {
  return describeLayer(
    { name: `${layer}/kernel`, shape: [inputs, units], layer: 'dense', outputShape: [units] },
    `${layer}/bias`,
    initialization,
  );
}

/**
 * A convolution with square filters.
 *
 * @param outputShape `[height, width, filters]`
 * @returns kernel `[size, size, channels, filters]`, and bias `[filters]` if it has a first value
 */
export function describeConvolution(
  layer: string,
  size: number,
  channels: number,
  outputShape: readonly [number, number, number],
  initialization: Initialization,
): LayerDescription {
  return describeLayer(
    {
      name: `${layer}/kernel`,
      shape: [size, size, channels, outputShape[2]],
      layer: 'convolution',
      outputShape,
    },
    `${layer}/bias`,
    initialization,
  );
}

function describeLayer(
  weight: PrunableWeight,
  biasName: string,
  initialization: Initialization,
): LayerDescription {
  const { name, shape } = weight;
  const kernel: Parameter = { name, shape, role: 'kernel', initializer: initialization.kernel };
  if (initialization.bias === undefined) return { weight, parameters: [kernel] };
  const bias: Parameter = {
    name: biasName,
    shape: shape.slice(-1),
    role: 'bias',
    initializer: { kind: 'constant', value: initialization.bias },
  };
  return { weight, parameters: [kernel, bias] };
}

/** `scale` and `shift`, which are trained, and the moving averages `mean` and `variance`; each is `[channels]`. */
export function describeBatchNorm(layer: string, channels: number): Parameter[] {
  const vector = (name: string, role: Parameter['role'], value: number): Parameter => ({
    name: `${layer}/${name}`,
    shape: [channels],
    role,
    initializer: { kind: 'constant', value },
  });
  return [
    vector('scale', 'scale', 1),
    vector('shift', 'shift', 0),
    vector('mean', 'average', 0),
    vector('variance', 'average', 1),
  ];
}
