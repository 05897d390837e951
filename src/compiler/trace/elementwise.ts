/** @file Tracing rules of kernels that work element by element. */
import { backend_util, type DataType } from '@tensorflow/tfjs';
import { at, tableOf } from '../../lookup.ts';
import type { NoAttributes, Value, ValueType } from '../graph.ts';
import {
  ANY,
  type Inferred,
  LOGICAL,
  NUMERIC,
  type OutputSpec,
  REAL,
  type TraceRule,
  type TraceRules,
} from './rules.ts';

const UNARY = ['Abs', 'Neg', 'Relu', 'Sign', 'Square'] as const;
/** tfjs computes some of these for integers too, with results that differ from backend to backend. */
const REAL_UNARY = [
  'Exp', 'Floor', 'Log', 'Log1p', 'Reciprocal', 'Rsqrt', 'Sigmoid', 'Softplus', 'Sqrt', 'Tanh',
] as const; // biome-ignore format: a table of names
const ARITHMETIC = ['Add', 'Maximum', 'Minimum', 'Multiply', 'Pow', 'SquaredDifference', 'Sub'] as const;
const EQUALITY = ['Equal', 'NotEqual'] as const;
const COMPARISON = ['Greater', 'GreaterEqual', 'Less', 'LessEqual'] as const;
const CONJUNCTION = ['LogicalAnd', 'LogicalOr'] as const;

type PlainRule = TraceRule<unknown, NoAttributes>;

/** What a kernel returns of whose call the graph keeps nothing. */
const plain = (output: OutputSpec): Inferred<NoAttributes> => ({ outputs: [output], attributes: {} });

const unary = (accepts: readonly ValueType[]): PlainRule => ({
  inputs: ['x'],
  accepts,
  infer: (inputs) => plain(at(inputs, 0)),
});

const arithmetic = (accepts: readonly ValueType[]): PlainRule => ({
  inputs: ['a', 'b'],
  accepts,
  infer: (inputs) => plain({ shape: broadcast(inputs), type: commonType(inputs) }),
});

const predicate = (accepts: readonly ValueType[]): PlainRule => ({
  inputs: ['a', 'b'],
  accepts,
  infer: (inputs) => {
    commonType(inputs);
    return plain({ shape: broadcast(inputs), type: 'bool' });
  },
});

export const elementwiseRules = {
  ...tableOf(UNARY, () => unary(NUMERIC)),
  ...tableOf(REAL_UNARY, () => unary(REAL)),
  ...tableOf(ARITHMETIC, () => arithmetic(NUMERIC)),
  RealDiv: arithmetic(REAL),
  ...tableOf(EQUALITY, () => predicate(ANY)),
  ...tableOf(COMPARISON, () => predicate(NUMERIC)),
  ...tableOf(CONJUNCTION, () => predicate(LOGICAL)),
  LogicalNot: unary(LOGICAL),
  AddN: {
    inputs: 'list',
    accepts: NUMERIC,
    infer: (inputs) => plain({ shape: at(inputs, 0).shape, type: commonType(inputs) }),
  },
  Identity: unary(ANY),
  ZerosLike: unary(ANY),
  OnesLike: unary(ANY),
  Cast: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, { dtype }) => plain({ shape: at(inputs, 0).shape, type: valueType(dtype) }),
  },
  ClipByValue: {
    inputs: ['x'],
    accepts: REAL,
    infer: (inputs, { clipValueMin, clipValueMax }) => ({
      outputs: [at(inputs, 0)],
      attributes: { clipValueMin, clipValueMax },
    }),
  },
  Step: {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, { alpha }) => ({ outputs: [at(inputs, 0)], attributes: { alpha: alpha ?? 0 } }),
  },
  Select: {
    inputs: ['condition', 't', 'e'],
    accepts: ANY,
    infer: ([condition, ...choices]) => {
      if (condition?.type !== 'bool') throw new Error('its condition is not boolean');
      const type = commonType(choices);
      if (type === 'bool') throw new Error('it chooses between booleans');
      // tfjs has broadcast the operands already; a condition of rank 1 alone would choose whole rows.
      const { shape } = condition;
      if (choices.some((choice) => choice.shape.join() !== shape.join())) {
        throw new Error('its operands differ in shape');
      }
      return plain({ shape, type });
    },
  },
} satisfies Partial<TraceRules>;

/** The graph's type for a tfjs dtype. */
export function valueType(dtype: DataType): ValueType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`a tensor of type ${dtype} cannot be compiled`);
}

/** @throws Error if the values are of several types; tfjs' own ops never ask for that */
function commonType(values: readonly Value[]): ValueType {
  const { type } = at(values, 0);
  if (values.some((value) => value.type !== type)) {
    throw new Error(`its operands are of several types: ${values.map((value) => value.type).join(', ')}`);
  }
  return type;
}

function broadcast(values: readonly Value[]): number[] {
  return values.reduce<number[]>(
    (shape, value) => backend_util.assertAndGetBroadcastShape(shape, [...value.shape]),
    [],
  );
}
