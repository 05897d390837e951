/** @file Convolutions and matrix products in bfloat16, one by one: for devices that TensorFlow's own rewriter leaves alone. */
import { at } from '../../lookup.ts';
import { type GraphNode, type NodeAttributes, NodeBuilder, type Output, typeAttribute } from './nodes.ts';

/** The operations that multiply, with the places of the operands that they multiply. */
const FACTORS: Readonly<Record<string, readonly [number, number]>> = {
  MatMul: [0, 1],
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
};

/** Rounds the operands of what multiplies to bfloat16 and widens the result, so that all else is computed in float32. */
export class Bfloat16Builder extends NodeBuilder {
  override add(
    op: string,
    inputs: readonly Output[],
    attributes: NodeAttributes = {},
    place: { name?: string; after?: readonly GraphNode[] } = {},
  ): Output {
    const factors = FACTORS[op];
    if (factors === undefined) return super.add(op, inputs, attributes, place);
    const rounded = [...inputs];
    for (const index of factors) rounded[index] = this.cast(at(inputs, index), 'float32', 'bfloat16');
    const product = super.add(op, rounded, { ...attributes, T: typeAttribute('bfloat16') }, place);
    return this.cast(product, 'bfloat16', 'float32');
  }
}
