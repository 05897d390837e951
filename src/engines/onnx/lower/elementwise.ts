/** @file Lowering of kernels that work element by element, in whichever layout their operands are. */
import { at, type Value } from '../../../compiler/graph.ts';
import { elementwiseBlocked, type Formula, steepStep } from './blocked-elementwise.ts';
import type { LoweringRule, LoweringRules } from './lowering.ts';

/**
 * Runs a formula on blocked images or with channels first if a rank-4 operand already is so, else on values as tfjs lays
 * them out.
 */
export function elementwise(formula: Formula): LoweringRule {
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
function direct(op: string): Formula {
  return (operands, result, { builder }) => builder.emit(op, operands, result);
}

const reciprocalSquareRoot: Formula = ([x], result, context) => {
  const root = context.builder.emit('Sqrt', [known(x)], result);
  return context.builder.emit('Reciprocal', [root], result);
};

const squaredDifference: Formula = (operands, result, { builder }) => {
  const difference = builder.emit('Sub', operands, result);
  return builder.emit('Mul', [difference, difference], result);
};

const addMany: Formula = (operands, result, { builder }) =>
  operands.slice(1).reduce((sum, operand) => builder.emit('Add', [sum, operand], result), known(operands[0]));

const notEqual: Formula = (operands, result, { builder }) =>
  builder.emit('Not', [builder.emit('Equal', operands, result)], result);

/** tfjs: 1 where x > 0, else alpha. Of images, in one pass if alpha is 0. */
const step: Formula = ([x], result, context, operation) => {
  if (operation.attributes.alpha === 0 && result.shape.length === 4 && known(x).type === 'float32')
    return steepStep(known(x), result.shape, context);
  const zero = context.scalar(0, known(x).type);
  const positive = context.builder.emit('Greater', [known(x), zero], { shape: result.shape, type: 'bool' });
  const alpha = operation.attributes.alpha as number;
  if (alpha === 0) return context.cast(positive, result.type);
  const [one, other] = [context.scalar(1, result.type), context.scalar(alpha, result.type)];
  return context.builder.emit('Where', [positive, one, other], result);
};

const logOnePlus: Formula = ([x], result, context) => {
  const shifted = context.builder.emit('Add', [known(x), context.scalar(1)], result);
  return context.builder.emit('Log', [shifted], result);
};

const clip: Formula = ([x], result, context, { attributes }) => {
  const low = context.scalar(attributes.clipValueMin as number);
  const high = context.scalar(attributes.clipValueMax as number);
  return context.builder.emit('Clip', [known(x), low, high], result);
};

/** Minimum and maximum of ONNX drop the sign of a NaN but keep NaN itself, as tfjs does. */
const formulas: Readonly<Record<string, Formula>> = {
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
  Square: ([x], result, { builder }) => builder.emit('Mul', [known(x), known(x)], result),
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
  Identity: ([x]) => known(x),
  Cast: ([x], result, context) => context.cast(known(x), result.type),
  ClipByValue: clip,
  Step: step,
  Select: direct('Where'),
};

export const elementwiseRules: LoweringRules = Object.fromEntries(
  Object.entries(formulas).map(([name, formula]) => [name, elementwise(formula)]),
);

function known(value: Value | undefined): Value {
  if (value === undefined) throw new Error('an operation has too few operands');
  return value;
}
