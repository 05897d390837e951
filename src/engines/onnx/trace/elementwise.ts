/** @file Tracing rules of kernels that work element by element. */
import { backend_util, type DataType } from '@tensorflow/tfjs';
import { at, type Value, type ValueType } from '../graph.ts';
import type { TraceRule, TraceRules } from './rules.ts';

const UNARY = [
  'Abs', 'Exp', 'Floor', 'Log', 'Log1p', 'LogicalNot', 'Neg', 'Reciprocal', 'Relu', 'Rsqrt', 'Sigmoid', 'Sign',
  'Softplus', 'Sqrt', 'Square', 'Tanh',
] as const; // biome-ignore format: a table of names
const ARITHMETIC = [
  'Add', 'Maximum', 'Minimum', 'Multiply', 'Pow', 'RealDiv', 'SquaredDifference', 'Sub',
] as const; // biome-ignore format: a table of names
const COMPARISON = ['Equal', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'NotEqual'] as const;
const LOGICAL = ['LogicalAnd', 'LogicalOr'] as const;

const unary: TraceRule = {
  inputs: ['x'],
  infer: ([x]) => ({ outputs: [like(x)] }),
};

const arithmetic: TraceRule = {
  inputs: ['a', 'b'],
  infer: (inputs) => ({ outputs: [{ shape: broadcast(inputs), type: at(inputs, 0).type }] }),
};

const predicate: TraceRule = {
  inputs: ['a', 'b'],
  infer: (inputs) => ({ outputs: [{ shape: broadcast(inputs), type: 'bool' }] }),
};

export const elementwiseRules: TraceRules = {
  ...Object.fromEntries(UNARY.map((name) => [name, unary])),
  ...Object.fromEntries(ARITHMETIC.map((name) => [name, arithmetic])),
  ...Object.fromEntries([...COMPARISON, ...LOGICAL].map((name) => [name, predicate])),
  AddN: { inputs: 'list', infer: ([first]) => ({ outputs: [like(first)] }) },
  Identity: unary,
  ZerosLike: unary,
  OnesLike: unary,
  Cast: {
    inputs: ['x'],
    infer: ([x], { dtype }) => ({ outputs: [{ shape: like(x).shape, type: valueType(dtype as DataType) }] }),
  },
  ClipByValue: {
    inputs: ['x'],
    infer: ([x], { clipValueMin, clipValueMax }) => ({
      outputs: [like(x)],
      attributes: { clipValueMin: clipValueMin as number, clipValueMax: clipValueMax as number },
    }),
  },
  Step: {
    inputs: ['x'],
    infer: ([x], { alpha }) => ({
      outputs: [like(x)],
      attributes: { alpha: (alpha as number | undefined) ?? 0 },
    }),
  },
  Select: {
    inputs: ['condition', 't', 'e'],
    infer: (inputs) => ({ outputs: [{ shape: broadcast(inputs), type: at(inputs, 1).type }] }),
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

function broadcast(values: readonly Value[]): number[] {
  return values.reduce<number[]>(
    (shape, value) => backend_util.assertAndGetBroadcastShape(shape, [...value.shape]),
    [],
  );
}
