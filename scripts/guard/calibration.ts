/** @file The unit in which the guard measures: processor time of a plain matrix product in onnxruntime. */
import { GraphBuilder } from '../../src/compiler/graph.ts';
import type { OnnxOperation } from '../../src/engines/onnx/operators.ts';
import { ort } from '../../src/engines/onnx/runtime.ts';
import { serialize } from '../../src/engines/onnx/serialize.ts';

/** Rows and columns of both matrices: all three fit into a second-level cache of 1 MiB. */
const SIZE = 256;
/** Products in a row, so that one measurement lasts milliseconds. */
const PRODUCTS = 32;

/** Computes the products once, on one thread. */
export async function createCalibration(): Promise<() => Promise<void>> {
  const builder = new GraphBuilder<OnnxOperation>();
  const shape = [SIZE, SIZE];
  const matrix = builder.input(shape, 'float32');
  let product = matrix;
  for (let index = 0; index < PRODUCTS; index++)
    product = builder.emit('MatMul', [product, matrix], { shape });
  const model = serialize({
    inputs: [{ name: 'matrix', value: matrix }],
    operations: builder.operations,
    outputs: [{ name: 'product', value: product }],
  });
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  // The matrix of a rotation by blocks: its powers neither grow nor vanish.
  const numbers = new Float32Array(SIZE * SIZE);
  for (let row = 0; row < SIZE; row += 2) {
    numbers[row * SIZE + row + 1] = 1;
    numbers[(row + 1) * SIZE + row] = -1;
  }
  const feeds = { matrix: new ort.Tensor('float32', numbers, shape) };
  return async () => {
    await session.run(feeds);
  };
}
