/** @file Random calls of the kernels that work element by element. */
import * as fc from 'fast-check';
import type { KernelCalls, KernelTable } from './kernel-table.ts';
import { broadcastable, type Content, calls, type OperandType, shapes } from './samples.ts';

type Kind = readonly [OperandType, Content];

function unary(...kinds: readonly Kind[]): KernelCalls {
  return {
    calls: fc
      .tuple(shapes(), fc.constantFrom(...kinds))
      .chain(([shape, [type, content]]) => calls({ x: [shape, type, content] })),
  };
}

/** Two operands that broadcast against each other, the result having any rank from 0 to 4. */
function binary(...kinds: readonly (readonly [OperandType, Content, Content])[]): KernelCalls {
  return {
    calls: fc
      .tuple(shapes(), fc.constantFrom(...kinds))
      .chain(([shape, kind]) => fc.tuple(broadcastable(shape), broadcastable(shape), fc.constant(kind)))
      .chain(([a, b, [type, left, right]]) => calls({ a: [a, type, left], b: [b, type, right] })),
  };
}

const exactly = (table: KernelCalls): KernelCalls => ({ ...table, exact: true });

const numeric: readonly Kind[] = [
  ['float32', 'real'],
  ['float32', 'few'],
  ['int32', 'few'],
];
const any: readonly Kind[] = [...numeric, ['bool', 'flags']];
const twoNumeric = numeric.map(([type, content]) => [type, content, content] as const);
const twoAny = any.map(([type, content]) => [type, content, content] as const);
const twoFlags = ['bool', 'flags', 'flags'] as const;

export const elementwiseCalls: KernelTable = {
  Abs: exactly(unary(...numeric)),
  Neg: exactly(unary(...numeric)),
  Relu: exactly(unary(...numeric)),
  Sign: exactly(unary(...numeric)),
  Square: unary(...numeric),
  Exp: unary(['float32', 'real']),
  Floor: exactly(unary(['float32', 'real'], ['float32', 'few'])),
  Log: unary(['float32', 'positive']),
  Log1p: unary(['float32', 'positive']),
  Reciprocal: unary(['float32', 'nonzero']),
  Rsqrt: unary(['float32', 'positive']),
  Sigmoid: unary(['float32', 'real']),
  Softplus: unary(['float32', 'real']),
  Sqrt: unary(['float32', 'positive']),
  Tanh: unary(['float32', 'real']),
  Add: binary(...twoNumeric),
  Sub: binary(...twoNumeric),
  Multiply: binary(...twoNumeric),
  Maximum: exactly(binary(...twoNumeric)),
  Minimum: exactly(binary(...twoNumeric)),
  SquaredDifference: binary(...twoNumeric),
  Pow: binary(['float32', 'positive', 'real'], ['int32', 'few', 'index']),
  RealDiv: binary(['float32', 'real', 'nonzero']),
  Equal: exactly(binary(...twoAny)),
  NotEqual: exactly(binary(...twoAny)),
  Greater: exactly(binary(...twoNumeric)),
  GreaterEqual: exactly(binary(...twoNumeric)),
  Less: exactly(binary(...twoNumeric)),
  LessEqual: exactly(binary(...twoNumeric)),
  LogicalAnd: exactly(binary(twoFlags)),
  LogicalOr: exactly(binary(twoFlags)),
  LogicalNot: exactly(unary(['bool', 'flags'])),
  Identity: exactly(unary(...any)),
  ZerosLike: exactly(unary(...any)),
  OnesLike: exactly(unary(...any)),
  AddN: {
    list: true,
    calls: fc.tuple(shapes(), fc.integer({ min: 1, max: 4 })).chain(([shape, count]) => {
      const names = Array.from({ length: count }, (_, index) => `x${index}`);
      return calls(Object.fromEntries(names.map((name) => [name, [shape, 'float32', 'real'] as const])));
    }),
  },
  Cast: exactly({
    calls: fc
      .tuple(shapes(), fc.constantFrom(...any), fc.constantFrom('float32', 'int32', 'bool'))
      .chain(([shape, [type, content], dtype]) => calls({ x: [shape, type, content] }, { dtype })),
  }),
  ClipByValue: exactly({
    calls: fc
      .tuple(shapes(), fc.constantFrom([-1, 1], [-0.5, 1.5], [0, Number.POSITIVE_INFINITY]))
      .chain(([shape, [clipValueMin, clipValueMax]]) =>
        calls({ x: [shape, 'float32', 'real'] }, { clipValueMin, clipValueMax }),
      ),
  }),
  Step: exactly({
    calls: fc
      .tuple(shapes(), fc.constantFrom(...numeric), fc.constantFrom(0, 0.25, -2))
      .chain(([shape, [type, content], alpha]) => calls({ x: [shape, type, content] }, { alpha })),
  }),
  Select: exactly({
    calls: fc
      .tuple(shapes(), fc.constantFrom(...numeric))
      .chain(([shape, [type, content]]) =>
        calls({ condition: [shape, 'bool', 'flags'], t: [shape, type, content], e: [shape, type, content] }),
      ),
  }),
};
