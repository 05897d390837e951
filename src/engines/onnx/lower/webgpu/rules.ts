/** @file Other lowerings for WebGPU: of kernels whose usual operators onnxruntime's WebGPU provider lacks or computes unreliably. */
import type { Value } from '../../../../compiler/graph.ts';
import type { AxisAttributes, TfjsKernels } from '../../../../compiler/kernels.ts';
import { at } from '../../../../lookup.ts';
import { comparedStep, elementwise } from '../elementwise.ts';
import type { LoweringRule, LoweringRules } from '../lowering.ts';
import { filterGradientPerImage } from './filter-gradient.ts';
import { maxPoolGradient } from './max-pool-gradient.ts';

/** There is no `Or`: a ∨ b = ¬(¬a ∧ ¬b). */
const or = elementwise((operands, result, { builder }) => {
  const negated = operands.map((x) => builder.emit('Not', [x], { shape: x.shape, type: 'bool' }));
  return builder.emit('Not', [builder.emit('And', negated, result)], result);
});

/** There is no `Sign`: 1 if the number is above zero, minus 1 if it is below. */
const sign = elementwise((operands, result, context) => {
  const x = at(operands, 0);
  const zero = context.scalar(0, x.type);
  const is = (comparison: 'Greater' | 'Less'): Value =>
    context.cast(
      context.builder.emit(comparison, [x, zero], { shape: result.shape, type: 'bool' }),
      result.type,
    );
  return context.builder.emit('Sub', [is('Greater'), is('Less')], result);
});

/** Compared, not multiplied by a slope near the largest number, which a driver may take for infinite. */
const step = elementwise(comparedStep);

/**
 * `ArgMax` and `ArgMin` give positions in 64 bits, which cannot be cast: the first place whose number is the extreme instead. Places
 * are counted in float32, exact up to 2²⁴.
 */
function argument(reduce: 'ReduceMax' | 'ReduceMin'): LoweringRule<AxisAttributes> {
  return (operation, context) => {
    const [input, output] = [at(operation.inputs, 0), at(operation.outputs, 0)];
    const { axis } = operation.attributes;
    const { builder } = context;
    const x = context.cast(context.plain(input), 'float32');
    const { shape } = x;
    const extent = at(shape, axis);
    const alongAxis = (size: number) => shape.map((_, index) => (index === axis ? size : 1));
    const reduced = shape.map((size, index) => (index === axis ? 1 : size));
    const extreme = builder.emit(reduce, [x], { shape: reduced }, { axes: [axis], keepdims: 1 });
    const isExtreme = builder.emit('Equal', [x, extreme], { shape, type: 'bool' });
    const numbers = Float32Array.from({ length: extent }, (_, place) => place);
    const places = builder.constant(numbers, alongAxis(extent), 'float32');
    const found = builder.emit('Where', [isExtreme, places, context.scalar(extent)], { shape });
    const attributes = { axes: [axis], keepdims: 0 } as const;
    const first = builder.emit('ReduceMin', [found], { shape: output.shape }, attributes);
    context.set(output, context.cast(first, output.type));
  };
}

/**
 * Positions come as integers of 64 bits, which WebGPU cannot cast. It can look up by them, and a table of 0, 1, 2 … returns the same
 * positions as int32.
 */
const topK: LoweringRule<TfjsKernels['TopK']> = (operation, context) => {
  const [values, positions] = [at(operation.outputs, 0), at(operation.outputs, 1)];
  const { builder } = context;
  const x = context.plain(at(operation.inputs, 0));
  const found: Value = { shape: values.shape, type: values.type };
  const places: Value = { shape: positions.shape, type: 'int64' };
  builder.append({
    op: 'TopK',
    inputs: [x],
    attributes: { k: operation.attributes.k, sorted: 1, largest: 1, axis: -1 },
    outputs: [found, places],
  });
  const length = at(x.shape, x.shape.length - 1);
  const table = context.sharedTable(`0 to ${length}`, () => Int32Array.from({ length }, (_, place) => place));
  context.set(values, found);
  context.set(
    positions,
    builder.emit('Gather', [table, places], { shape: places.shape, type: 'int32' }, { axis: 0 }),
  );
};

/**
 * A plain lookup. The selection of the processor's rule has a size that is computed in the run, and the host would have to read it back
 * from the card.
 */
const gather: LoweringRule<AxisAttributes> = (operation, context) => {
  const operands = operation.inputs.map((input) => context.plain(input));
  context.set(at(operation.outputs, 0), context.like(operation, 'Gather', operands, operation.attributes));
};

/** On WebGPU, these rules take the place of those that the processor has for the same kernels. */
export const webGpuRules = {
  ArgMax: argument('ReduceMax'),
  ArgMin: argument('ReduceMin'),
  Conv2DBackpropFilter: filterGradientPerImage,
  GatherV2: gather,
  LogicalOr: or,
  MaxPoolGrad: maxPoolGradient,
  Sign: sign,
  Step: step,
  TopK: topK,
} satisfies Partial<LoweringRules>;
