/** @file Tracing rules of kernels that make, move, cut, join or reduce arrays. */
import { type ArgMaxAttrs, backend_util, type SumAttrs, slice_util, util } from '@tensorflow/tfjs';
import { sizeOf } from '../../arrays.ts';
import { at } from '../../lookup.ts';
import type { Value, ValueType } from '../graph.ts';
import type { AxisAttributes, ReductionAttributes } from '../kernels.ts';
import { valueType } from './elementwise.ts';
import { ANY, type Inferred, NUMERIC, type TraceRule, type TraceRules } from './rules.ts';

/** What a reduction returns; over all axes where the call names none. */
function reduced(
  x: Value,
  named: number | number[] | undefined,
  keepsAxes: boolean | undefined,
  type: ValueType,
): Inferred<ReductionAttributes> {
  const all = x.shape.map((_, axis) => axis);
  const axes = util.parseAxisParam(named ?? all, [...x.shape]).sort((a, b) => a - b);
  const keepDims = keepsAxes === true;
  const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  return { outputs: [{ shape, type }], attributes: { axes, keepDims } };
}

function reduction(typeOf: (input: ValueType) => ValueType): TraceRule<SumAttrs, ReductionAttributes> {
  return {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, { axis, keepDims }) => {
      const x = at(inputs, 0);
      return reduced(x, axis, keepDims, typeOf(x.type));
    },
  };
}

const same = (type: ValueType): ValueType => type;

/** Position of the largest or smallest element along an axis. */
const position: TraceRule<ArgMaxAttrs, AxisAttributes> = {
  inputs: ['x'],
  accepts: NUMERIC,
  infer: (inputs, { axis }) => {
    const x = at(inputs, 0);
    const [resolved] = util.parseAxisParam(axis, [...x.shape]);
    return {
      outputs: [{ shape: x.shape.filter((_, index) => index !== resolved), type: 'int32' }],
      attributes: { axis: resolved ?? 0 },
    };
  },
};

export const arrayRules = {
  Sum: reduction(same),
  Mean: reduction(() => 'float32'),
  Max: {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, { reductionIndices, keepDims }) => {
      const x = at(inputs, 0);
      return reduced(x, reductionIndices, keepDims, x.type);
    },
  },
  Min: reduction(same),
  ArgMax: position,
  ArgMin: position,
  Fill: {
    inputs: [],
    accepts: [],
    infer: (_, { shape, value, dtype }) => {
      if (typeof value === 'string') throw new Error('it makes texts');
      return { outputs: [{ shape, type: valueType(dtype ?? 'float32') }], attributes: { value } };
    },
  },
  Reshape: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, call) => {
      const x = at(inputs, 0);
      const shape = util.inferFromImplicitShape(call.shape, sizeOf(x.shape));
      return { outputs: [{ shape, type: x.type }], attributes: {} };
    },
  },
  ExpandDims: {
    inputs: ['input'],
    accepts: ANY,
    infer: (inputs, { dim }) => {
      const x = at(inputs, 0);
      const shape = [...x.shape];
      shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
      return { outputs: [{ shape, type: x.type }], attributes: {} };
    },
  },
  Transpose: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, { perm }) => {
      const x = at(inputs, 0);
      return {
        outputs: [{ shape: perm.map((axis) => at(x.shape, axis)), type: x.type }],
        attributes: { perm },
      };
    },
  },
  Tile: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, { reps }) => {
      const x = at(inputs, 0);
      return {
        outputs: [{ shape: x.shape.map((extent, axis) => extent * at(reps, axis)), type: x.type }],
        attributes: { reps },
      };
    },
  },
  Slice: {
    inputs: ['x'],
    accepts: ANY,
    infer: (inputs, call) => {
      const x = at(inputs, 0);
      // tfjs asks for a tensor and looks at its shape alone.
      const tensor = { shape: [...x.shape], dtype: 'float32' as const, dataId: {} };
      const [begin = [], size = []] = slice_util.parseSliceParams(tensor, call.begin, call.size);
      return { outputs: [{ shape: size, type: x.type }], attributes: { begin } };
    },
  },
  Concat: {
    inputs: 'list',
    accepts: ANY,
    infer: (inputs, call) => {
      const [axis = 0] = util.parseAxisParam(call.axis, [...at(inputs, 0).shape]);
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
    infer: (inputs, { paddings, constantValue }) => {
      const x = at(inputs, 0);
      const shape = x.shape.map((extent, axis) => extent + at(paddings, axis)[0] + at(paddings, axis)[1]);
      return {
        outputs: [{ shape, type: x.type }],
        attributes: {
          before: paddings.map(([before]) => before),
          after: paddings.map(([, after]) => after),
          value: constantValue,
        },
      };
    },
  },
  GatherV2: {
    inputs: ['x', 'indices'],
    accepts: ANY,
    infer: (inputs, call) => {
      const [x, indices] = [at(inputs, 0), at(inputs, 1)];
      if (call.batchDims) throw new Error('it has batch dimensions');
      if (indices.type !== 'int32') throw new Error(`its indices are ${indices.type}`);
      const [axis = 0] = util.parseAxisParam(call.axis, [...x.shape]);
      const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
      return { outputs: [{ shape, type: x.type }], attributes: { axis } };
    },
  },
  TopK: {
    inputs: ['x'],
    accepts: NUMERIC,
    infer: (inputs, { k, sorted }) => {
      const x = at(inputs, 0);
      const shape = [...x.shape.slice(0, -1), k];
      return {
        outputs: [
          { shape, type: x.type },
          { shape, type: 'int32' },
        ],
        attributes: { k, sorted: sorted !== false },
      };
    },
  },
} satisfies Partial<TraceRules>;
