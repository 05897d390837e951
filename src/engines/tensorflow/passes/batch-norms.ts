/**
 * @file Batch normalisation and its gradient, which the models spell out in means and products, as TensorFlow's kernels for
 * them: two passes over the images each in place of some ten.
 */
import { sizeOf } from '../../../arrays.ts';
import { rewrite, type Value } from '../../../compiler/graph.ts';
import { orThrow } from '../../../lookup.ts';
import type { TensorflowBuilder, TensorflowGraph, TensorflowOperation } from '../kernels.ts';

/** A batch normalisation of a training, by the values of the traced graph (src/models/batch-norm.ts names them). */
interface Norm {
  /** `[…, channels]` */
  readonly x: Value;
  readonly scale: Value;
  readonly shift: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly centred: Value;
  readonly inverse: Value;
  readonly factor: Value;
  readonly epsilon: number;
  readonly result: Value;
}

/** Its gradient with respect to x, scale and shift, from that with respect to the result. */
interface NormGradient {
  readonly norm: Norm;
  readonly dy: Value;
  readonly dx: Value;
  readonly dScale: Value;
  readonly dShift: Value;
}

/** What TensorFlow's kernel returns; the gradient needs the reserved values as they are. */
interface FusedNorm {
  readonly result: Value;
  readonly mean: Value;
  /** Of the batch as a sample: the sum of squares is divided by one less than their count. */
  readonly sampleVariance: Value;
  readonly reserved: readonly Value[];
}

/**
 * Over a traced graph, before other passes rearrange gradients.
 *
 * @returns the graph itself if it has no batch normalisation in training
 */
export function joinBatchNorms(graph: TensorflowGraph): TensorflowGraph {
  const finder = new Finder(graph);
  const norms = withDistinctMeans(graph.operations.flatMap((operation) => finder.normAt(operation) ?? []));
  if (norms.length === 0) return graph;
  const gradients = norms.flatMap((norm) => finder.gradientOf(norm) ?? []);
  const normOfMean = new Map(norms.map((norm) => [norm.mean, norm]));
  const normOfVariance = new Map(norms.map((norm) => [norm.variance, norm]));
  const gradientOfSum = new Map(gradients.map((gradient) => [gradient.dShift, gradient]));
  const fused = new Map<Norm, FusedNorm>();
  const fusedOf = (norm: Norm): FusedNorm =>
    orThrow(fused.get(norm), 'a batch normalisation is used before its mean');
  const replaced = new Map<Value, Value>();
  return rewrite(graph, (operation, builder, translate) => {
    const [original] = operation.outputs;
    if (original === undefined) return undefined;
    const norm = normOfMean.get(original);
    if (norm !== undefined) {
      const made = emitNorm(norm, translate, builder);
      fused.set(norm, made);
      replaced.set(norm.result, made.result);
      return [made.mean];
    }
    const varied = normOfVariance.get(original);
    if (varied !== undefined) return [biasedVariance(varied, fusedOf(varied), builder)];
    const gradient = gradientOfSum.get(original);
    if (gradient !== undefined) {
      const made = emitGradient(gradient, fusedOf(gradient.norm), translate, builder);
      replaced.set(gradient.dx, made.dx);
      replaced.set(gradient.dScale, made.dScale);
      return [made.dShift];
    }
    const replacement = replaced.get(original);
    return replacement && [replacement];
  });
}

/** Of several that normalise the same images, and so share mean and variance, the first: the kernel stands in the place of its mean. */
function withDistinctMeans(norms: readonly Norm[]): readonly Norm[] {
  const taken = new Set<Value>();
  return norms.filter(({ mean }) => !taken.has(mean) && taken.add(mean));
}

type Translate = (value: Value) => Value;

/** Kernels of TensorFlow normalise images. */
function imagesLike({ shape }: Value): number[] {
  const channels = shape.at(-1) ?? 1;
  return shape.length === 4 ? [...shape] : [sizeOf(shape) / channels, 1, 1, channels];
}

function reshaped(value: Value, shape: readonly number[], builder: TensorflowBuilder): Value {
  return value.shape.join() === shape.join() ? value : builder.emit('Reshape', [value], { shape });
}

function floats(shape: readonly number[]): Value {
  return { shape, type: 'float32' };
}

function emitNorm(norm: Norm, translate: Translate, builder: TensorflowBuilder): FusedNorm {
  const images = imagesLike(norm.x);
  const vector = norm.mean.shape;
  const x = reshaped(translate(norm.x), images, builder);
  const [result, mean, sampleVariance] = [floats(images), floats(vector), floats(vector)];
  const reserved = [floats(vector), floats(vector), floats([])];
  builder.append({
    op: 'FusedBatchNorm',
    inputs: [x, translate(norm.scale), translate(norm.shift)],
    attributes: { epsilon: norm.epsilon },
    outputs: [result, mean, sampleVariance, ...reserved],
  });
  return { result: reshaped(result, norm.result.shape, builder), mean, sampleVariance, reserved };
}

/** The mean of squares, as the traced graph has it. */
function biasedVariance(norm: Norm, { sampleVariance }: FusedNorm, builder: TensorflowBuilder): Value {
  const count = sizeOf(norm.x.shape) / sizeOf(norm.mean.shape);
  const share = builder.constant(Float32Array.of((count - 1) / count), [], 'float32');
  return builder.emit('Multiply', [sampleVariance, share], norm.variance);
}

