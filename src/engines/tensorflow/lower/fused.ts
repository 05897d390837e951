/** @file Lowering of what the passes of this engine join: kernels of TensorFlow that tfjs does not have. */
import { typeAttribute } from '../nodes.ts';
import type { LoweringRules } from './rules.ts';

const T = typeAttribute('float32');

export const fusedRules: LoweringRules = {
  /** dy where x > 0, else 0. */
  ReluGrad: (_, inputs, builder) => builder.add('ReluGrad', inputs, { T }),
};
