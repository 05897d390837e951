/** @file The passes of the compiler by name, so that some can be left out when results or times are compared. */
import { PASSES, TRACED_PASSES } from '../compiler/passes/simplify.ts';
import { suggest, UserError } from '../errors.ts';
import { MINIMAL_FILTERING } from './minimal-filtering.ts';
import { ONNX_PASS_NAMES } from './onnx/passes/simplify.ts';
import {
  CROSS_ENTROPIES,
  DENSE_LAYERS,
  IMPLICIT_GEMM,
  JOINED_UPDATES,
  NORM_ACTIVATIONS,
  POOLS,
  SCALES,
  TENSORFLOW_PASSES,
  WEIGHT_PASSES,
} from './tensorflow/passes/optimize.ts';

/** The passes of all engines. TD_SKIP_PASSES may name a pass of another engine than the one in use. */
export const PASS_NAMES: readonly string[] = [
  ...Object.keys(PASSES),
  ...Object.keys(TRACED_PASSES),
  ...ONNX_PASS_NAMES,
  ...Object.keys(TENSORFLOW_PASSES),
  CROSS_ENTROPIES,
  IMPLICIT_GEMM,
  POOLS,
  JOINED_UPDATES,
  MINIMAL_FILTERING,
  DENSE_LAYERS,
  NORM_ACTIVATIONS,
  SCALES,
  WEIGHT_PASSES,
];

/**
 * The passes that the environment variable TD_SKIP_PASSES leaves out, such as `channel-affines,dead-code`.
 *
 * @throws UserError if a name is unknown
 */
export function skippedPasses(list = process.env.TD_SKIP_PASSES ?? ''): ReadonlySet<string> {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !PASS_NAMES.includes(name));
  if (unknown === undefined) return new Set(names);
  throw new UserError(`unknown compiler pass "${unknown}" in TD_SKIP_PASSES${suggest(unknown, PASS_NAMES)}`);
}
