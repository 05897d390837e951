/** @file Means of products over images, channel by channel, are what the products' means are, without the products. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../../src/compiler/graph.ts';
import { simplify } from '../../../../src/compiler/passes/simplify.ts';
import { printGraph } from '../../../../src/compiler/print.ts';
import { blockSize } from '../../../../src/engines/onnx/block-size.ts';
import type { OnnxBuilder, OnnxGraph } from '../../../../src/engines/onnx/operators.ts';
import { joinChannelProducts } from '../../../../src/engines/onnx/passes/channel-products.ts';
import { ort } from '../../../../src/engines/onnx/runtime.ts';
import { serialize } from '../../../../src/engines/onnx/serialize.ts';
import { buildOnnxGraph } from '../../../support/graphs.ts';
import { createNumbers } from '../../../support/numbers.ts';

const IMAGES = [3, 32, 5, 4];
const BLOCKED = 'com.microsoft.nchwc';

/** The mean over height and width, then over the batch, as the lowering writes it. */
function meanOf(builder: OnnxBuilder, images: Value, axes: number[] = [0]): Value {
  const [batch = 1, channels = 1] = images.shape;
  const shape = [batch, channels, 1, 1];
  const pooled = builder.emitIn(BLOCKED, 'GlobalAveragePool', [images], { shape });
  const matrix = builder.emit('Reshape', [pooled], { shape: [batch, channels] });
  const length = axes.includes(0) ? channels : batch;
  return builder.emit('ReduceMean', [matrix], { shape: [length] }, { axes, keepdims: 0 });
}

/** Sums of x · y and x · x, each divided by what was summed. */
function products(
  more: (builder: OnnxBuilder, product: Value) => Record<string, Value> = () => ({}),
): OnnxGraph {
  return buildOnnxGraph({ x: IMAGES, y: IMAGES }, (builder, values) => {
    const [x, y] = [values.x, values.y] as [Value, Value];
    const product = builder.emit('Mul', [x, y], { shape: IMAGES });
    const square = builder.emit('Mul', [x, x], { shape: IMAGES });
    return {
      product: meanOf(builder, product),
      square: meanOf(builder, square),
      ...more(builder, product),
    };
  });
}

describe('means of products of images', () => {
  it('are convolutions with filters as large as the images', () => {
    expect(printGraph(simplify(joinChannelProducts(products())))).toMatchInlineSnapshot(`
      "input x float32[3,32,5,4]
      input y float32[3,32,5,4]
      %0 float32[1,96,5,4] = Reshape(x)
      %1 float32[96,1,5,4] = Reshape(y)
      %2 float32[1,96,1,1] = com.microsoft.nchwc.Conv(%0, %1) {group=96 kernel_shape=[5,4]}
      %3 float32[1,3] = Constant(0.01666666753590107, 0.01666666753590107, 0.01666666753590107)
      %4 float32[3,32] = Reshape(%2)
      %5 float32[1,32] = MatMul(%3, %4)
      %6 float32[32] = Reshape(%5)
      %7 float32[96,1,5,4] = Reshape(x)
      %8 float32[1,96,1,1] = com.microsoft.nchwc.Conv(%0, %7) {group=96 kernel_shape=[5,4]}
      %9 float32[3,32] = Reshape(%8)
      %10 float32[1,32] = MatMul(%3, %9)
      %11 float32[32] = Reshape(%10)
      output product = %6
      output square = %11"
    `);
  });

  it('are those of the products', async () => {
    const numbers = createNumbers(3);
    const [x, y] = [numbers.normal(3 * 32 * 20), numbers.normal(3 * 32 * 20)];
    const run = async (graph: OnnxGraph) => {
      const session = await ort.InferenceSession.create(serialize(graph), { logSeverityLevel: 3 });
      return session.run({ x: new ort.Tensor(x, IMAGES), y: new ort.Tensor(y, IMAGES) });
    };
    const [joined, separate] = [await run(simplify(joinChannelProducts(products()))), await run(products())];
    // Channels lie in blocks: positions outside, channels inside.
    const block = await blockSize();
    const byHand = (channel: number): number => {
      let sum = 0;
      for (let image = 0; image < 3; image++)
        for (let position = 0; position < 20; position++) {
          const at =
            (((image * 32) / block + Math.floor(channel / block)) * 20 + position) * block +
            (channel % block);
          sum += (x[at] as number) * (y[at] as number);
        }
      return sum / 60;
    };
    for (const name of ['product', 'square']) {
      const [actual, expected] = [joined, separate].map((outputs) =>
        Array.from(outputs[name]?.data as Float32Array),
      );
      for (const [channel, mean] of expected?.entries() ?? []) expect(actual?.[channel]).toBeCloseTo(mean, 6);
    }
    for (const channel of [0, 7, 16, 31])
      expect(joined.product?.data[channel]).toBeCloseTo(byHand(channel), 6);
  });

  it('stay as they are where the products are used, or summed otherwise', () => {
    const used = simplify(joinChannelProducts(products((_, product) => ({ itself: product }))));
    const pools = used.operations.filter(({ op }) => op === 'GlobalAveragePool');
    expect(pools).toHaveLength(1);
    const byImage = buildOnnxGraph({ x: IMAGES }, (builder, { x }) => {
      const square = builder.emit('Mul', [x as Value, x as Value], { shape: IMAGES });
      return { mean: meanOf(builder, square, [1]) };
    });
    expect(joinChannelProducts(byImage)).toBe(byImage);
  });
});
