/** @file A network of two prunable weights, small enough to work out by hand. */
import type { NamedArrays } from '../../src/arrays.ts';
import type { Model, Parameter, PrunableWeight } from '../../src/models/types.ts';

const prunable: PrunableWeight[] = [
  // Two 1×1 filters over two channels, at 3×3 positions.
  { name: 'conv2/kernel', shape: [1, 1, 2, 2], layer: 'convolution', outputShape: [3, 3, 2] },
  { name: 'dense1/kernel', shape: [4, 2], layer: 'dense', outputShape: [2] },
];

function parameter(name: string, shape: number[], role: Parameter['role']): Parameter {
  return { name, shape, role, initializer: { kind: 'constant', value: 0 } };
}

export const model: Model = {
  inputShape: [3, 3, 1],
  classes: 3,
  parameters: [
    parameter('conv1/kernel', [1, 1, 1, 2], 'kernel'),
    parameter('conv2/kernel', [1, 1, 2, 2], 'kernel'),
    parameter('norm2/scale', [2], 'scale'),
    parameter('norm2/mean', [2], 'average'),
    parameter('dense1/kernel', [4, 2], 'kernel'),
    parameter('dense1/bias', [2], 'bias'),
    parameter('logits/kernel', [2, 3], 'kernel'),
  ],
  prunable,
  forward: (images) => images,
};

/** Trained numbers; `momentum/…` and `…/gate` are what training keeps beside the parameters. */
export function trainedState(): NamedArrays {
  return {
    'conv1/kernel': Float32Array.of(0.01, 0.02),
    // Filters (1, 2) and (4, 3).
    'conv2/kernel': Float32Array.of(1, 4, 2, 3),
    'norm2/scale': Float32Array.of(1, 1),
    'norm2/mean': Float32Array.of(0, 0),
    // Columns (8, 1, 3, 2) and (4, -5, 6, 7).
    'dense1/kernel': Float32Array.of(8, 4, 1, -5, 3, 6, 2, 7),
    'dense1/bias': Float32Array.of(0.1, 0.2),
    'logits/kernel': Float32Array.of(1, 2, 3, 4, 5, 6),
    'momentum/dense1/kernel': new Float32Array(8),
    'conv2/kernel/gate': Float32Array.of(9, 8, 7, 6),
    'dense1/kernel/gate': Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  };
}
