/** @file Lowering of kernels that make, move, cut, join or reduce arrays. Axes, shapes and permutations are constants. */
import type { AxisAttributes, ReductionAttributes, TfjsKernels } from '../../../compiler/kernels.ts';
import { at, tableOf } from '../../../lookup.ts';
import { booleanAttribute, integerAttribute, typeAttribute } from '../nodes.ts';
import { type LoweringRule, type LoweringRules, operand, result } from './rules.ts';

const INDEX = typeAttribute('int32');

/** Means of integers are real: the operand is converted first. */
const reduction = (op: string): LoweringRule<ReductionAttributes> => {
  return (operation, inputs, builder) => {
    const { type } = result(operation);
    const from = operand(operation).type;
    const x = from === type ? at(inputs, 0) : builder.cast(at(inputs, 0), from, type);
    const { axes, keepDims } = operation.attributes;
    return builder.add(op, [x, builder.integers(axes)], {
      T: typeAttribute(type),
      Tidx: INDEX,
      keep_dims: booleanAttribute(keepDims),
    });
  };
};

/** Position of the largest or smallest element. */
const position = (op: string): LoweringRule<AxisAttributes> => {
  return (operation, inputs, builder) =>
    builder.add(op, [at(inputs, 0), builder.scalar(operation.attributes.axis, 'int32')], {
      T: typeAttribute(operand(operation).type),
      Tidx: INDEX,
      output_type: INDEX,
    });
};

const reshape: LoweringRule = (operation, inputs, builder) => {
  const { shape, type } = result(operation);
  return builder.reshape(at(inputs, 0), shape, type);
};

const concatenate: LoweringRule<AxisAttributes> = (operation, inputs, builder) => {
  if (inputs.length === 1) return at(inputs, 0);
  const axis = builder.scalar(operation.attributes.axis, 'int32');
  return builder.add('ConcatV2', [...inputs, axis], {
    N: integerAttribute(inputs.length),
    T: typeAttribute(operand(operation).type),
    Tidx: INDEX,
  });
};

const pad: LoweringRule<TfjsKernels['PadV2']> = (operation, inputs, builder) => {
  const { before, after, value } = operation.attributes;
  const { type } = operand(operation);
  const amounts = Int32Array.from(before.flatMap((count, axis) => [count, at(after, axis)]));
  const pads = builder.constant(amounts, [before.length, 2], 'int32');
  return builder.add('PadV2', [at(inputs, 0), pads, builder.scalar(value, type)], {
    T: typeAttribute(type),
    Tpaddings: INDEX,
  });
};

const topK: LoweringRule<TfjsKernels['TopK']> = (operation, inputs, builder) => {
  const { k, sorted } = operation.attributes;
  const values = builder.add('TopKV2', [at(inputs, 0), builder.scalar(k, 'int32')], {
    sorted: booleanAttribute(sorted),
    T: typeAttribute(operand(operation).type),
    Tk: INDEX,
    index_type: INDEX,
  });
  return [values, { node: values.node, index: 1 }];
};

export const arrayRules = {
  ...tableOf(['Sum', 'Mean', 'Max', 'Min'], reduction),
  ...tableOf(['ArgMax', 'ArgMin'], position),
  Fill: (operation, _, builder) => {
    const { shape, type } = result(operation);
    return builder.fill(operation.attributes.value, shape, type);
  },
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose: (operation, inputs, builder) =>
    builder.add('Transpose', [at(inputs, 0), builder.integers(operation.attributes.perm)], {
      T: typeAttribute(operand(operation).type),
      Tperm: INDEX,
    }),
  Tile: (operation, inputs, builder) =>
    builder.add('Tile', [at(inputs, 0), builder.integers(operation.attributes.reps)], {
      T: typeAttribute(operand(operation).type),
      Tmultiples: INDEX,
    }),
  Slice: (operation, inputs, builder) => {
    const begin = builder.integers(operation.attributes.begin);
    const size = builder.integers(result(operation).shape);
    return builder.add('Slice', [at(inputs, 0), begin, size], {
      T: typeAttribute(operand(operation).type),
      Index: INDEX,
    });
  },
  Concat: concatenate,
  PadV2: pad,
  GatherV2: (operation, inputs, builder) =>
    builder.add('GatherV2', [...inputs, builder.scalar(operation.attributes.axis, 'int32')], {
      Tparams: typeAttribute(operand(operation).type),
      Tindices: INDEX,
      Taxis: INDEX,
      batch_dims: integerAttribute(0),
    }),
  TopK: topK,
} satisfies Partial<LoweringRules>;
