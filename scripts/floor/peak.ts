/** @file The fastest arithmetic of an engine on this machine, as far as a product of large matrices shows it. */
import type { StepFunction } from '../../src/compiler/step.ts';
import type { Engine } from '../../src/engines/types.ts';
import { orThrow } from '../../src/lookup.ts';
import { fillNormal } from '../../src/random/streams.ts';
import type { Precision } from '../../src/settings/precision.ts';

const SIZE = 2048;
/** One after the other, so that what is fed and fetched weighs little beside them. */
const PRODUCTS = 3;
export const PRODUCT_FLOPS = PRODUCTS * 2 * SIZE ** 3;

/** Prepares products of square matrices of 2,048 rows. */
export async function compileProducts(engine: Engine, precision: Precision): Promise<() => Promise<void>> {
  const tf = await import('@tensorflow/tfjs');
  const matrix = { shape: [SIZE, SIZE], dtype: 'float32' } as const;
  const multiply: StepFunction = (state, feeds) => {
    let product = orThrow(feeds.left, 'no matrix was fed');
    const right = orThrow(state.right, 'the state has no matrix');
    for (let index = 0; index < PRODUCTS; index++) product = tf.matMul(product, right);
    const largest = tf.max(product);
    // TensorFlow rounds nothing to bfloat16 in a step that has no state to change, or no result to give.
    return { state: { largest }, fetches: { largest } };
  };
  const signature = {
    state: { right: matrix, largest: { shape: [], dtype: 'float32' } },
    feeds: { left: matrix },
  } as const;
  const program = await engine.compile(multiply, signature, precision);
  await program.writeState({ right: normal('right'), largest: new Float32Array(1) });
  const left = normal('left');
  return async () => {
    await program.run({ left });
  };
}

function normal(purpose: string): Float32Array {
  const numbers = new Float32Array(SIZE * SIZE);
  fillNormal({ seed: 0, purpose, index: 0 }, numbers);
  return numbers;
}
