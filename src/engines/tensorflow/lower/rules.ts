/** @file The form of a lowering rule: which nodes of TensorFlow stand for an operation of the traced graph. */
import type { Attributes, NoAttributes, Operation, OperationOf, Value } from '../../../compiler/graph.ts';
import { at } from '../../../lookup.ts';
import type { TensorflowKernel, TensorflowKernels } from '../kernels.ts';
import type { NodeBuilder, Output } from '../nodes.ts';

/**
 * Adds nodes for an operation with the attributes `A`.
 *
 * @param inputs what stands for the operation's operands
 * @returns what stands for its results
 */
export type LoweringRule<A extends Attributes = NoAttributes> = (
  operation: OperationOf<string, A>,
  inputs: readonly Output[],
  builder: NodeBuilder,
) => Output | readonly Output[];

/** A rule for every kernel. */
export type LoweringRules = { readonly [K in TensorflowKernel]: LoweringRule<TensorflowKernels[K]> };

export function operand(operation: Operation, index = 0): Value {
  return at(operation.inputs, index);
}

export function result(operation: Operation): Value {
  return at(operation.outputs, 0);
}
