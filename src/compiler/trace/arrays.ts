/** @file Tracing rules of kernels that make, move, cut, join or reduce arrays. */
import { backend_util, type DataType, slice_util, type TensorInfo, util } from '@tensorflow/tfjs';
import { sizeOf } from '../../engines/types.ts';
import { at, type Value, type ValueType } from '../graph.ts';
import { valueType } from './elementwise.ts';
import { ANY, NUMERIC, type TraceRule, type TraceRules } from './rules.ts';

/** A reduction; `axisName` is what its kernel calls the axes. The graph keeps axes sorted and non-negative. */
function reduction(axisName: string, typeOf: (input: ValueType) => ValueType): TraceRule {
  return {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const axes = util
        .parseAxisParam((attributes[axisName] ?? x.shape.map((_, axis) => axis)) as number | number[], [
          ...x.shape,
        ])
        .sort((a, b) => a - b);
      const keepDims = attributes.keepDims === true;
      const reduced = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
      const shape = keepDims ? reduced : x.shape.filter((_, axis) => !axes.includes(axis));
      return { outputs: [{ shape, type: typeOf(x.type) }], attributes: { axes, keepDims } };
    },
  };
}

const same = (type: ValueType): ValueType => type;

const argument: TraceRule = {
  inputs: ['x'],
  accepts: NUMERIC,
  infer: (inputs, { axis }) => {
    const x = at(inputs, 0);
    const [resolved] = util.parseAxisParam(axis as number, [...x.shape]);
    return {
      outputs: [{ shape: x.shape.filter((_, index) => index !== resolved), type: 'int32' }],
      attributes: { axis: resolved ?? 0 },
    };
  },
};

export const arrayRules: TraceRules = {
  Sum: reduction('axis', same),
  Mean: reduction('axis', () => 'float32'),
  Max: reduction('reductionIndices', same),
  Min: reduction('axis', same),
  ArgMax: argument,
  ArgMin: argument,
  Fill: {
    inputs: [],
    accepts: [],
    infer: (_, attributes) => {
      const value = attributes.value as number;
      const dtype = (attributes.dtype ?? 'float32') as DataType;
      return {
        outputs: [{ shape: attributes.shape as number[], type: valueType(dtype) }],
        attributes: { value },
      };
    },
  },
  Reshape: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const shape = util.inferFromImplicitShape(attributes.shape as number[], sizeOf(x.shape));
      return { outputs: [{ shape, type: x.type }] };
    },
  },
  ExpandDims: {
    inputs: ['input'],
    accepts: ANY,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const dim = attributes.dim as number;
      const shape = [...x.shape];
      shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
      return { outputs: [{ shape, type: x.type }] };
    },
  },
  Transpose: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const perm = attributes.perm as number[];
      return {
        outputs: [{ shape: perm.map((axis) => at(x.shape, axis)), type: x.type }],
        attributes: { perm },
      };
    },
  },
  Tile: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const reps = attributes.reps as number[];
      return {
        outputs: [{ shape: x.shape.map((extent, axis) => extent * at(reps, axis)), type: x.type }],
        attributes: { reps },
      };
    },
  },
  Slice: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const [begin = [], size = []] = slice_util.parseSliceParams(
        { shape: [...x.shape] } as unknown as TensorInfo,
        attributes.begin as number[],
        attributes.size as number[],
      );
      return { outputs: [{ shape: size, type: x.type }], attributes: { begin } };
    },
  },
  Concat: {
    inputs: 'list',
    accepts: ANY,
    infer: (inputs, attributes) => {
      const [axis = 0] = util.parseAxisParam(attributes.axis as number, [...at(inputs, 0).shape]);
      const shape = backend_util.computeOutShape(
        inputs.map((input) => [...input.shape]),
        axis,
      );
      return { outputs: [{ shape, type: at(inputs, 0).type }], attributes: { axis } };
    },
  },
  PadV2: {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, attributes) => {
      const x = at(inputs, 0);
      const paddings = attributes.paddings as [number, number][];
      const shape = x.shape.map((extent, axis) => extent + at(paddings, axis)[0] + at(paddings, axis)[1]);
      return {
        outputs: [{ shape, type: x.type }],
        attributes: {
          before: paddings.map(([before]) => before),
          after: paddings.map(([, after]) => after),
          value: attributes.constantValue as number,
        },
      };
    },
  },
  GatherV2: {
    inputs: ['x', 'indices'],
    accepts: ANY,
    infer: (inputs, attributes) => {
      const [x, indices] = [at(inputs, 0), at(inputs, 1)];
      if (attributes.batchDims) throw new Error('it has batch dimensions');
      if (indices.type !== 'int32') throw new Error(`its indices are ${indices.type}`);
      const [axis = 0] = util.parseAxisParam(attributes.axis as number, [...x.shape]);
      const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
      return { outputs: [{ shape, type: x.type }], attributes: { axis } };
    },
  },
  TopK: {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, attributes) => {
      const x: Value = at(inputs, 0);
      const k = attributes.k as number;
      const shape = [...x.shape.slice(0, -1), k];
      return {
        outputs: [
          { shape, type: x.type },
          { shape, type: 'int32' },
        ],
        attributes: { k, sorted: attributes.sorted !== false },
      };
    },
  },
};
