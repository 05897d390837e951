/** @file The form of a lowering rule: which nodes of TensorFlow stand for an operation of the traced graph. */
import { at, type Operation, type Value } from '../../../compiler/graph.ts';
import type { NodeBuilder, Output } from '../nodes.ts';

/**
 * Adds nodes for an operation.
 *
 * @param inputs what stands for the operation's operands
 * @returns what stands for its results
 */
export type LoweringRule = (
  operation: Operation,
  inputs: readonly Output[],
  builder: NodeBuilder,
) => Output | readonly Output[];

export type LoweringRules = Readonly<Record<string, LoweringRule>>;

export function operand(operation: Operation, index = 0): Value {
  return at(operation.inputs, index);
}

export function result(operation: Operation): Value {
  return at(operation.outputs, 0);
}

/** One rule for several operations of the same names in both worlds. */
export function forEach(names: readonly string[], ruleOf: (name: string) => LoweringRule): LoweringRules {
  return Object.fromEntries(names.map((name) => [name, ruleOf(name)]));
}
