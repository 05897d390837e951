/** @file Lowering of kernels that make, move, cut, join or reduce arrays. Axes, shapes and permutations are constants. */
import { at } from '../../../compiler/graph.ts';
import { booleanAttribute, integerAttribute, typeAttribute } from '../nodes.ts';
import { forEach, type LoweringRule, type LoweringRules, operand, result } from './rules.ts';

const INDEX = typeAttribute('int32');

/** Means of integers are real: the operand is converted first. */
const reduction = (op: string): LoweringRule => {
  return (operation, inputs, builder) => {
    const { type } = result(operation);
    const from = operand(operation).type;
    const x = from === type ? at(inputs, 0) : builder.cast(at(inputs, 0), from, type);
    const { axes, keepDims } = operation.attributes as { axes: number[]; keepDims: boolean };
    return builder.add(op, [x, builder.integers(axes)], {
      T: typeAttribute(type),
      Tidx: INDEX,
      keep_dims: booleanAttribute(keepDims),
    });
  };
};

/** Position of the largest or smallest element. */
const position = (op: string): LoweringRule => {
  return (operation, inputs, builder) =>
    builder.add(op, [at(inputs, 0), builder.scalar(operation.attributes.axis as number, 'int32')], {
      T: typeAttribute(operand(operation).type),
      Tidx: INDEX,
      output_type: INDEX,
    });
};

const reshape: LoweringRule = (operation, inputs, builder) => {
  const { shape, type } = result(operation);
  return builder.reshape(at(inputs, 0), shape, type);
};

const concatenate: LoweringRule = (operation, inputs, builder) => {
  if (inputs.length === 1) return at(inputs, 0);
  const axis = builder.scalar(operation.attributes.axis as number, 'int32');
  return builder.add('ConcatV2', [...inputs, axis], {
    N: integerAttribute(inputs.length),
    T: typeAttribute(operand(operation).type),
    Tidx: INDEX,
  });
};

const pad: LoweringRule = (operation, inputs, builder) => {
  const { before, after, value } = operation.attributes as {
    before: number[];
    after: number[];
    value: number;
  };
  const { type } = operand(operation);
  const amounts = Int32Array.from(before.flatMap((count, axis) => [count, at(after, axis)]));
  const pads = builder.constant(amounts, [before.length, 2], 'int32');
  return builder.add('PadV2', [at(inputs, 0), pads, builder.scalar(value, type)], {
    T: typeAttribute(type),
    Tpaddings: INDEX,
  });
};

const topK: LoweringRule = (operation, inputs, builder) => {
  const { k, sorted } = operation.attributes as { k: number; sorted: boolean };
  const values = builder.add('TopKV2', [at(inputs, 0), builder.scalar(k, 'int32')], {
    sorted: booleanAttribute(sorted),
    T: typeAttribute(operand(operation).type),
    Tk: INDEX,
    index_type: INDEX,
  });
  return [values, { node: values.node, index: 1 }];
};

export const arrayRules: LoweringRules = {
  ...forEach(['Sum', 'Mean', 'Max', 'Min'], reduction),
  ...forEach(['ArgMax', 'ArgMin'], position),
  Fill: (operation, _, builder) => {
    const { shape, type } = result(operation);
    return builder.fill(operation.attributes.value as number, shape, type);
  },
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose: (operation, inputs, builder) =>
    builder.add('Transpose', [at(inputs, 0), builder.integers(operation.attributes.perm as number[])], {
      T: typeAttribute(operand(operation).type),
      Tperm: INDEX,
    }),
  Tile: (operation, inputs, builder) =>
    builder.add('Tile', [at(inputs, 0), builder.integers(operation.attributes.reps as number[])], {
      T: typeAttribute(operand(operation).type),
      Tmultiples: INDEX,
    }),
  Slice: (operation, inputs, builder) => {
    const begin = builder.integers(operation.attributes.begin as number[]);
    const size = builder.integers(result(operation).shape);
    return builder.add('Slice', [at(inputs, 0), begin, size], {
      T: typeAttribute(operand(operation).type),
      Index: INDEX,
    });
  },
  Concat: concatenate,
  PadV2: pad,
  GatherV2: (operation, inputs, builder) =>
    builder.add('GatherV2', [...inputs, builder.scalar(operation.attributes.axis as number, 'int32')], {
      Tparams: typeAttribute(operand(operation).type),
      Tindices: INDEX,
      Taxis: INDEX,
      batch_dims: integerAttribute(0),
    }),
  TopK: topK,
};
