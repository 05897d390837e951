/** @file Convolutions and matrix products in bfloat16, and what lies between them, without TensorFlow's own rewriter. */
import { sizeOf } from '../../arrays.ts';
import type { ValueType } from '../../compiler/graph.ts';
import { WIDEST_LANES } from './kernels.ts';
import { type NodeAttributes, NodeBuilder, type NodePlace, type Output, typeAttribute } from './nodes.ts';

/** Places of operands, by the operation. */
type Places = Readonly<Record<string, readonly number[]>>;

/** The operations that multiply, with the operands that they multiply. */
const FACTORS: Places = {
  MatMul: [0, 1],
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
};

const T = typeAttribute('bfloat16');

/** Rounds the operands of what multiplies to bfloat16 and widens the result, so that all else is computed in float32. */
export class Bfloat16Builder extends NodeBuilder {
  private readonly rounded = new Map<string, Output>();
  private readonly widened = new Set<string>();

  override add(
    op: string,
    inputs: readonly Output[],
    attributes: NodeAttributes = {},
    place?: NodePlace,
  ): Output {
    const factors = FACTORS[op];
    if (factors === undefined) return super.add(op, inputs, attributes, place);
    return this.widen(super.add(op, this.roundAt(inputs, factors), { ...attributes, T }, place));
  }

  /** In float32, and known to be of bfloat16. */
  protected widen(narrow: Output): Output {
    const wide = this.cast(narrow, 'bfloat16', 'float32');
    this.rounded.set(keyOf(wide), narrow);
    this.widened.add(keyOf(wide));
    return wide;
  }

  /** Every output is rounded once, and what was widened not again. */
  protected roundAt(inputs: readonly Output[], places: readonly number[]): readonly Output[] {
    return inputs.map((input, index) => {
      if (!places.includes(index)) return input;
      const narrow = this.rounded.get(keyOf(input)) ?? this.cast(input, 'float32', 'bfloat16');
      this.rounded.set(keyOf(input), narrow);
      return narrow;
    });
  }

  protected isWidened(output: Output | undefined): boolean {
    return output !== undefined && this.widened.has(keyOf(output));
  }
}

/** What takes images of bfloat16 if all of these operands are that anyway, and gives such. */
const KEEPING: Places = { Relu: [0], ReluGrad: [0, 1], MaxPool: [0], MaxPoolGrad: [0, 1, 2], Reshape: [0] };

/** Normalisations and their gradients. If their images are of bfloat16 anyway, a gradient that comes to them is rounded, too. */
const NORMS: Readonly<
  Record<string, { readonly images: number; readonly rounds: readonly number[]; readonly own?: string }>
> = {
  FusedBatchNormV3: { images: 0, rounds: [0] },
  FusedBatchNormGradV3: { images: 1, rounds: [0, 1] },
  TdNormRelu: { images: 0, rounds: [0], own: 'TdNormReluBfloat16' },
  TdNormReluGradient: { images: 1, rounds: [0, 1], own: 'TdNormReluGradientBfloat16' },
};

/** Besides, images stay in bfloat16 from one product to the next, with td's own kernels for what lies between them. */
export class KeptBfloat16Builder extends Bfloat16Builder {
  override add(
    op: string,
    inputs: readonly Output[],
    attributes: NodeAttributes = {},
    place?: NodePlace,
  ): Output {
    const kept = KEEPING[op];
    if (!kept?.every((index) => this.isWidened(inputs[index])))
      return super.add(op, inputs, attributes, place);
    return this.widen(super.add(op, this.roundAt(inputs, kept), { ...attributes, T }, place));
  }

  override addMany(
    op: string,
    inputs: readonly Output[],
    attributes: NodeAttributes,
    count: number,
  ): readonly Output[] {
    const norm = NORMS[op];
    if (norm === undefined || !this.isWidened(inputs[norm.images]))
      return super.addMany(op, inputs, attributes, count);
    const typed = norm.own === undefined ? { ...attributes, T } : attributes;
    const [images, ...others] = super.addMany(
      norm.own ?? op,
      this.roundAt(inputs, norm.rounds),
      typed,
      count,
    );
    return images === undefined ? [] : [this.widen(images), ...others];
  }

  override sum(terms: readonly Output[], type: ValueType, shape?: readonly number[]): Output {
    const isKept =
      shape !== undefined &&
      sizeOf(shape) % WIDEST_LANES === 0 &&
      terms.every((term) => this.isWidened(term));
    return isKept
      ? this.widen(this.add('TdAddBfloat16', this.roundAt(terms, [0, 1])))
      : super.sum(terms, type);
  }
}

const keyOf = ({ node, index }: Output): string => `${node.name}:${index}`;