function emitGradient(
  { norm, dy, dx }: NormGradient,
  { reserved }: FusedNorm,
  translate: Translate,
  builder: TensorflowBuilder,
): { dx: Value; dScale: Value; dShift: Value } {
  const images = imagesLike(norm.x);
  const vector = norm.mean.shape;
  const [gradient, dScale, dShift] = [floats(images), floats(vector), floats(vector)];
  const operands = [translate(dy), translate(norm.x)].map((value) => reshaped(value, images, builder));
  builder.append({
    op: 'FusedBatchNormGrad',
    inputs: [...operands, translate(norm.scale), ...reserved],
    attributes: { epsilon: norm.epsilon },
    outputs: [gradient, dScale, dShift],
  });
  return { dx: reshaped(gradient, dx.shape, builder), dScale, dShift };
}

/** Recognises the patterns, by who makes which value and who uses it. */
class Finder {
  private readonly producers = new Map<Value, TensorflowOperation>();
  private readonly users = new Map<Value, TensorflowOperation[]>();
  private readonly inputs: ReadonlySet<Value>;

  constructor(graph: TensorflowGraph) {
    this.inputs = new Set(graph.inputs.map(({ value }) => value));
    for (const operation of graph.operations) {
      for (const output of operation.outputs) this.producers.set(output, operation);
      for (const input of operation.inputs) {
        const known = this.users.get(input);
        if (known === undefined) this.users.set(input, [operation]);
        else known.push(operation);
      }
    }
  }

  /** scale · inverse · (x − mean) + shift, if an operation computes that. */
  normAt(operation: TensorflowOperation): Norm | undefined {
    const [scaled, shift] = operation.op === 'Add' ? operation.inputs : [];
    const [centred, factor] = this.operandsOf(scaled, 'Multiply') ?? [];
    const [x, mean] = this.operandsOf(centred, 'Sub') ?? [];
    const [scale, inverse] = this.operandsOf(factor, 'Multiply') ?? [];
    const [variance, epsilon] = this.operandsOf(this.operandsOf(inverse, 'Rsqrt')?.[0], 'Add') ?? [];
    const [result] = operation.outputs;
    if (!x || !mean || !scale || !shift || !centred || !factor || !inverse || !variance || !result)
      return undefined;
    const isMean = this.reducesBatch(mean, 'Mean', x);
    const [square] = this.operandsOf(variance, 'Mean') ?? [];
    const isVariance =
      square !== undefined &&
      this.operandsOf(square, 'Square')?.[0] === centred &&
      this.reducesBatch(variance, 'Mean', square);
    const number = epsilon && this.producers.get(epsilon)?.data;
    if (!isMean || !isVariance || number?.length !== 1) return undefined;
    // The kernel stands where the mean was computed: only inputs of the graph are sure to be there by then.
    if (!this.inputs.has(scale) || !this.inputs.has(shift)) return undefined;
    if (sizeOf(x.shape) / sizeOf(mean.shape) < 2) return undefined;
    const found = { x, scale, shift, mean, variance, centred, inverse, factor, result };
    return { ...found, epsilon: Number(number[0]) };
  }

  /** The gradient in closed form (`gradients` in src/models/batch-norm.ts). */
  gradientOf(norm: Norm): NormGradient | undefined {
    for (const user of this.users.get(norm.factor) ?? []) {
      const [inner, factor] = user.op === 'Multiply' ? user.inputs : [];
      if (!inner || factor !== norm.factor) continue;
      const [reduced, meanDy] = this.operandsOf(inner, 'Sub') ?? [];
      const [dy, slanted] = this.operandsOf(reduced, 'Sub') ?? [];
      const [centred, slope] = this.operandsOf(slanted, 'Multiply') ?? [];
      const [dShift] = this.operandsOf(meanDy, 'RealDiv') ?? [];
      const [slopeSum] = this.operandsOf(slope, 'Multiply') ?? [];
      const [dScale, inverse] = this.operandsOf(slopeSum, 'Multiply') ?? [];
      const [sum, sameInverse] = this.operandsOf(dScale, 'Multiply') ?? [];
      const [dx] = user.outputs;
      if (!dy || !dShift || !dScale || !sum || !dx) continue;
      if (centred !== norm.centred || inverse !== norm.inverse || sameInverse !== norm.inverse) continue;
      const [product] = this.operandsOf(sum, 'Sum') ?? [];
      const factors = this.operandsOf(product, 'Multiply') ?? [];
      const isScale =
        product !== undefined &&
        factors[0] === dy &&
        factors[1] === norm.centred &&
        this.reducesBatch(sum, 'Sum', product);
      if (isScale && this.reducesBatch(dShift, 'Sum', dy)) return { norm, dy, dx, dScale, dShift };
    }
    return undefined;
  }

  /** Operands of the operation that makes a value, if it is of this kind. */
  private operandsOf(value: Value | undefined, op: string): readonly Value[] | undefined {
    const producer = value && this.producers.get(value);
    return producer?.op === op ? producer.inputs : undefined;
  }

  /** Whether a value is the reduction of another over all axes but the last. */
  private reducesBatch(value: Value, op: 'Mean' | 'Sum', of: Value): boolean {
    const producer = this.producers.get(value);
    if (producer?.op !== op || producer.inputs[0] !== of) return false;
    const axes = of.shape.slice(1).map((_, axis) => axis);
    return producer.attributes.axes.join() === axes.join() && !producer.attributes.keepDims;
  }
}
