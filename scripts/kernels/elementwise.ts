/** @file Ways to go once through images in blocks: what an elementwise operation costs. */
import type { AttributesArgument, Value } from '../../src/compiler/graph.ts';
import { BLOCKED } from '../../src/engines/onnx/lower/lowering.ts';
import type {
  Activation,
  OnnxBuilder,
  OnnxOperation,
  OnnxOperator,
} from '../../src/engines/onnx/operators.ts';
import type { Candidate } from './measure.ts';

/** Each candidate ends with the mean over height and width, whose own cost the first one shows. */
export function elementwiseCandidates(shape: readonly number[]): Readonly<Record<string, Candidate>> {
  const [batch = 1, channels = 1] = shape;
  const emit = <Op extends OnnxOperator>(
    builder: OnnxBuilder,
    op: Op,
    inputs: Value[],
    ...attributes: AttributesArgument<OnnxOperation, Op>
  ): Value => builder.emit(op, inputs, { shape }, ...attributes);
  const zero = (builder: OnnxBuilder): Value => builder.constant(Float32Array.of(0), [], 'float32');
  const positive = (builder: OnnxBuilder, x: Value): Value =>
    builder.emit('Greater', [x, zero(builder)], { shape, type: 'bool' });
  const perChannel = (builder: OnnxBuilder, inputs: Value[], activation?: Activation): Value => {
    const ones = new Float32Array(channels).fill(1.5);
    const weights = builder.constant(ones, [channels, 1, 1, 1], 'float32');
    const bias = builder.constant(ones, [channels], 'float32');
    const [x, ...residual] = inputs as [Value, ...Value[]];
    const activated = activation === undefined ? {} : { activation };
    const attributes = { group: channels, kernel_shape: [1, 1], ...activated };
    return builder.emitIn(BLOCKED, 'Conv', [x, weights, bias, ...residual], { shape }, attributes);
  };
  const formulas: Readonly<Record<string, (builder: OnnxBuilder, x: Value, y: Value) => Value>> = {
    'nothing but the mean': (_, x) => x,
    Mul: (builder, x, y) => emit(builder, 'Mul', [x, y]),
    Relu: (builder, x) => emit(builder, 'Relu', [x]),
    'step: Sign': (builder, x) => emit(builder, 'Sign', [x]),
    'step: Greater, Cast': (builder, x) => emit(builder, 'Cast', [positive(builder, x)]),
    'step: steep HardSigmoid': (builder, x) => emit(builder, 'HardSigmoid', [x], { alpha: 3e38, beta: 0 }),
    'y where x > 0: Where': (builder, x, y) =>
      emit(builder, 'Where', [positive(builder, x), y, zero(builder)]),
    'y where x > 0: Greater, Cast, Mul': (builder, x, y) =>
      emit(builder, 'Mul', [y, emit(builder, 'Cast', [positive(builder, x)])]),
    'y where x > 0: HardSigmoid, Mul': (builder, x, y) =>
      emit(builder, 'Mul', [y, emit(builder, 'HardSigmoid', [x], { alpha: 3e38, beta: 0 })]),
    'a·x + b: Mul, Add': (builder, x) => {
      const [rows, block] = [(batch * channels) / 16, 16];
      const split = [batch, channels / block, (shape[2] ?? 1) * (shape[3] ?? 1), block];
      const numbers = builder.constant(new Float32Array(channels), [1, rows / batch, 1, block], 'float32');
      const scaled = builder.emit('Mul', [builder.emit('Reshape', [x], { shape: split }), numbers], {
        shape: split,
      });
      const shifted = builder.emit('Add', [scaled, numbers], { shape: split });
      return builder.emit('Reshape', [shifted], { shape });
    },
    'a·x + b, ReLU: convolution by channel': (builder, x) => perChannel(builder, [x], 'Relu'),
    'a·x + b + y: convolution by channel': (builder, x, y) => perChannel(builder, [x, y]),
  };
  const mean = (builder: OnnxBuilder, value: Value): Value =>
    builder.emitIn(BLOCKED, 'GlobalAveragePool', [value], { shape: [batch, channels, 1, 1] });
  return Object.fromEntries(
    Object.entries(formulas).map(([name, formula]) => [
      name,
      (builder, { x, y }) => mean(builder, formula(builder, x as Value, y as Value)),
    ]),
  );
}
