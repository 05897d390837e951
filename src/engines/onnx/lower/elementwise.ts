/** @file Lowering of kernels that work element by element, in whichever layout their operands are. */
import type { Attributes, NoAttributes } from '../../../compiler/graph.ts';
import type { TfjsKernels } from '../../../compiler/kernels.ts';
import { at } from '../../../lookup.ts';
import type { PlainOperator } from '../operators.ts';
import { elementwiseBlocked, type Formula, steepStep } from './blocked-elementwise.ts';
import type { LoweringRule, LoweringRules } from './lowering.ts';

/**
 * A rule that computes in the layout in which the operands are: in blocks or with channels first if an operand of rank 4 is already
 * laid out so, else as tfjs lays them out.
 */
export function elementwise<A extends Attributes = NoAttributes>(formula: Formula<A>): LoweringRule<A> {
  return (operation, context) => {
    const output = at(operation.outputs, 0);
    if (elementwiseBlocked(operation, context, formula)) return;
    const channelsFirst =
      output.shape.length === 4 &&
      operation.inputs.some((input) => input.shape.length === 4 && context.hasChannelsFirst(input));
    if (channelsFirst) {
      const [batch = 1, height = 1, width = 1, channels = 1] = output.shape;
      const result = { shape: [batch, channels, height, width], type: output.type };
      const operands = operation.inputs.map((input) => context.channelsFirst(input));
      context.setChannelsFirst(output, formula(operands, result, context, operation));
    } else {
      const operands = operation.inputs.map((input) => context.plain(input));
      context.set(output, formula(operands, output, context, operation));
    }
  };
}

/** One ONNX operator with the same operands. */
function direct(op: PlainOperator): LoweringRule {
  return elementwise((operands, result, { builder }) => builder.emit(op, operands, result));
}

const reciprocalSquareRoot = elementwise((operands, result, { builder }) =>
  builder.emit('Reciprocal', [builder.emit('Sqrt', operands, result)], result),
);

const square = elementwise((operands, result, { builder }) => {
  const x = at(operands, 0);
  return builder.emit('Mul', [x, x], result);
});

const squaredDifference = elementwise((operands, result, { builder }) => {
  const difference = builder.emit('Sub', operands, result);
  return builder.emit('Mul', [difference, difference], result);
});

const addMany = elementwise((operands, result, { builder }) =>
  operands.slice(1).reduce((sum, operand) => builder.emit('Add', [sum, operand], result), at(operands, 0)),
);

const notEqual = elementwise((operands, result, { builder }) =>
  builder.emit('Not', [builder.emit('Equal', operands, result)], result),
);

/** tfjs: 1 where x > 0, else alpha. Of images, in one pass if alpha is 0. */
const step = elementwise<TfjsKernels['Step']>((operands, result, context, operation) => {
  const x = at(operands, 0);
  if (operation.attributes.alpha === 0 && result.shape.length === 4 && x.type === 'float32')
    return steepStep(x, result.shape, context);
  return comparedStep(operands, result, context, operation);
});

/** The same by a comparison, for numbers of any type. */
export const comparedStep: Formula<TfjsKernels['Step']> = (operands, result, context, { attributes }) => {
  const x = at(operands, 0);
  const zero = context.scalar(0, x.type);
  const positive = context.builder.emit('Greater', [x, zero], { shape: result.shape, type: 'bool' });
  const { alpha } = attributes;
  if (alpha === 0) return context.cast(positive, result.type);
  const [one, other] = [context.scalar(1, result.type), context.scalar(alpha, result.type)];
  return context.builder.emit('Where', [positive, one, other], result);
};

const logOnePlus = elementwise((operands, result, context) => {
  const shifted = context.builder.emit('Add', [at(operands, 0), context.scalar(1)], result);
  return context.builder.emit('Log', [shifted], result);
});

const clip = elementwise<TfjsKernels['ClipByValue']>((operands, result, context, { attributes }) => {
  const [low, high] = [context.scalar(attributes.clipValueMin), context.scalar(attributes.clipValueMax)];
  return context.builder.emit('Clip', [at(operands, 0), low, high], result);
});

/** Minimum and maximum of ONNX drop the sign of a NaN but keep NaN itself, as tfjs does. */
export const elementwiseRules = {
  Abs: direct('Abs'),
  Exp: direct('Exp'),
  Floor: direct('Floor'),
  Log: direct('Log'),
  Log1p: logOnePlus,
  LogicalNot: direct('Not'),
  Neg: direct('Neg'),
  Reciprocal: direct('Reciprocal'),
  Relu: direct('Relu'),
  Rsqrt: reciprocalSquareRoot,
  Sigmoid: direct('Sigmoid'),
  Sign: direct('Sign'),
  Softplus: direct('Softplus'),
  Sqrt: direct('Sqrt'),
  Square: square,
  Tanh: direct('Tanh'),
  Add: direct('Add'),
  AddN: addMany,
  Maximum: direct('Max'),
  Minimum: direct('Min'),
  Multiply: direct('Mul'),
  Pow: direct('Pow'),
  RealDiv: direct('Div'),
  SquaredDifference: squaredDifference,
  Sub: direct('Sub'),
  Equal: direct('Equal'),
  Greater: direct('Greater'),
  GreaterEqual: direct('GreaterOrEqual'),
  Less: direct('Less'),
  LessEqual: direct('LessOrEqual'),
  NotEqual: notEqual,
  LogicalAnd: direct('And'),
  LogicalOr: direct('Or'),
  Identity: elementwise((operands) => at(operands, 0)),
  Cast: elementwise((operands, result, context) => context.cast(at(operands, 0), result.type)),
  ClipByValue: clip,
  Step: step,
  Select: direct('Where'),
} satisfies Partial<LoweringRules>;
