/** @file What small steps compile to, as text: the shape of a program is what its speed depends on. */

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/compiler/graph.ts';
import { printGraph } from '../../src/compiler/print.ts';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import { compileGraph } from '../../src/engines/onnx/compile.ts';
import { PHASE_POOLS } from '../../src/engines/onnx/passes/simplify.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';

await useCpuBackend();

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
const signature = (feeds: Signature['feeds'], state: Signature['state'] = {}): Signature => ({
  state,
  feeds,
});
const operators = ({ operations }: Graph): string[] => operations.map(({ op }) => op);

describe('a dense layer with ReLU and its gradient', () => {
  const step: StepFunction = ({ w }, { x }) => {
    const loss = (kernel: tf.Tensor) =>
      tf.sum(tf.relu(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D))) as tf.Scalar;
    const gradient = tf.grad(loss)(w as tf.Tensor);
    return { state: { w: tf.sub(w as tf.Tensor, tf.mul(0.5, gradient)) }, fetches: {} };
  };
  const { traced, lowered } = compileGraph(step, signature({ x: float(2, 3) }, { w: float(3, 4) }));

  // One product forward and one backward: the gradient of the sum, a Tile of ones, is folded away.
  it('is traced into its kernels', () => {
    expect(printGraph(traced)).toMatchInlineSnapshot(`
      "input state/w float32[3,4]
      input feed/x float32[2,3]
      %0 float32[2,4] = BatchMatMul(feed/x, state/w) {transposeA=false transposeB=false}
      %1 float32[2,4] = Step(%0) {alpha=0}
      %2 float32[3,4] = BatchMatMul(feed/x, %1) {transposeA=true transposeB=false}
      %3 float32[] = Constant(0.5)
      %4 float32[3,4] = Multiply(%3, %2)
      %5 float32[3,4] = Sub(state/w, %4)
      output next/w = %5"
    `);
  });

  // The transposition is inside Gemm: a Transpose in front of it would copy the batch.
  it('is lowered to one ONNX operator a kernel', () => {
    expect(printGraph(lowered)).toMatchInlineSnapshot(`
      "input state/w float32[3,4]
      input feed/x float32[2,3]
      %0 float32[2,4] = MatMul(feed/x, state/w)
      %1 float32[] = Constant(0)
      %2 bool[2,4] = Greater(%0, %1)
      %3 float32[2,4] = Cast(%2)
      %4 float32[3,4] = Gemm(feed/x, %3) {transA=1 transB=0}
      %5 float32[] = Constant(0.5)
      %6 float32[3,4] = Mul(%5, %4)
      %7 float32[3,4] = Sub(state/w, %6)
      output next/w = %7"
    `);
  });
});

describe('a convolution with bias, ReLU and max-pool, and its gradients', () => {
  const step: StepFunction = ({ filter, bias }, { images }) => {
    const loss = (kernel: tf.Tensor, shift: tf.Tensor) => {
      const convolved = tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid');
      return tf.sum(tf.maxPool(tf.relu(tf.add(convolved, shift)) as tf.Tensor4D, 2, 2, 'same')) as tf.Scalar;
    };
    const [dFilter, dBias] = tf.grads(loss)([filter as tf.Tensor, bias as tf.Tensor]);
    return { state: {}, fetches: { dFilter: dFilter as tf.Tensor, dBias: dBias as tf.Tensor } };
  };
  const { lowered } = compileGraph(
    step,
    signature({ images: float(2, 6, 6, 3) }, { filter: float(3, 3, 3, 4), bias: float(4) }),
    { skip: new Set([PHASE_POOLS]) },
  );

  // Transposed are the images and filters that come in and the filter gradient that goes out, and no activation
  // except for the filter gradient's own operands, which swap batch and channels.
  it('stays with channels first between its boundaries', () => {
    expect(printGraph(lowered)).toMatchInlineSnapshot(`
      "input state/filter float32[3,3,3,4]
      input state/bias float32[4]
      input feed/images float32[2,6,6,3]
      %0 float32[2,3,6,6] = Transpose(feed/images) {perm=[0,3,1,2]}
      %1 float32[4,3,3,3] = Transpose(state/filter) {perm=[3,2,0,1]}
      %2 float32[2,4,4,4] = Conv(%0, %1, state/bias) {strides=[1,1] dilations=[1,1] pads=[0,0,0,0]}
      %3 float32[2,4,4,4] = Relu(%2)
      %4 float32[2,4,2,2], %5 int64[2,4,2,2] = MaxPool(%3) {kernel_shape=[2,2] strides=[2,2] pads=[0,0,0,0]}
      %6 float32[2,4,2,2] = HardSigmoid(%4) {alpha=3e+38 beta=0}
      %7 float32[2,4,4,4] = MaxUnpool(%6, %5) {kernel_shape=[2,2] strides=[2,2] pads=[0,0,0,0]}
      %8 float32[4] = ReduceSum(%6) {axes=[0,2,3] keepdims=0}
      %9 float32[3,2,6,6] = Transpose(feed/images) {perm=[3,0,1,2]}
      %10 float32[4,2,4,4] = Transpose(%7) {perm=[1,0,2,3]}
      %11 float32[3,4,3,3] = Conv(%9, %10) {strides=[1,1] dilations=[1,1] pads=[0,0,0,0]}
      %12 float32[3,3,3,4] = Transpose(%11) {perm=[2,3,0,1]}
      output fetch/dFilter = %12
      output fetch/dBias = %8"
    `);
  });

  it('pools once for the value and the positions of the gradient', () => {
    expect(operators(lowered).filter((op) => op === 'MaxPool')).toHaveLength(1);
  });
});

