/** @file Tracing rules of kernels that work element by element. */
import { backend_util, type DataType } from '@tensorflow/tfjs';
import { at, type Value, type ValueType } from '../graph.ts';
import { ANY, LOGICAL, NUMERIC, REAL, type TraceRule, type TraceRules } from './rules.ts';

const UNARY = ['Abs', 'Neg', 'Relu', 'Sign', 'Square'] as const;
/** tfjs computes some of these for integers too, with results that differ from backend to backend. */
const REAL_UNARY = [
  'Exp', 'Floor', 'Log', 'Log1p', 'Reciprocal', 'Rsqrt', 'Sigmoid', 'Softplus', 'Sqrt', 'Tanh',
] as const; // biome-ignore format: a table of names
const ARITHMETIC = ['Add', 'Maximum', 'Minimum', 'Multiply', 'Pow', 'SquaredDifference', 'Sub'] as const;
const EQUALITY = ['Equal', 'NotEqual'] as const;
const COMPARISON = ['Greater', 'GreaterEqual', 'Less', 'LessEqual'] as const;
const CONJUNCTION = ['LogicalAnd', 'LogicalOr'] as const;

const unary = (accepts: readonly ValueType[]): TraceRule => ({
  inputs: ['x'],
  accepts,
  infer: ([x]) => ({ outputs: [like(x)] }),
});

const arithmetic = (accepts: readonly ValueType[]): TraceRule => ({
  inputs: ['a', 'b'],
  accepts,
  infer: (inputs) => ({ outputs: [{ shape: broadcast(inputs), type: commonType(inputs) }] }),
});

const predicate = (accepts: readonly ValueType[]): TraceRule => ({
  inputs: ['a', 'b'],
  accepts,
  infer: (inputs) => {
    commonType(inputs);
    return { outputs: [{ shape: broadcast(inputs), type: 'bool' }] };
  },
});

function named(names: readonly string[], rule: TraceRule): TraceRules {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

export const elementwiseRules: TraceRules = {
  ...named(UNARY, unary(NUMERIC)),
  ...named(REAL_UNARY, unary(REAL)),
  ...named(ARITHMETIC, arithmetic(NUMERIC)),
  RealDiv: arithmetic(REAL),
  ...named(EQUALITY, predicate(ANY)),
  ...named(COMPARISON, predicate(NUMERIC)),
  ...named(CONJUNCTION, predicate(LOGICAL)),
  LogicalNot: unary(LOGICAL),
  AddN: {
    inputs: 'list',
    accepts: NUMERIC,
    infer: (inputs) => ({ outputs: [{ shape: at(inputs, 0).shape, type: commonType(inputs) }] }),
  },
  Identity: unary(ANY),
  ZerosLike: unary(ANY),
  OnesLike: unary(ANY),
  Cast: {
    inputs: ['x'],
    accepts: ANY,
    infer: ([x], { dtype }) => ({ outputs: [{ shape: like(x).shape, type: valueType(dtype as DataType) }] }),
  },
  ClipByValue: {
    inputs: ['x'],
    accepts: REAL,
    infer: ([x], { clipValueMin, clipValueMax }) => ({
      outputs: [like(x)],
      attributes: { clipValueMin: clipValueMin as number, clipValueMax: clipValueMax as number },
    }),
  },
  Step: {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: ([x], { alpha }) => ({
      outputs: [like(x)],
      attributes: { alpha: (alpha as number | undefined) ?? 0 },
    }),
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
      return { outputs: [{ shape, type }] };
    },
  },
};

/** The graph's type for a tfjs dtype. */
export function valueType(dtype: DataType): ValueType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`a tensor of type ${dtype} cannot be compiled`);
}

function like(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a kernel was called without its input');
  return value;
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
