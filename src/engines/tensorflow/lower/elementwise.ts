/** @file Lowering of kernels that work element by element. Most have their own name in TensorFlow. */
import type { TfjsKernels } from '../../../compiler/kernels.ts';
import { at, tableOf } from '../../../lookup.ts';
import { booleanAttribute, integerAttribute, typeAttribute } from '../nodes.ts';
import { type LoweringRule, type LoweringRules, operand, result } from './rules.ts';

const SAME_NAME = [
  'Abs', 'Equal', 'Exp', 'Floor', 'Greater', 'GreaterEqual', 'Identity', 'Less', 'LessEqual', 'Log', 'Log1p',
  'Maximum', 'Minimum', 'Neg', 'NotEqual', 'Pow', 'RealDiv', 'Reciprocal', 'Relu', 'Rsqrt', 'Sigmoid', 'Sign', 'Softplus',
  'Sqrt', 'Square', 'SquaredDifference', 'Sub', 'Tanh',
] as const; // biome-ignore format: a table of names

/** A node whose type attribute is the element type of its operands. */
const node = (op: string): LoweringRule => {
  return (operation, inputs, builder) =>
    builder.add(op, inputs, { T: typeAttribute(operand(operation).type) });
};

const add: LoweringRule = (operation, inputs, builder) => {
  const [a, b] = [operand(operation, 0), operand(operation, 1)];
  return builder.sum(inputs, a.type, a.shape.join() === b.shape.join() ? a.shape : undefined);
};

/** A node without a type attribute: its operands are booleans. */
const logical = (op: string): LoweringRule => {
  return (_, inputs, builder) => builder.add(op, inputs);
};

/**
 * Stacks the terms and sums them. TensorFlow's optimizer of graphs makes of AddN a sum in the order in which the terms arrive,
 * whose last bits differ from run to run.
 */
const addMany: LoweringRule = (operation, inputs, builder) => {
  const T = typeAttribute(operand(operation).type);
  const stack = builder.add('Pack', inputs, {
    T,
    N: integerAttribute(inputs.length),
    axis: integerAttribute(0),
  });
  return builder.add('Sum', [stack, builder.integers([0])], {
    T,
    Tidx: typeAttribute('int32'),
    keep_dims: booleanAttribute(false),
  });
};

const clip: LoweringRule<TfjsKernels['ClipByValue']> = ({ attributes }, inputs, builder) => {
  const { clipValueMin, clipValueMax } = attributes;
  const T = typeAttribute('float32');
  const below = builder.add('Minimum', [at(inputs, 0), builder.scalar(clipValueMax, 'float32')], { T });
  return builder.add('Maximum', [below, builder.scalar(clipValueMin, 'float32')], { T });
};

/** 1 where x > 0, else alpha. */
const step: LoweringRule<TfjsKernels['Step']> = (operation, inputs, builder) => {
  const { type } = operand(operation);
  const T = typeAttribute(type);
  const isPositive = builder.add('Greater', [at(inputs, 0), builder.scalar(0, type)], { T });
  const { alpha } = operation.attributes;
  if (alpha === 0) return builder.cast(isPositive, 'bool', type);
  return builder.add('SelectV2', [isPositive, builder.scalar(1, type), builder.scalar(alpha, type)], { T });
};

const filledWith = (number: number): LoweringRule => {
  return (operation, _, builder) => builder.fill(number, result(operation).shape, result(operation).type);
};

export const elementwiseRules = {
  ...tableOf(SAME_NAME, node),
  Add: add,
  Multiply: node('Mul'),
  ...tableOf(['LogicalAnd', 'LogicalOr', 'LogicalNot'], logical),
  AddN: addMany,
  Cast: (operation, inputs, builder) =>
    builder.cast(at(inputs, 0), operand(operation).type, result(operation).type),
  ClipByValue: clip,
  Step: step,
  Select: (operation, inputs, builder) =>
    builder.add('SelectV2', inputs, { T: typeAttribute(result(operation).type) }),
  ZerosLike: filledWith(0),
  OnesLike: filledWith(1),
} satisfies Partial<LoweringRules>;