describe('the filter gradient of a convolution of many channels', () => {
  const step: StepFunction = (_, { images, dy, filter }) => {
    const convolve = (kernel: tf.Tensor) =>
      tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same');
    return { state: {}, fetches: { gradient: tf.grad(convolve)(filter as tf.Tensor, dy as tf.Tensor) } };
  };

  // One Gather by a constant table and one product: slices and their concatenation would run on one thread.
  it('is a product of gathered patches', () => {
    const feeds = { images: float(2, 4, 4, 8), dy: float(2, 4, 4, 3), filter: float(3, 3, 8, 3) };
    expect(printGraph(compileGraph(step, signature(feeds)).lowered)).toMatchInlineSnapshot(`
      "input feed/images float32[2,4,4,8]
      input feed/dy float32[2,4,4,3]
      input feed/filter float32[3,3,8,3]
      %0 float32[2,6,6,8] = Pad(feed/images) {pads=[0,1,1,0,0,1,1,0] value=0}
      %1 float32[72,8] = Reshape(%0)
      %2 int32[288] = Constant(0, 1, 2, 6, …)
      %3 float32[288,8] = Gather(%1, %2) {axis=0}
      %4 float32[32,72] = Reshape(%3)
      %5 float32[3,2,4,4] = Transpose(feed/dy) {perm=[3,0,1,2]}
      %6 float32[3,32] = Reshape(%5)
      %7 float32[3,72] = MatMul(%6, %4)
      %8 float32[72,3] = Transpose(%7) {perm=[1,0]}
      %9 float32[3,3,8,3] = Reshape(%8)
      output fetch/gradient = %9"
    `);
  });
});

describe('a normalisation over images after a convolution', () => {
  const step: StepFunction = (_, { images, filter }) => {
    const x = tf.conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
    const centred = tf.sub(x, tf.mean(x, [0, 1, 2], true));
    return { state: {}, fetches: { pooled: tf.mean(tf.square(centred), [1, 2]) } };
  };

  // Reductions and broadcasts move their axes instead of transposing what they reduce.
  it('reduces in the layout of the convolution', () => {
    const { lowered } = compileGraph(
      step,
      signature({ images: float(2, 5, 5, 3), filter: float(3, 3, 3, 4) }),
    );
    expect(printGraph(lowered)).toMatchInlineSnapshot(`
      "input feed/images float32[2,5,5,3]
      input feed/filter float32[3,3,3,4]
      %0 float32[2,3,5,5] = Transpose(feed/images) {perm=[0,3,1,2]}
      %1 float32[4,3,3,3] = Transpose(feed/filter) {perm=[3,2,0,1]}
      %2 float32[2,4,5,5] = Conv(%0, %1) {strides=[1,1] dilations=[1,1] pads=[1,1,1,1]}
      %3 float32[1,4,1,1] = ReduceMean(%2) {axes=[0,2,3] keepdims=1}
      %4 float32[2,4,5,5] = Sub(%2, %3)
      %5 float32[2,4,5,5] = Mul(%4, %4)
      %6 float32[2,4] = ReduceMean(%5) {axes=[2,3] keepdims=0}
      output fetch/pooled = %6"
    `);
  });
});

describe('a step that cannot be compiled', () => {
  const compile = (step: StepFunction) => () => compileGraph(step, signature({ x: float(2, 2) }));
  const fetching = (compute: (x: tf.Tensor) => tf.Tensor): StepFunction => {
    return (_, { x }) => ({ state: {}, fetches: { y: compute(x as tf.Tensor) } });
  };

  it('is refused with the op whose value it reads', () => {
    expect(
      compile(
        fetching((x) => {
          const [first = 0] = tf.relu(x).dataSync();
          return tf.mul(x, first);
        }),
      ),
    ).toThrow('a step must not read values, here of the result of Relu');
  });

  it('is refused if it reads asynchronously and carries on', () => {
    expect(
      compile(
        fetching((x) => {
          tf.neg(x)
            .data()
            .catch(() => undefined);
          return x;
        }),
      ),
    ).toThrow('a step must not read values, here of the result of Neg');
  });

  it('is refused with the kernel that is not known', () => {
    expect(compile(fetching((x) => tf.cumsum(x, 1)))).toThrow(/Cumsum/);
  });

  it('is refused with the kernel that uses a tensor from outside', () => {
    const outside = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    expect(compile(fetching((x) => tf.maximum(x, outside)))).toThrow(
      'the kernel Maximum cannot be compiled: the step uses a tensor that was made outside of it',
    );
    expect(compile(fetching(() => outside))).toThrow('the output "fetch/y" cannot be compiled');
    outside.dispose();
  });

  it('is refused with the kernel whose operand has a type that it cannot take', () => {
    expect(compile(fetching((x) => tf.exp(tf.cast(x, 'int32'))))).toThrow(
      'the kernel Exp cannot be compiled: it has an operand of type int32',
    );
  });

  it('leaves the backend and the number of tensors as they were', () => {
    const before = { backend: tf.getBackend(), tensors: tf.memory().numTensors };
    expect(compile(fetching((x) => tf.cumsum(x, 1)))).toThrow();
    compile(fetching((x) => tf.keep(tf.relu(x))))();
    expect({ backend: tf.getBackend(), tensors: tf.memory().numTensors }).toEqual(before);
    expect(before.backend).toBe('cpu');
  });
});
